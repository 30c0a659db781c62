"""One session of a series: found for change, kept, and remembered when it ends otherwise."""

from collections.abc import Callable, Sequence
from uuid import UUID

from sqlmodel import col, select

from chassis.database import Tx
from chassis.plans import made
from chassis.refusal import NotFound
from services.scheduling.domain import Booking, Ending, Keeping, Past, Series
from services.scheduling.store.desks import desk_of, open_desks
from services.scheduling.store.rows import BookingRow, PastRow
from services.scheduling.store.series import clinics_of, get, load_bookings
from services.scheduling.store.shapes import booking, placement
from services.scheduling.store.waiting import wake_waitlist


async def get_visit(
    tx: Tx, series_id: UUID, number: int, must_see: Callable[[Series], Series]
) -> tuple[Series, Booking]:
    """A series and one of its bookings, for change: the desk first, as everyone does.

    Who may not see the series does not learn either which numbers it has.
    """
    await open_desks(tx, await clinics_of(tx, [series_id]), careful=True)
    series = must_see(await get(tx, series_id))
    row = await tx.find(BookingRow, (series_id, number))
    if row is None:
        raise NotFound("BOOKING_NOT_FOUND", "No session of the series has this number.")
    return series, booking(row, series.status)


async def arrive(tx: Tx, visit: Booking) -> None:
    """The patient is here; the first word counts."""
    row = await tx.find(BookingRow, (visit.series_id, visit.placement.number))
    if row is not None and row.arrive_time is None:
        row.arrive_time = tx.now
        tx.put(row)


async def drop(tx: Tx, visit: Booking) -> None:
    """The time of a session that found no other is free for somebody else."""
    row = await tx.find(BookingRow, (visit.series_id, visit.placement.number))
    if row is not None and row.status == Keeping.TAKEN:
        row.status = Keeping.RELEASED.value
        tx.put(row)
        if desk := await desk_of(tx, row.clinic_id):
            await desk.free([placement(row)])
            wake_waitlist(tx, row.clinic_id)


async def arrived(tx: Tx, series: Series) -> Sequence[Booking]:
    """The sessions of a series whose patient is here, and which are not over."""
    query = select(BookingRow).where(
        col(BookingRow.series_id) == series.series_id,
        col(BookingRow.status) == Keeping.TAKEN.value,
        col(BookingRow.arrive_time).is_not(None),
    )
    return [booking(row, series.status) for row in await tx.rows(query)]


async def drop_after(tx: Tx, series: Series, kept_count: int) -> None:
    """The times of sessions beyond so many are free; who has arrived keeps the chair."""
    keys = [(series.series_id, one) for one in range(kept_count + 1, len(series.starts) + 1)]
    await load_bookings(tx, keys)
    for key in keys:
        row = await tx.find(BookingRow, key)
        if row is not None and row.arrive_time is None:
            await drop(tx, booking(row, series.status))


async def lapses_of(tx: Tx, series_id: UUID) -> int:
    """How many sessions of a series were missed or cancelled before."""
    return sum(one.outcome != Past.MOVED for one in await _past(tx, series_id))


async def is_done(tx: Tx, series_id: UUID, request_id: UUID) -> bool:
    """Whether this very request was carried out before."""
    return any(one.request_id == request_id for one in await _past(tx, series_id))


async def note_past(tx: Tx, visit: Booking, ending: Ending) -> None:
    """Remember a time that a session had, and how it ended."""
    place, earlier = visit.placement, await _past(tx, visit.series_id)
    tx.put(
        made(
            PastRow,
            series_id=visit.series_id,
            number=place.number,
            attempt=1 + sum(one.number == place.number for one in earlier),
            outcome=ending.outcome.value,
            reason=ending.reason,
            start_time=place.start,
            end_time=place.end,
            at=tx.now,
            fee=ending.charge.value,
            request_id=ending.request_id,
        )
    )


async def _past(tx: Tx, series_id: UUID) -> list[PastRow]:
    return await tx.rows(select(PastRow).where(col(PastRow.series_id) == series_id))
