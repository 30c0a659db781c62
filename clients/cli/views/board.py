"""A clinic's day as a board: a line for each room, pump, nurse and chair, a mark for 15 minutes.

Patients are told apart by letters; the list below says which series each letter is.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from google.protobuf.timestamp_pb2 import Timestamp
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from clients.cli.views.tables import table
from clients.cli.views.words import plain, when
from halcyon.scheduling.v1.scheduling_pb2 import (
    Booking,
    BookingStatus,
    Clinic,
    ResourceKind,
    Schedule,
)

_MARK = timedelta(minutes=15)
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_COLOURS = ("cyan", "green", "magenta", "yellow", "blue", "red")
_HELD = BookingStatus.BOOKING_STATUS_HELD


Away = Mapping[str, Sequence[tuple[datetime, datetime]]]


def away(schedules: Iterable[Schedule]) -> Away:
    """When each resource is away, all its places with it."""
    return {
        one.resource_id: [
            (when(slot.start_time), when(slot.end_time))
            for slot in one.slots
            if slot.status == "busy-unavailable" and not slot.place
        ]
        for one in schedules
    }


def day(
    clinic: Clinic, bookings: Sequence[Booking], wanted: date, gone: Away
) -> Iterator[Table | Text]:
    """The board, and the list of the sessions on it."""
    zone = ZoneInfo(clinic.time_zone)
    opens, closes = _span(clinic, bookings, wanted, zone)
    letters = {
        (one.series_id, one.number): _LETTERS[at % len(_LETTERS)] for at, one in enumerate(bookings)
    }
    made = table(f"{escape(clinic.name)}, {wanted:%A %d %B %Y}", "resource", _scale(opens, closes))
    made.caption = (
        f"times in {clinic.time_zone}; a mark is 15 min; "
        "CAPITAL on colour infuses, small prepares or recovers, · free, × away"
    )
    made.caption_justify = "left"
    for resource in clinic.resources:
        missing = gone.get(resource.resource_id, ())
        line = _line(resource.resource_id, bookings, letters, (opens, closes), missing)
        if resource.kind != ResourceKind.RESOURCE_KIND_PRESCRIBER:
            made.add_row(escape(resource.label), line)
    yield made
    yield _list(clinic, bookings, letters, zone) if bookings else Text("nothing is booked")


def _list(
    clinic: Clinic,
    bookings: Iterable[Booking],
    letters: dict[tuple[str, int], str],
    zone: ZoneInfo,
) -> Table:
    labels = {one.resource_id: one.label for one in clinic.resources}
    made = table("Sessions", "", "start", "infusion", "end", "series", "no", "state", "where")
    for one in bookings:
        seats = (
            one.room_id,
            one.pump_id,
            one.nurse_id,
            one.chair_id,
            one.monitor_id,
            one.therapist_id,
        )
        where = ", ".join(labels.get(seat, "left the clinic") for seat in seats if seat)
        infusion = f"{_wall(one.infuse_time, zone)}-{_wall(one.infuse_end_time, zone)}"
        made.add_row(
            letters[one.series_id, one.number],
            _wall(one.start_time, zone),
            infusion,
            _wall(one.end_time, zone),
            one.series_id[:8],
            str(one.number),
            plain(BookingStatus.Name(one.status), "BOOKING_STATUS_"),
            escape(where),
        )
    return made


def _line(
    resource_id: str,
    bookings: Sequence[Booking],
    letters: dict[tuple[str, int], str],
    span: tuple[datetime, datetime],
    gone: Sequence[tuple[datetime, datetime]],
) -> Text:
    line, (mark, closes) = Text(), span
    while mark < closes:
        here = [one for one in bookings if _takes(one, resource_id, mark)]
        if not here:
            is_away = any(start <= mark < end for start, end in gone)
            line.append("×" if is_away else "·", "bright_black")
        elif len(here) > 1:
            line.append(str(len(here)), "bold")
        else:
            _append(line, here[0], letters, mark)
        mark += _MARK
    return line


def _append(line: Text, one: Booking, letters: dict[tuple[str, int], str], mark: datetime) -> None:
    letter = letters[one.series_id, one.number]
    colour = _COLOURS[_LETTERS.index(letter) % len(_COLOURS)]
    infusing = when(one.infuse_time) <= mark < when(one.infuse_end_time)
    style = f"black on {colour}" if infusing else colour
    line.append(
        letter if infusing else letter.lower(), f"{style} dim" if one.status == _HELD else style
    )


def _takes(one: Booking, resource_id: str, mark: datetime) -> bool:
    spans = (
        (one.room_id, one.start_time, one.room_end_time),
        (one.pump_id, one.infuse_time, one.infuse_end_time),
        (one.nurse_id, one.start_time, one.end_time),
        (one.monitor_id, one.start_time, one.end_time),
        (one.chair_id, one.infuse_end_time, one.end_time),
        (one.therapist_id, one.infuse_time, one.end_time),
    )
    return any(
        seat == resource_id and when(begin) < mark + _MARK and mark < when(end)
        for seat, begin, end in spans
    )


def _span(
    clinic: Clinic, bookings: Sequence[Booking], wanted: date, zone: ZoneInfo
) -> tuple[datetime, datetime]:
    """From the whole hour of opening to closing, and as much wider as the bookings are."""
    hours = [one for one in clinic.opening_hours if one.weekday == wanted.isoweekday()]
    midnight = datetime.combine(wanted, time(), zone)
    first = min((one.open_minute for one in hours), default=540) // 60 * 60
    last = max((one.close_minute for one in hours), default=1020)
    moments = [when(one.start_time) for one in bookings] + [when(one.end_time) for one in bookings]
    opens = midnight.replace(hour=first // 60)
    closes = midnight + timedelta(minutes=last)
    return min([opens, *moments]), max([closes, *moments])


def _scale(opens: datetime, closes: datetime) -> str:
    hours = int((closes - opens) / timedelta(hours=1) + 0.99)
    return "".join(f"{(opens + timedelta(hours=n)):%H}".ljust(4) for n in range(hours))


def _wall(stamp: Timestamp, zone: ZoneInfo) -> str:
    return f"{when(stamp).astimezone(zone):%H:%M}"
