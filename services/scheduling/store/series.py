"""Series, their bookings, and the referrals that were withdrawn."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from chassis.database import Tx
from chassis.refusal import NotFound
from services.scheduling import wire
from services.scheduling.domain import Event, Keeping, Placement, Series, Status, next_reminder
from services.scheduling.packs import policy
from services.scheduling.store.desks import desk_of
from services.scheduling.store.patients import said_of
from services.scheduling.store.rows import BookingRow, ReferralRow, SeriesRow
from services.scheduling.store.shapes import placement, series_of_row, series_row
from services.scheduling.store.waiting import wake_waitlist

RELEASE_HOLD = "release-hold"
REMIND = "remind"
BOOK_MAINTENANCE = "book-maintenance"

_CLINICS = """
SELECT DISTINCT clinic_id FROM series WHERE series_id = ANY($1::uuid[])
"""
_LIVE = "SELECT number FROM booking WHERE series_id = $1 AND status = 'taken'"
_CLINICS_WAITING = """
SELECT DISTINCT clinic_id FROM series
WHERE series_id = ANY($1::uuid[]) AND status IN ('released', 'waitlisted')
"""
_OF_REFERRALS = "SELECT series_id, clinic_id FROM series WHERE referral_id = ANY($1::uuid[])"


async def find(tx: Tx, series_id: UUID) -> Series | None:
    """One series, for change."""
    row = await tx.find(SeriesRow, series_id)
    return series_of_row(row) if row else None


async def get(tx: Tx, series_id: UUID) -> Series:
    """One series, for change, or a refusal."""
    if series := await find(tx, series_id):
        return series
    raise NotFound("SERIES_NOT_FOUND", "No such series.")


async def load(tx: Tx, series_ids: Iterable[UUID]) -> None:
    """Many series at once."""
    await tx.load(SeriesRow, series_ids)


async def load_bookings(tx: Tx, keys: Iterable[tuple[UUID, int]]) -> None:
    """Many bookings at once, by series and number."""
    await tx.load(BookingRow, keys)


async def clinics_of(tx: Tx, series_ids: Sequence[UUID]) -> list[UUID]:
    """The clinics of these series, without a lock; one that moves meanwhile is opened late."""
    return [row[0] for row in await tx.driver.fetch(_CLINICS, series_ids)]


async def clinics_waiting_for(tx: Tx, series_ids: Sequence[UUID]) -> list[UUID]:
    """The clinics of those of these series that have no times now."""
    return [row[0] for row in await tx.driver.fetch(_CLINICS_WAITING, series_ids)]


async def series_of_referrals(tx: Tx, referral_ids: Sequence[UUID]) -> list[tuple[UUID, UUID]]:
    """The series of these referrals and their clinics, without a lock."""
    return [(row[0], row[1]) for row in await tx.driver.fetch(_OF_REFERRALS, referral_ids)]


async def load_referrals(tx: Tx, referral_ids: Iterable[UUID]) -> None:
    """What was said about many referrals."""
    await tx.load(ReferralRow, referral_ids)


async def is_cancelled(tx: Tx, referral_id: UUID) -> bool:
    """Whether a referral was withdrawn."""
    row = await tx.find(ReferralRow, referral_id)
    return row is not None and row.cancel_time is not None


async def remember_cancelled(tx: Tx, referral_id: UUID) -> None:
    """A plan may come later than its cancellation."""
    row = await said_of(tx, referral_id)
    if row.cancel_time is None:
        row.cancel_time = tx.now
        tx.put(row)


def record(tx: Tx, series: Series, events: Iterable[Event]) -> None:
    """Keep the new state, its facts and its deadlines together."""
    tx.put(series_row(series))
    told = False
    for event in events:
        tx.emit(wire.event(event))
        told = True
    if not told:
        return
    if series.status == Status.HELD and series.hold_expire_time:
        tx.due(RELEASE_HOLD, series.series_id, series.hold_expire_time)
    else:
        tx.undue(RELEASE_HOLD, series.series_id)
    if series.reminded_time is not None:
        plan_reminder(tx, series)
    if series.rule and series.status == Status.CONFIRMED:
        tx.due(BOOK_MAINTENANCE, series.series_id, _next_round(series))


def plan_reminder(tx: Tx, series: Series) -> None:
    """Wake when the next reminder is due; a series that is not booked has none."""
    if at := next_reminder(series, policy().reminder_hours):
        tx.due(REMIND, series.series_id, at)
    else:
        tx.undue(REMIND, series.series_id)


def book_on(tx: Tx, series: Series) -> None:
    """Look again whether a round of maintenance is to be followed by another."""
    if series.rule:
        tx.due(BOOK_MAINTENANCE, series.series_id, max(tx.now, _next_round(series)))


async def live_numbers(tx: Tx, series_id: UUID) -> set[int]:
    """The sessions of a series that are still to come."""
    return {row[0] for row in await tx.driver.fetch(_LIVE, series_id)}


async def give_back(tx: Tx, series: Series) -> None:
    """Whatever the series still takes is free again."""
    keys = [(series.series_id, number) for number in range(1, len(series.starts) + 1)]
    await load_bookings(tx, keys)
    freed: list[Placement] = []
    for key in keys:
        row = await tx.find(BookingRow, key)
        if row is not None and row.status == Keeping.TAKEN:
            row.status = Keeping.RELEASED.value
            tx.put(row)
            freed.append(placement(row))
    if freed and (desk := await desk_of(tx, series.plan.clinic_id)):
        await desk.free(freed)
        wake_waitlist(tx, series.plan.clinic_id)


async def fulfil(tx: Tx, series: Series, number: int) -> bool:
    """The session was delivered; False when that was known, or no such session is booked."""
    row = await tx.find(BookingRow, (series.series_id, number))
    if row is None or row.status == Keeping.FULFILLED:
        return False
    row.status = Keeping.FULFILLED.value
    tx.put(row)
    return True


def _next_round(series: Series) -> datetime:
    """When the round after this one is to be held."""
    lead = timedelta(days=policy().maintenance_lead_days)
    return max(series.starts, default=series.update_time) - lead
