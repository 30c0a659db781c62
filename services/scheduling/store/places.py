"""Places for a series: sought in the agenda, and asked of the bookings when it might be wrong."""

from collections.abc import Callable, Sequence
from datetime import timedelta

from chassis.database import Tx
from chassis.refusal import Busy
from services.scheduling.domain import (
    Bound,
    Outcome,
    Placement,
    Places,
    Plan,
    Series,
    Unread,
    advanced,
    allocate,
    first_unit,
    placements,
    places_at,
    wish,
)
from services.scheduling.packs import policy
from services.scheduling.store.desks import Desk, desk_of

_CLASH = """
WITH place AS (
    SELECT * FROM unnest($1::timestamptz[], $2::timestamptz[], $3::uuid[], $4::uuid[], $5::uuid[])
        AS place (begins, ends, room_id, pump_id, nurse_id))
SELECT EXISTS (SELECT FROM place JOIN booking ON status = 'taken'
        AND booking.room_id = place.room_id AND during && tstzrange(begins, ends))
    OR EXISTS (SELECT FROM place JOIN booking ON status = 'taken'
        AND booking.pump_id = place.pump_id AND during && tstzrange(begins, ends))
    OR EXISTS (SELECT FROM place JOIN booking ON status = 'taken'
        AND booking.nurse_id = place.nurse_id AND during && tstzrange(begins, ends))
"""
_ATTEMPTS = 3


async def find_places(tx: Tx, plan: Plan) -> Places | Bound:
    """The earliest places for the whole pattern."""
    desk = await desk_of(tx, plan.clinic_id)
    if desk is None:
        return Bound.CLINIC_UNKNOWN
    wanted = wish(plan, policy(), desk.agenda, tx.now)
    found = await _seek(
        tx,
        desk,
        wanted.minutes,
        lambda: allocate(wanted, desk.agenda, desk.reach.get(wanted.pattern, 0)),
    )
    if isinstance(found, Places):
        desk.learn(advanced(desk.reach, wanted.pattern, first_unit(found.spots, desk.agenda)))
    return found


async def find_same_places(tx: Tx, series: Series) -> Places | Bound:
    """Places at the very times the series had, in any room."""
    desk = await desk_of(tx, series.plan.clinic_id)
    if desk is None:
        return Bound.CLINIC_UNKNOWN
    minutes = series.room_minutes
    return await _seek(tx, desk, minutes, lambda: places_at(series.starts, minutes, desk.agenda))


async def _seek(tx: Tx, desk: Desk, minutes: int, search: Callable[[], Outcome]) -> Places | Bound:
    for _ in range(_ATTEMPTS):
        while isinstance(spots := search(), Unread):
            await desk.read_on(spots.ordinal)
        if isinstance(spots, Bound):
            return spots
        placed = placements(spots, minutes, desk.agenda)
        if not desk.careful or not await _clash(tx, placed):
            held_for = timedelta(seconds=desk.shelf.clinic.hold_seconds)
            return Places(spots, placed, minutes, held_for)
        await desk.rebuild()
    raise Busy("AGENDA_UNSETTLED", "The clinic's agenda could not be put right; try again.")


async def _clash(tx: Tx, placed: Sequence[Placement]) -> bool:
    """Whether a booking has any of these resources at any of these times."""
    columns = zip(
        *[(one.start, one.end, one.room_id, one.pump_id, one.nurse_id) for one in placed],
        strict=True,
    )
    return bool(await tx.driver.fetchval(_CLASH, *map(list, columns)))
