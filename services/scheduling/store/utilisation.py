"""How much of a clinic's resources was taken."""

from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from uuid import UUID

from chassis.database import Tx
from services.scheduling.domain import Kind, Shelf
from services.scheduling.store.desks import shelf_of
from services.scheduling.store.rows import DeskRow

_USED = """
SELECT COALESCE(sum(room_end_time - start_time), '0') AS room,
    COALESCE(sum(infuse_end_time - infuse_time), '0') AS pump,
    COALESCE(sum(end_time - start_time), '0') AS nurse,
    COALESCE(sum(end_time - start_time) FILTER (WHERE monitor_id IS NOT NULL), '0') AS monitor,
    COALESCE(sum(end_time - infuse_end_time) FILTER (WHERE chair_id IS NOT NULL), '0') AS chair,
    COALESCE(sum(end_time - infuse_time) FILTER (WHERE therapist_id IS NOT NULL), '0') AS therapist
FROM booking WHERE clinic_id = $1 AND status <> 'released' AND start_time >= $2 AND start_time < $3
"""
Use = tuple[int, int]
"""Minutes taken, and minutes there were."""


async def utilisation(tx: Tx, clinic_id: UUID, first: date, days: int) -> Mapping[Kind, Use]:
    """By kind, as far as the clinic has any; days before today count as the clinic is now."""
    row = await tx.find(DeskRow, clinic_id)
    assert row is not None
    shelf = await shelf_of(tx, row)
    begin, end = (
        datetime.combine(day, time(), shelf.calendar.zone)
        for day in (first, first + timedelta(days=days))
    )
    used = await tx.driver.fetchrow(_USED, clinic_id, begin, end)
    there = _there(shelf, first, days)
    return {
        kind: (int(used[kind.value].total_seconds()) // 60, minutes)
        for kind, minutes in there.items()
    }


def _there(shelf: Shelf, first: date, days: int) -> Mapping[Kind, int]:
    found: Counter[Kind] = Counter({one.kind: 0 for one, _ in shelf.seats})
    for ordinal in range(first.toordinal(), first.toordinal() + days):
        day = shelf.calendar.day(ordinal)
        for unit in range(day.units):
            if day.opened >> unit & 1:
                away = day.blocked[unit] if day.blocked else 0
                for position, (one, _) in enumerate(shelf.seats):
                    found[one.kind] += not away >> position & 1
    return {kind: units * shelf.unit_minutes for kind, units in found.items()}
