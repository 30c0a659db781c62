"""New times for sessions of a series that have some: sought while their own times are free."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlmodel import col, select

from chassis.database import Tx
from services.scheduling.domain import (
    Bound,
    Fitting,
    Keeping,
    Outcome,
    Placement,
    Places,
    Series,
    Wish,
    keeps_apart,
    places_at,
    respace,
    rest_of,
    visit_of,
)
from services.scheduling.store.desk import Desk
from services.scheduling.store.desks import desk_of
from services.scheduling.store.patients import patient_of
from services.scheduling.store.places import Sought, claim
from services.scheduling.store.rows import BookingRow
from services.scheduling.store.shapes import placement
from services.scheduling.store.waiting import wake_waitlist

_OTHERS = 3
Moved = tuple[Placement, ...] | Bound


async def shift(tx: Tx, series: Series, number: int) -> Moved:
    """A later day for a session and all after it; when there is none, they stay."""
    it = await _moving(tx, series, number)
    calendar = it.desk.shelf.calendar
    today = calendar.ordinal(calendar.unit(series.starts[number - 1]))
    after = calendar.moment(calendar.day(today + 1).first)
    starts = [one.start for one in it.rest]
    wanted = rest_of(it.wanted, it.desk.agenda, series.starts[: number - 1], len(it.rest))
    return await _claim(tx, it, it.rest, lambda: respace(wanted, it.desk.agenda, starts, after))


async def move(tx: Tx, series: Series, number: int, start: datetime) -> Moved:
    """A session at a given time; those after it give way only if they must."""
    it = await _moving(tx, series, number)
    agenda, kept = it.desk.agenda, (*series.starts[: number - 1], start)
    later = [one.start for one in it.rest[1:]]
    if not tx.now < start < agenda.shelf.calendar.moment(it.wanted.until):
        return Bound.NO_FREE_TIME
    if start != max(kept) or not keeps_apart(it.wanted, agenda, kept):
        return Bound.LIMITS
    in_order = all(start < one for one in later)
    if in_order and keeps_apart(it.wanted, agenda, (*kept, *later)):
        return await _claim(
            tx, it, it.rest[:1], lambda: places_at([start], it.fitting, it.desk.agenda)
        )
    behind = rest_of(it.wanted, agenda, kept, len(later))

    def search() -> Outcome:
        first = places_at([start], it.fitting, it.desk.agenda)
        others = respace(behind, it.desk.agenda, later, start)
        if isinstance(first, tuple) and isinstance(others, tuple):
            return (*first, *others)
        return others if isinstance(first, tuple) else first

    return await _claim(tx, it, it.rest, search)


async def move_all(
    tx: Tx, series: Series, olds: tuple[Placement, ...], starts: Sequence[datetime]
) -> Moved:
    """These sessions to given times, all or none; perhaps their own with other seats.

    Nobody is sent into the past: the agenda has forgotten what was taken there.
    """
    if min(starts) <= tx.now:
        return Bound.NO_FREE_TIME
    it = await _moving(tx, series, olds[0].number)
    return await _claim(tx, it, olds, lambda: places_at(starts, it.fitting, it.desk.agenda))


async def transfer(tx: Tx, series: Series, clinic_id: UUID) -> Moved:
    """All sessions to come at another clinic, at least as many days apart as they were."""
    old, there = await desk_of(tx, series.plan.clinic_id), await desk_of(tx, clinic_id)
    if there is None or old is None:
        return Bound.CLINIC_UNKNOWN
    rest = await live(tx, series, 1)
    elsewhere = series._replace(plan=series.plan._replace(clinic_id=clinic_id))
    it = await _moving(tx, elsewhere, 1)
    kept = [one for n, one in enumerate(series.starts, 1) if n < rest[0].number] if rest else []
    starts = [one.start for one in rest]

    def search() -> Outcome:
        wanted = rest_of(it.wanted, there.agenda, kept, len(rest))
        return respace(wanted, there.agenda, starts, tx.now)

    numbers = tuple(one.number for one in rest)
    found = await claim(tx, there, Sought(elsewhere, it.fitting, search, only=numbers))
    if not isinstance(found, Places):
        return found
    await old.free(rest)
    wake_waitlist(tx, series.plan.clinic_id)
    return found.placements


async def other_times(tx: Tx, series: Series, number: int, start: datetime) -> tuple[datetime, ...]:
    """The next free times for one session after a wanted one, taking none of them."""
    it = await _moving(tx, series, number)
    kept = series.starts[: number - 1]
    found, after = list[datetime](), start
    await it.desk.read_until(it.wanted.until)
    while len(found) < _OTHERS:
        wanted = rest_of(it.wanted, it.desk.agenda, kept, 1)
        spots = respace(wanted, it.desk.agenda, [start], after)
        if not isinstance(spots, tuple):
            break
        calendar = it.desk.agenda.shelf.calendar
        unit = calendar.day(spots[0].ordinal).first + spots[0].at
        found.append(calendar.moment(unit))
        after = calendar.moment(unit + 1)
    return tuple(found)


class _Moving(NamedTuple):
    series: Series
    desk: Desk
    wanted: Wish
    fitting: Fitting
    rest: tuple[Placement, ...]


async def _moving(tx: Tx, series: Series, number: int) -> _Moving:
    desk = await desk_of(tx, series.plan.clinic_id)
    assert desk is not None
    patient = await patient_of(tx, series)
    visit = visit_of(series.plan, series.shape, patient.preferences)
    wanted = replace(desk.wish(series.plan, patient), visit=visit)
    rest = await live(tx, series, number)
    return _Moving(series, desk, wanted, desk.shelf.fitting(visit), rest)


async def _claim(
    tx: Tx, it: _Moving, olds: tuple[Placement, ...], search: Callable[[], Outcome]
) -> Moved:
    found = await claim(tx, it.desk, Sought(it.series, it.fitting, search, olds))
    return found.placements if isinstance(found, Places) else found


async def live(tx: Tx, series: Series, number: int) -> tuple[Placement, ...]:
    """Sessions from a number on that are still to come."""
    query = select(BookingRow).where(
        col(BookingRow.series_id) == series.series_id,
        col(BookingRow.number) >= number,
        col(BookingRow.status) == Keeping.TAKEN.value,
    )
    rows = await tx.rows(query.order_by(col(BookingRow.number)).with_for_update())
    return tuple(placement(row) for row in rows)
