"""Places for a series: sought in the agenda, booked, and sought again if the agenda was wrong."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from asyncpg import ExclusionViolationError

from chassis.database import Tx
from chassis.refusal import Busy
from services.scheduling.domain import (
    Bound,
    Fitting,
    Outcome,
    Placement,
    Places,
    Series,
    Unread,
    Wish,
    advanced,
    allocate,
    allocate_from,
    binding_reason,
    by_rule,
    first_unit,
    next_starts,
    placements,
    places_at,
    visit_of,
)
from services.scheduling.store.desk import Desk
from services.scheduling.store.desks import desk_of
from services.scheduling.store.patients import note_sessions, patient_of
from services.scheduling.store.rows import BookingRow
from services.scheduling.store.shapes import booking_row
from services.scheduling.store.waiting import wake_waitlist

_BOOK = """
INSERT INTO booking (series_id, number, clinic_id, start_time, infuse_time, infuse_end_time,
                     room_end_time, end_time, room_id, pump_id, nurse_id, nurse_place,
                     monitor_id, chair_id, therapist_id, status)
SELECT $1, place.number, $2, begins, infuses, infused, room_ends, ends, room_id, pump_id, nurse_id,
       nurse_place, monitor_id, chair_id, therapist_id, 'taken'
FROM unnest($3::smallint[], $4::timestamptz[], $5::timestamptz[], $6::timestamptz[],
            $7::timestamptz[], $8::timestamptz[], $9::uuid[], $10::uuid[], $11::uuid[],
            $12::smallint[], $13::uuid[], $14::uuid[], $15::uuid[])
    AS place (number, begins, infuses, infused, room_ends, ends, room_id, pump_id, nurse_id,
              nurse_place, monitor_id, chair_id, therapist_id)
"""
_BOOK_AGAIN = f"""{_BOOK}
ON CONFLICT (series_id, number) DO UPDATE SET
    clinic_id = excluded.clinic_id, start_time = excluded.start_time,
    infuse_time = excluded.infuse_time, infuse_end_time = excluded.infuse_end_time,
    room_end_time = excluded.room_end_time, end_time = excluded.end_time,
    room_id = excluded.room_id, pump_id = excluded.pump_id, nurse_id = excluded.nurse_id,
    nurse_place = excluded.nurse_place, monitor_id = excluded.monitor_id,
    chair_id = excluded.chair_id, therapist_id = excluded.therapist_id,
    status = excluded.status, arrive_time = NULL
