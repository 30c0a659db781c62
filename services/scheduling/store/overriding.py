"""A session moved against the rules: what it takes must be free, and who decided is kept."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import col, select

from chassis.database import Tx
from chassis.plans import made
from services.scheduling.domain import (
    Booking,
    Decider,
    Outcome,
    Override,
    Placement,
    Places,
    Series,
    must_be_defensible,
    must_break_none,
    must_have_moved,
    place_anyhow,
    rules_broken,
    set_aside,
)
from services.scheduling.packs import policy
from services.scheduling.store.desks import desk_of
from services.scheduling.store.places import Sought, claim
from services.scheduling.store.repairs import wish_in
from services.scheduling.store.rows import OverrideRow


async def override(
    tx: Tx, series: Series, visit: Booking, start: datetime, by: Decider
) -> tuple[Placement, Override]:
    """The session at a time that the rules would not give it, and the record of that."""
    number, floor = visit.placement.number, timedelta(hours=policy().least_gap_hours)
    must_be_defensible(series.starts, number, start, floor, tx.now)
    desk = await desk_of(tx, series.plan.clinic_id)
    assert desk is not None
    wanted = await wish_in(tx, desk.agenda, series)
    moved = (*series.starts[: number - 1], start, *series.starts[number:])
    must_break_none(rules_broken(series.plan, wanted, desk.agenda, moved))
    fitting = desk.shelf.fitting(wanted.visit)

    def search() -> Outcome:
        return place_anyhow(start, fitting, desk.agenda)

    found = await claim(tx, desk, Sought(series, fitting, search, (visit.placement,)))
    (place,) = must_have_moved(found.placements if isinstance(found, Places) else found, ())
    rules = set_aside(wanted, desk.agenda, series.starts, number, start)
    old = visit.placement.start
    return place, _keep(tx, series, Override(by, number, rules, old, start, tx.now))


async def overrides_of(tx: Tx, series_id: UUID) -> list[Override]:
    """The decisions against the rules of one series, in order."""
    query = select(OverrideRow).where(col(OverrideRow.series_id) == series_id)
    rows = await tx.rows(query.order_by(col(OverrideRow.at), col(OverrideRow.request_id)))
    return [
        Override(
            Decider(one.person, one.role, one.reason, one.request_id),
            one.number,
            tuple(one.rules),
            one.old_time,
            one.new_time,
            one.at,
        )
        for one in rows
    ]


def _keep(tx: Tx, series: Series, one: Override) -> Override:
    tx.put(
        made(
            OverrideRow,
            request_id=one.by.request_id,
            series_id=series.series_id,
            number=one.number,
            reason=one.by.reason,
            role=one.by.role,
            person=one.by.person,
            rules=list(one.rules),
            old_time=one.old,
            new_time=one.new,
            at=one.at,
        )
    )
    return one
