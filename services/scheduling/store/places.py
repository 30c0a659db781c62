"""Places for a series: sought in the agenda, booked, and sought again if the agenda was wrong."""

from collections.abc import Callable
from datetime import timedelta

from asyncpg import ExclusionViolationError

from chassis.database import Tx
from chassis.plans import plan_of
from chassis.refusal import Busy
from services.scheduling.domain import (
    Bound,
    Keeping,
    Outcome,
    Places,
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
from services.scheduling.store.desk import Desk
from services.scheduling.store.desks import desk_of
from services.scheduling.store.rows import BookingRow

_BOOK = """
INSERT INTO booking (series_id, number, clinic_id, start_time, end_time,
                     room_id, pump_id, nurse_id, status)
SELECT $1, place.number, $2, begins, ends, room_id, pump_id, nurse_id, 'taken'
FROM unnest($3::smallint[], $4::timestamptz[], $5::timestamptz[],
            $6::uuid[], $7::uuid[], $8::uuid[])
    AS place (number, begins, ends, room_id, pump_id, nurse_id)
ON CONFLICT (series_id, number) DO UPDATE SET
    start_time = excluded.start_time, end_time = excluded.end_time, room_id = excluded.room_id,
    pump_id = excluded.pump_id, nurse_id = excluded.nurse_id, status = excluded.status
"""
_ATTEMPTS = 3


async def claim_places(tx: Tx, series: Series) -> Places | Bound:
    """The earliest places for the whole pattern, which are the series' from now on."""
    desk = await desk_of(tx, series.plan.clinic_id)
    if desk is None:
        return Bound.CLINIC_UNKNOWN
    wanted = wish(series.plan, policy(), desk.agenda, tx.now)

    def search() -> Outcome:
        return allocate(wanted, desk.agenda, desk.reach.get(wanted.pattern, 0))

    found = await _claim(tx, desk, series, wanted.minutes, search)
    if isinstance(found, Places):
        desk.learn(advanced(desk.reach, wanted.pattern, first_unit(found.spots, desk.agenda)))
    return found


async def claim_same_places(tx: Tx, series: Series) -> Places | Bound:
    """Places at the very times the series had, in any room."""
    desk = await desk_of(tx, series.plan.clinic_id)
    if desk is None:
        return Bound.CLINIC_UNKNOWN
    minutes = series.room_minutes

    def search() -> Outcome:
        return places_at(series.starts, minutes, desk.agenda)

    return await _claim(tx, desk, series, minutes, search)


async def _claim(
    tx: Tx, desk: Desk, series: Series, minutes: int, search: Callable[[], Outcome]
) -> Places | Bound:
    for _ in range(_ATTEMPTS):
        while isinstance(spots := search(), Unread):
            await desk.read_on(spots.ordinal)
        if isinstance(spots, Bound):
            return spots
        held_for = timedelta(seconds=desk.shelf.clinic.hold_seconds)
        places = Places(spots, placements(spots, minutes, desk.agenda), minutes, held_for)
        if await _book(tx, desk, series, places):
            desk.take(spots)
            return places
        await desk.rebuild()
    raise Busy("AGENDA_UNSETTLED", "The clinic's agenda could not be put right; try again.")


async def _book(tx: Tx, desk: Desk, series: Series, places: Places) -> bool:
    """A new series of a batch is written with the batch; any other is proved at once."""
    again = bool(series.starts)
    if again:
        await tx.load(BookingRow, [(series.series_id, one.number) for one in places.placements])
    if (desk.careful or again) and not await _proved(tx, series, places):
        return False
    if again or not desk.careful:
        for row in _rows(series, places):
            tx.put(row)
    return True


async def _proved(tx: Tx, series: Series, places: Places) -> bool:
    """The bookings themselves say whether the places are free."""
    columns = zip(
        *[
            (one.number, one.start, one.end, one.room_id, one.pump_id, one.nurse_id)
            for one in places.placements
        ],
        strict=True,
    )
    await tx.driver.execute("SAVEPOINT booking")
    try:
        await tx.driver.execute(_BOOK, series.series_id, series.plan.clinic_id, *map(list, columns))
    except ExclusionViolationError:
        await tx.driver.execute("ROLLBACK TO SAVEPOINT booking")
        return False
    await tx.driver.execute("RELEASE SAVEPOINT booking")
    return True


def _rows(series: Series, places: Places) -> list[BookingRow]:
    clinic_id, series_id, taken = series.plan.clinic_id, series.series_id, Keeping.TAKEN.value
    revive = plan_of(BookingRow).revive
    return [
        revive(
            (
                ("series_id", series_id),
                ("number", one.number),
                ("clinic_id", clinic_id),
                ("room_id", one.room_id),
                ("pump_id", one.pump_id),
                ("nurse_id", one.nurse_id),
                ("start_time", one.start),
                ("end_time", one.end),
                ("status", taken),
            ),
            raw=False,
        )
        for one in places.placements
    ]
