"""Repairs as they are kept: proposed whole, accepted whole or in part."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from chassis.database import Tx
from chassis.ids import named
from chassis.plans import made
from chassis.refusal import NotFound
from services.scheduling.domain import (
    Booking,
    Ending,
    Keeping,
    Origin,
    Past,
    Proposal,
    Series,
    Step,
    moved,
)
from services.scheduling.store.closures import closure
from services.scheduling.store.desks import open_desks
from services.scheduling.store.moving import move_all
from services.scheduling.store.rows import BookingRow, ClosureRow, RepairRow
from services.scheduling.store.safety import rules_against, rules_barring
from services.scheduling.store.series import get, load, record
from services.scheduling.store.shapes import booking
from services.scheduling.store.visits import note_past

_OPEN = """
SELECT closure_id FROM repair WHERE clinic_id = $1 AND closure_id > $3 AND EXISTS (
    SELECT FROM jsonb_array_elements(steps) AS step
    WHERE step->>'status' IN ('proposed', 'barred') AND (step->>'old')::timestamptz > $2)
ORDER BY closure_id LIMIT $4
"""
_CLINIC = "SELECT clinic_id FROM repair WHERE closure_id = $1"


async def find_repair(tx: Tx, repair_id: UUID) -> Proposal | None:
    """One repair, for change."""
    row = await tx.find(RepairRow, repair_id)
    if row is None:
        return None
    about = await tx.find(ClosureRow, repair_id) if row.origin == Origin.CLOSURE else None
    steps, origin = tuple(map(_step, row.steps)), Origin(row.origin)
    return Proposal(repair_id, row.clinic_id, origin, steps, closure(about) if about else None)


async def get_repair(tx: Tx, repair_id: UUID) -> Proposal:
    """One repair, or a refusal."""
    if proposal := await find_repair(tx, repair_id):
        return proposal
    raise NotFound("REPAIR_NOT_FOUND", "No such repair.")


async def keep_repair(tx: Tx, proposal: Proposal) -> Proposal:
    """Write down what is proposed."""
    await tx.find(RepairRow, proposal.repair_id)
    tx.put(
        made(
            RepairRow,
            closure_id=proposal.repair_id,
            clinic_id=proposal.clinic_id,
            steps=[_document(one) for one in proposal.steps],
            origin=proposal.origin.value,
        )
    )
    return proposal


async def open_repairs(
    tx: Tx, clinic_id: UUID, limit: int, after: tuple[UUID] | None
) -> list[Proposal]:
    """Those of which something can still be accepted, or must be done by hand, in order of id."""
    seen = after[0] if after else UUID(int=0)
    found = await tx.driver.fetch(_OPEN, clinic_id, tx.now, seen, limit)
    return [await get_repair(tx, UUID(str(row[0]))) for row in found]


async def clinic_of_repair(tx: Tx, repair_id: UUID) -> UUID:
    """Where it is about, without a lock: the desk comes first."""
    if found := await tx.driver.fetchval(_CLINIC, repair_id):
        return UUID(str(found))
    raise NotFound("REPAIR_NOT_FOUND", "No such repair.")


async def accept(tx: Tx, repair_id: UUID, only: Collection[UUID]) -> Proposal:
    """Carry out the steps of these series, or of all; a series that has changed is left alone."""
    await open_desks(tx, [await clinic_of_repair(tx, repair_id)], careful=True)
    return await carry_out(tx, await get_repair(tx, repair_id), only)


async def carry_out(tx: Tx, proposal: Proposal, only: Collection[UUID] = ()) -> Proposal:
    """A series whose new times are still another's is tried again when that one has moved."""
    await load(tx, sorted({one.series_id for one in proposal.steps}))
    found = _by_series(proposal.steps)
    waiting = [one for one in found if not only or one in only]
    while waiting:
        tried = {one: await _carry_out(tx, proposal, found[one]) for one in waiting}
        found |= tried
        stale = [one for one, steps in tried.items() if any(s.status == "stale" for s in steps)]
        if len(stale) == len(waiting):
            break
        for one in stale:
            found[one] = [_again(step) for step in found[one]]
        waiting = stale
    steps = sorted((s for mine in found.values() for s in mine), key=lambda s: (s.old, s.series_id))
    return await keep_repair(tx, replace(proposal, steps=tuple(steps)))


def _again(step: Step) -> Step:
    return replace(step, status="proposed") if step.status == "stale" else step


def _by_series(steps: Iterable[Step]) -> dict[UUID, list[Step]]:
    in_order = sorted(steps, key=lambda one: (one.series_id, one.number))
    return {key: list(mine) for key, mine in groupby(in_order, key=lambda one: one.series_id)}


async def _carry_out(tx: Tx, proposal: Proposal, steps: Sequence[Step]) -> list[Step]:
    """The steps of one series, all or none: half of them would press its sessions together."""
    series = await get(tx, steps[0].series_id)
    open_steps = [one for one in steps if one.open]
    rows = [await tx.find(BookingRow, (one.series_id, one.number)) for one in open_steps]
    visits = [booking(row, series.status) for row in rows if row and _may_move(row, tx.now)]
    fresh = all(one.revision == series.revision for one in open_steps)
    status, rules = "stale", tuple[str, ...]()
    if open_steps and fresh and len(visits) == len(open_steps):
        if rules := await _rules_against(tx, series, open_steps):
            status = "barred"
        elif await _move(tx, proposal, series, visits, open_steps):
            status = "accepted"
    return [replace(one, status=status, rules=rules) if one in open_steps else one for one in steps]


async def _rules_against(tx: Tx, series: Series, steps: Sequence[Step]) -> tuple[str, ...]:
    """The safety rules that forbid to bring the patient at these times."""
    if not any(one.moves for one in steps):
        return ()
    starts = list(series.starts)
    for one in steps:
        starts[one.number - 1] = one.new or one.old
    return await rules_barring(tx, series) or await rules_against(tx, series, starts)


def _may_move(row: BookingRow, now: datetime) -> bool:
    return row.status == Keeping.TAKEN and row.arrive_time is None and row.start_time > now


async def _move(
    tx: Tx, proposal: Proposal, series: Series, visits: Sequence[Booking], steps: Sequence[Step]
) -> bool:
    news = [one.new for one in steps if one.new is not None]
    places = await move_all(tx, series, tuple(one.placement for one in visits), news)
    if not isinstance(places, tuple):
        return False
    changed = [one for one, step in zip(places, steps, strict=True) if step.moves]
    for visit, step in zip(visits, steps, strict=True):
        if step.moves:
            request_id = named(proposal.repair_id, f"{step.series_id}/{step.number}")
            await note_past(tx, visit, Ending(Past.MOVED, proposal.reason, request_id))
    record(tx, *moved(series, changed, proposal.reason, tx.now))
    return True


def _step(one: dict[str, Any]) -> Step:
    return Step(
        UUID(one["series_id"]),
        one["number"],
        one["revision"],
        datetime.fromisoformat(one["old"]),
        datetime.fromisoformat(one["new"]) if one["new"] else None,
        one["status"],
        tuple(one.get("rules", ())),
    )


def _document(step: Step) -> dict[str, Any]:
    return {
        "series_id": str(step.series_id),
        "number": step.number,
        "revision": step.revision,
        "old": step.old.isoformat(),
        "new": step.new.isoformat() if step.new else None,
        "status": step.status,
        "rules": list(step.rules),
    }
