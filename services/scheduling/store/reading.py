"""Reads that serve screens."""

from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import tuple_
from sqlmodel import col, select

from chassis.database import Tx
from chassis.refusal import NotFound
from services.scheduling.domain import (
    Booking,
    Clinic,
    Earlier,
    Keeping,
    Override,
    Series,
    Standing,
    Status,
    Timetable,
    timetable,
)
from services.scheduling.store.clinics import resource_of
from services.scheduling.store.desks import shelf_of
from services.scheduling.store.overriding import overrides_of
from services.scheduling.store.rows import BookingRow, DeskRow, PastRow, ResourceRow, SeriesRow
from services.scheduling.store.shapes import booking, series_of_row

_MOST = 2000
DayKey = tuple[datetime, UUID, int]
Whole = tuple[Series, list[Booking], list[Earlier], list[Override]]


async def read_series(tx: Tx, series_id: UUID) -> Whole:
    """A series, its bookings in order, and the times its sessions once had."""
    return await _one(tx, await tx.find(SeriesRow, series_id))


async def read_series_of(tx: Tx, referral_id: UUID) -> Whole:
    """The same by referral; the latest, if a referral was planned more than once."""
    query = select(SeriesRow).where(col(SeriesRow.referral_id) == referral_id)
    found = await tx.rows(query.order_by(col(SeriesRow.update_time).desc()).limit(1))
    return await _one(tx, found[0] if found else None)


async def list_day(
    tx: Tx, clinic: Clinic, day: date, limit: int, after: DayKey | None
) -> list[Booking]:
    """Live bookings of one local day, in order of start."""
    zone = ZoneInfo(clinic.time_zone)
    begin = datetime.combine(day, datetime.min.time(), zone)
    end = datetime.combine(day + timedelta(days=1), datetime.min.time(), zone)
    key = (col(BookingRow.start_time), col(BookingRow.series_id), col(BookingRow.number))
    query = (
        select(BookingRow)
        .where(
            col(BookingRow.clinic_id) == clinic.clinic_id,
            col(BookingRow.status) != Keeping.RELEASED.value,
            key[0] >= begin,
            key[0] < end,
        )
        .order_by(*key)
        .limit(limit)
    )
    rows = await tx.rows(query if after is None else query.where(tuple_(*key) > after))
    async with tx.beyond():  # a series that went to another clinic left its past here
        await tx.load(SeriesRow, {row.series_id for row in rows})
    return [await _booking(tx, row) for row in rows]


async def read_timetable(tx: Tx, clinic: Clinic, resource_id: UUID, day: date) -> Timetable:
    """What one resource does on a local day, perhaps in a visit of the day before."""
    found = await tx.rows(select(ResourceRow).where(col(ResourceRow.resource_id) == resource_id))
    if not found or found[0].clinic_id != clinic.clinic_id:
        raise NotFound("RESOURCE_NOT_FOUND", "The clinic has no such resource.")
    desk = await tx.find(DeskRow, clinic.clinic_id)
    assert desk is not None
    days = (day - timedelta(days=1), day)
    bookings = [one for when in days for one in await list_day(tx, clinic, when, _MOST, None)]
    return timetable(await shelf_of(tx, desk), resource_of(found[0]), day, bookings)


async def _one(tx: Tx, row: SeriesRow | None) -> Whole:
    if row is None:
        raise NotFound("SERIES_NOT_FOUND", "No such series.")
    query = select(BookingRow).where(col(BookingRow.series_id) == row.series_id)
    found = await tx.rows(query.order_by(col(BookingRow.number)))
    bookings, past = [await _booking(tx, one) for one in found], await _past(tx, row)
    return series_of_row(row), bookings, past, await overrides_of(tx, row.series_id)


async def _past(tx: Tx, row: SeriesRow) -> list[Earlier]:
    query = select(PastRow).where(col(PastRow.series_id) == row.series_id)
    found = await tx.rows(query.order_by(col(PastRow.at), col(PastRow.number)))
    return [
        Earlier(one.series_id, one.number, one.start_time, one.end_time, Standing(one.outcome))
        for one in found
    ]


async def _booking(tx: Tx, row: BookingRow) -> Booking:
    series = await tx.find(SeriesRow, row.series_id)
    assert series is not None
    return booking(row, Status(series.status))
