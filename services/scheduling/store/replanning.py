"""The sessions to come of a plan that was revised: other seats at once, other times as proposed."""

from dataclasses import replace
from uuid import UUID

from sqlmodel import col, select

from chassis.database import Tx
from chassis.ids import named
from services.scheduling.domain import Keeping, Origin, Proposal, Series, repair
from services.scheduling.store.desks import desk_of
from services.scheduling.store.proposals import carry_out, keep_repair
from services.scheduling.store.repairs import touched
from services.scheduling.store.rows import BookingRow
from services.scheduling.store.series import get


async def replan(tx: Tx, series: Series) -> Proposal | None:
    """Whoever can keep their times keeps them, with what the plan asks now; else it is proposed."""
    repair_id = named(series.series_id, f"plan/{series.plan.version}")
    proposal = await _proposed(tx, repair_id, series)
    if proposal is None:
        return None
    await keep_repair(tx, proposal)
    if any(one.new is None or one.moves for one in proposal.steps):
        return proposal
    return await carry_out(tx, proposal)


async def renew(tx: Tx, known: Proposal) -> Proposal:
    """A revised plan's repair that was accepted in vain is proposed anew: its series has changed,
    its times are taken or have passed, or there were none.
    """
    if known.origin != Origin.REVISED or not known.in_vain:
        return known
    series = await get(tx, known.steps[0].series_id)
    if series.plan.clinic_id != known.clinic_id:
        return known
    found = await _proposed(tx, known.repair_id, series)
    return await keep_repair(tx, found or replace(known, steps=()))


async def _proposed(tx: Tx, repair_id: UUID, series: Series) -> Proposal | None:
    clinic_id = series.plan.clinic_id
    desk = await desk_of(tx, clinic_id)
    rows = await _to_come(tx, series)
    if desk is None or not rows:
        return None
    await desk.rebuild()
    steps = repair(desk.agenda.copy(), await touched(tx, desk, rows))
    return Proposal(repair_id, clinic_id, Origin.REVISED, steps)


async def _to_come(tx: Tx, series: Series) -> list[BookingRow]:
    query = select(BookingRow).where(
        col(BookingRow.series_id) == series.series_id,
        col(BookingRow.status) == Keeping.TAKEN.value,
        col(BookingRow.arrive_time).is_(None),
        col(BookingRow.start_time) > tx.now,
    )
    return await tx.rows(query.order_by(col(BookingRow.number)))
