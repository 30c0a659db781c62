"""A clinic's days as they are booked, for CP-SAT to better."""

from datetime import date, timedelta
from uuid import UUID

from sqlmodel import col, select

from chassis.database import Tx
from chassis.refusal import Invalid, Violation
from services.scheduling.domain import Agenda, Days, Keeping, Movable, Proposal, Status, open_time
from services.scheduling.store.availability import read_agenda
from services.scheduling.store.repairs import wish_in
from services.scheduling.store.rows import BookingRow
from services.scheduling.store.safety import rules_barring
from services.scheduling.store.series import get, load
from services.scheduling.store.shapes import placement


async def days_to_better(tx: Tx, clinic_id: UUID, first: date, count: int, most_moves: int) -> Days:
    """What is booked and paid, has not begun, and no safety rule bars, may move within its day."""
    agenda = await read_agenda(tx, clinic_id)
    today = agenda.shelf.calendar.ordinal(agenda.shelf.calendar.unit(tx.now))
    if first.toordinal() <= today:
        violation = Violation("first_day", "must come after today at the clinic")
        raise Invalid("INVALID_REQUEST", "The day has begun.", (violation,))
    ordinals = range(first.toordinal(), first.toordinal() + count)
    movable, staying = list[Movable](), []
    for row in await _booked(tx, agenda, clinic_id, ordinals):
        series = await get(tx, row.series_id)
        place = placement(row)
        barred = await rules_barring(tx, series)
        if series.status == Status.CONFIRMED and row.arrive_time is None and not barred:
            wanted = await wish_in(tx, agenda, series)
            movable.append(Movable(series.series_id, place, series.starts, wanted))
        else:
            staying.append(place)
    return Days(agenda, ordinals, tuple(movable), tuple(staying), most_moves)


async def open_minutes(tx: Tx, days: Days, proposal: Proposal) -> tuple[int, int]:
    """How long the clinic is in use on these days, as it is and when every step is accepted."""
    calendar = days.agenda.shelf.calendar
    news = {(one.series_id, one.number): one.new for one in proposal.steps if one.new}
    now, then = [], []
    for row in await _booked(tx, days.agenda, proposal.clinic_id, days.ordinals):
        ordinal = calendar.ordinal(calendar.unit(row.start_time))
        start = news.get((row.series_id, row.number), row.start_time)
        now.append((ordinal, row.start_time, row.end_time))
        then.append((ordinal, start, start + (row.end_time - row.start_time)))
    return _minutes(open_time(now)), _minutes(open_time(then))


def _minutes(span: timedelta) -> int:
    return span // timedelta(minutes=1)


async def _booked(tx: Tx, agenda: Agenda, clinic_id: UUID, ordinals: range) -> list[BookingRow]:
    calendar = agenda.shelf.calendar
    begin = calendar.moment(calendar.day(ordinals[0]).first)
    end = calendar.moment(calendar.day(ordinals[-1] + 1).first)
    query = select(BookingRow).where(
        col(BookingRow.clinic_id) == clinic_id,
        col(BookingRow.status) == Keeping.TAKEN.value,
        col(BookingRow.start_time) >= begin,
        col(BookingRow.start_time) < end,
    )
    query = query.order_by(col(BookingRow.start_time), col(BookingRow.series_id))
    rows = await tx.rows(query)
    await load(tx, sorted({one.series_id for one in rows}))
    return rows
