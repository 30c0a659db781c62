"""What a change of one session did to its series: a line for each that is not as it was."""

from rich.table import Table

from clients.cli.views.tables import table
from clients.cli.views.words import moment, plain
from halcyon.scheduling.v1.scheduling_pb2 import (
    BOOKING_STATUS_RELEASED,
    Booking,
    BookingStatus,
    Series,
)


def changed(before: Series, after: Series, number: int, zone: str) -> Table:
    """The session itself, and each other that has another time or state now."""
    made = table(f"Series {after.series_id}", "no", "was", "is", "state", right=("no",))
    now = {one.number: one for one in after.bookings}
    ended = {
        one.number: f" ({_state(one)})"
        for one in after.earlier_bookings
        if one not in before.earlier_bookings
    }
    for old in before.bookings:
        new = now.get(old.number)
        if old.number == number or new != old:
            was = moment(old.start_time, zone) + ended.get(old.number, "")
            made.add_row(str(old.number), was, *_now(old, new, zone))
    made.caption = f"times in {zone}"
    return made


def _now(old: Booking, new: Booking | None, zone: str) -> tuple[str, str]:
    if new is None or new.status == BOOKING_STATUS_RELEASED:
        return "no other time was found", "dropped"
    same = new.start_time == old.start_time
    return "the same time" if same else moment(new.start_time, zone), _state(new)


def _state(one: Booking) -> str:
    return plain(BookingStatus.Name(one.status), "BOOKING_STATUS_")