"""
_GIVE_UP = """
UPDATE booking SET status = 'released'
WHERE series_id = $1 AND number = ANY($2::smallint[]) AND status = 'taken'
"""
_ATTEMPTS = 3
_OTHERS = 3


class Sought(NamedTuple):
    """Sessions of a series that want places, how to find them, and what they give up for them."""

    series: Series
    fitting: Fitting
    search: Callable[[], Outcome]
    olds: tuple[Placement, ...] = ()
    only: tuple[int, ...] = ()

    @property
    def numbers(self) -> list[int]:
        """The sessions that move; none when it is the whole series."""
        return [*self.only] or [one.number for one in self.olds]


async def claim_places(tx: Tx, series: Series, start: datetime | None = None) -> Places | Bound:
    """The earliest places for the whole pattern, or those from a given start on."""
    desk = await desk_of(tx, series.plan.clinic_id)
    if desk is None:
        return Bound.CLINIC_UNKNOWN
    wanted = desk.wish(series.plan, await patient_of(tx, series))
    common = not (wanted.personal or series.rule) and start is None
    reached = desk.reach.get(wanted.pattern, 0) if common else 0

    def search() -> Outcome:
        return _times(series, wanted, desk, reached, start)

    fitting = desk.shelf.fitting(wanted.visit)
    found = await claim(tx, desk, Sought(series, fitting, search))
    if isinstance(found, Places):
        note_sessions(tx, series, [one.start for one in found.placements])
        if common:
            desk.learn(advanced(desk.reach, wanted.pattern, first_unit(found.spots, desk.agenda)))
    return found


def _times(
    series: Series, wanted: Wish, desk: Desk, reached: int, start: datetime | None
) -> Outcome:
    """By the rule of a round of maintenance, else by the weeks of the plan."""
    if series.rule:
        return by_rule(wanted, desk.agenda, series.rule, series.plan.maintain_every, start)
    if start is not None:
        return allocate_from(wanted, desk.agenda, start)
    return allocate(wanted, desk.agenda, reached)


async def other_starts(tx: Tx, series: Series, start: datetime) -> tuple[datetime, ...]:
    """The next times after one at which the whole series could begin, taking none of them."""
    desk = await desk_of(tx, series.plan.clinic_id)
    if desk is None:
        return ()
    wanted = desk.wish(series.plan, await patient_of(tx, series))
    await desk.read_until(wanted.until)
    return next_starts(wanted, desk.agenda, start, _OTHERS)


async def free_starts(tx: Tx, series: Series) -> list[datetime]:
    """The earliest times the series could have now, taking none of them."""
    desk = await desk_of(tx, series.plan.clinic_id)
    if desk is None:
        return []
    wanted = desk.wish(series.plan, await patient_of(tx, series))
    await desk.read_until(wanted.until)
    spots = _times(series, wanted, desk, 0, None)
    fitting = desk.shelf.fitting(wanted.visit)
    found = placements(spots, fitting, desk.agenda) if isinstance(spots, tuple) else ()
    return [one.start for one in found]


async def why_none(tx: Tx, series: Series) -> Bound | None:
    """What binds a series that found no times; None when the clinic itself is not known."""
    desk = await desk_of(tx, series.plan.clinic_id)
    if desk is None:
        return None
    wanted = desk.wish(series.plan, await patient_of(tx, series))
    await desk.read_until(wanted.until)
    return binding_reason(wanted, desk.agenda)


async def claim_same_places(tx: Tx, series: Series) -> Places | Bound:
    """Places at the very times the series had, in any room."""
    desk = await desk_of(tx, series.plan.clinic_id)
    if desk is None:
        return Bound.CLINIC_UNKNOWN
    liked = (await patient_of(tx, series)).preferences
    fitting = desk.shelf.fitting(visit_of(series.plan, series.shape, liked))

    def search() -> Outcome:
        return places_at(series.starts, fitting, desk.agenda)

    return await claim(tx, desk, Sought(series, fitting, search))


async def claim(tx: Tx, desk: Desk, sought: Sought) -> Places | Bound:
    """What a search finds, proved and taken; when there is nothing, what was had is kept."""
    fitting = sought.fitting
    for _ in range(_ATTEMPTS):
        await desk.free(sought.olds)
        while isinstance(spots := sought.search(), Unread):
            await desk.read_on(spots.ordinal)
        if isinstance(spots, Bound):
            desk.retake(sought.olds)
            return spots
        held_for = timedelta(seconds=desk.shelf.clinic.hold_seconds)
        found = placements(spots, fitting, desk.agenda, sought.numbers)
        places = Places(spots, found, fitting, held_for)
        if await _book(tx, desk, sought, places):
            desk.take(spots, fitting)
            if sought.olds:
                wake_waitlist(tx, sought.series.plan.clinic_id)
            return places
        await desk.rebuild()
    raise Busy("AGENDA_UNSETTLED", "The clinic's agenda could not be put right; try again.")


async def _book(tx: Tx, desk: Desk, sought: Sought, places: Places) -> bool:
    """A new series of a batch is written with the batch; any other is proved at once."""
    series, again = sought.series, bool(sought.series.starts)
    if again:
        await tx.load(BookingRow, [(series.series_id, one.number) for one in places.placements])
    if (desk.careful or again) and not await _proved(tx, sought, places):
        return False
    if again or not desk.careful:
        for one in places.placements:
            tx.put(booking_row(series, one))
    return True


async def _proved(tx: Tx, sought: Sought, places: Places) -> bool:
    """The bookings themselves say whether the places are free."""
    series_id, clinic_id = sought.series.series_id, sought.series.plan.clinic_id
    book = _BOOK_AGAIN if sought.series.starts else _BOOK
    columns = map(list, zip(*places.placements, strict=True))
    await tx.driver.execute("SAVEPOINT booking")
    try:
        if sought.olds:
            await tx.driver.execute(_GIVE_UP, series_id, sought.numbers)
        await tx.driver.execute(book, series_id, clinic_id, *columns)
    except ExclusionViolationError:
        await tx.driver.execute("ROLLBACK TO SAVEPOINT booking")
        return False
    await tx.driver.execute("RELEASE SAVEPOINT booking")
    return True
