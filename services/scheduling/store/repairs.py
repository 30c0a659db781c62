"""Closures, and the repairs that they call for: proposed whole, accepted whole or in part."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from sqlmodel import col, select

from chassis.database import Tx
from chassis.plans import made
from chassis.refusal import NotFound
from services.scheduling.domain import (
    Agenda,
    Booking,
    Closure,
    Day,
    Ending,
    Keeping,
    Past,
    Series,
    Step,
    Touched,
    Visit,
    cannot_stay,
    moved,
    repair,
    wish,
)
from services.scheduling.packs import policy
from services.scheduling.store.clinics import get_clinic
from services.scheduling.store.closures import closures_of
from services.scheduling.store.desk import Desk
from services.scheduling.store.desks import open_desks, reopen_desk
from services.scheduling.store.moving import live, move_all
from services.scheduling.store.patients import load_sessions, patient_of
from services.scheduling.store.rows import BookingRow, ClosureRow, DeskRow, RepairRow
from services.scheduling.store.series import find, get, load, record
from services.scheduling.store.shapes import booking, placement
from services.scheduling.store.visits import note_past

Repair = tuple[Closure, tuple[Step, ...]]


async def close(tx: Tx, closure: Closure) -> Repair:
    """Keep the closure, and propose new times for whoever cannot stay; the same again is known."""
    await open_desks(tx, [closure.clinic_id], careful=True)
    if known := await tx.find(RepairRow, closure.closure_id):
        return await _closure(tx, known.closure_id), _steps(known)
    tx.put(
        made(
            ClosureRow,
            closure_id=closure.closure_id,
            clinic_id=closure.clinic_id,
            resource_id=closure.resource_id,
            start_time=closure.start,
            end_time=closure.end,
            reason=closure.reason,
        )
    )
    desk = await _with_new_calendar(tx, closure.clinic_id)
    steps = repair(_copy(desk.agenda), await _touched(tx, desk, closure))
    tx.put(
        made(
            RepairRow,
            closure_id=closure.closure_id,
            clinic_id=closure.clinic_id,
            steps=[_document(one) for one in steps],
        )
    )
    return closure, steps


async def get_repair(tx: Tx, closure_id: UUID) -> Repair:
    """A closure and what was proposed for it, or a refusal."""
    row = await tx.find(RepairRow, closure_id)
    if row is None:
        raise NotFound("REPAIR_NOT_FOUND", "No such repair.")
    return await _closure(tx, closure_id), _steps(row)


async def accept(tx: Tx, closure_id: UUID, only: Collection[UUID]) -> Repair:
    """Carry out the steps of these series, or of all; a series that has changed is left alone."""
    closure, _ = await get_repair(tx, closure_id)
    await open_desks(tx, [closure.clinic_id], careful=True)
    row = await tx.find(RepairRow, closure_id)
    assert row is not None
    steps, found = _steps(row), list[Step]()
    await load(tx, sorted({one.series_id for one in steps}))
    for series_id in dict.fromkeys(one.series_id for one in steps):
        mine = [one for one in steps if one.series_id == series_id]
        wanted = not only or series_id in only
        found += await _carry_out(tx, closure, mine) if wanted else mine
    row.steps = [_document(one) for one in sorted(found, key=lambda one: (one.old, one.series_id))]
    tx.put(row)
    return closure, _steps(row)


async def reopen(tx: Tx, closure_id: UUID) -> Closure:
    """The resource is back early; sessions stay where they are, new ones may come."""
    closure, _ = await get_repair(tx, closure_id)
    await open_desks(tx, [closure.clinic_id], careful=True)
    row = await tx.find(ClosureRow, closure_id)
    assert row is not None
    if row.end_time > tx.now:
        row.end_time = max(tx.now, row.start_time + timedelta(microseconds=1))
        tx.put(row)
        await _with_new_calendar(tx, closure.clinic_id)
    return await _closure(tx, closure_id)


async def _carry_out(tx: Tx, closure: Closure, steps: Sequence[Step]) -> list[Step]:
    """The steps of one series, all or none: half of them would press its sessions together."""
    series = await get(tx, steps[0].series_id)
    open_steps = [one for one in steps if one.status == "proposed" and one.new is not None]
    rows = [await tx.find(BookingRow, _key(one)) for one in open_steps]
    visits = [booking(row, series.status) for row in rows if row and row.status == Keeping.TAKEN]
    fresh = all(one.revision == series.revision for one in open_steps)
    if open_steps and fresh and len(visits) == len(open_steps):
        done = await _move(tx, closure, series, visits, open_steps)
    else:
        done = False
    status = "accepted" if done else "stale"
    return [replace(one, status=status) if one in open_steps else one for one in steps]


async def _move(
    tx: Tx, closure: Closure, series: Series, visits: Sequence[Booking], steps: Sequence[Step]
) -> bool:
    news = [one.new for one in steps if one.new is not None]
    places = await move_all(tx, series, tuple(one.placement for one in visits), news)
    if not isinstance(places, tuple):
        return False
    changed = [one for one, step in zip(places, steps, strict=True) if step.new != step.old]
    for visit, step in zip(visits, steps, strict=True):
        if step.new != step.old:
            request_id = uuid5(closure.closure_id, f"{step.series_id}/{step.number}")
            await note_past(tx, visit, Ending(Past.MOVED, "closure", request_id))
    record(tx, *moved(series, changed, "closure", tx.now))
    return True


async def _with_new_calendar(tx: Tx, clinic_id: UUID) -> Desk:
    clinic, closures = await get_clinic(tx, clinic_id), await closures_of(tx, clinic_id)
    row = await tx.find(DeskRow, clinic_id)
    assert row is not None
    row.clinic_print = uuid5(clinic_id, repr((clinic, closures)))
    row.patterns, row.reached = [], []
    tx.put(row)
    return await reopen_desk(tx, row)


async def _touched(tx: Tx, desk: Desk, closure: Closure) -> list[Touched]:
    query = select(BookingRow).where(
        col(BookingRow.clinic_id) == closure.clinic_id,
        col(BookingRow.status) == Keeping.TAKEN.value,
        col(BookingRow.arrive_time).is_(None),
        col(BookingRow.start_time) > max(closure.start - timedelta(days=1), tx.now),
        col(BookingRow.start_time) < closure.end,
        col(BookingRow.end_time) > closure.start,
    )
    rows = [one for one in await tx.rows(query) if cannot_stay(desk.agenda, placement(one))]
    await load(tx, sorted({one.series_id for one in rows}))
    found = []
    for row in rows:
        series = await find(tx, row.series_id)
        assert series is not None
        await load_sessions(tx, [series.plan.patient_id])
        patient = await patient_of(tx, series)
        liked = patient.preferences
        wanted = replace(
            wish(series.plan, policy(), desk.agenda, tx.now, patient),
            visit=Visit(series.shape, liked.therapist, liked.skills),
            earliest=desk.shelf.calendar.unit(tx.now + policy().lead),
        )
        place = placement(row)
        later = await live(tx, series, row.number + 1)
        revision, starts = series.revision, series.starts
        found.append(Touched(series.series_id, revision, place, starts, wanted, later))
    return found


async def _closure(tx: Tx, closure_id: UUID) -> Closure:
    row = await tx.find(ClosureRow, closure_id)
    assert row is not None
    return Closure(
        row.closure_id, row.clinic_id, row.resource_id, row.start_time, row.end_time, row.reason
    )


def _copy(agenda: Agenda) -> Agenda:
    """To think in: a proposal takes nothing."""
    found = Agenda(agenda.shelf)
    found.days = {ordinal: Day(day.packed()) for ordinal, day in agenda.days.items()}
    found.complete = agenda.complete
    return found


def _key(step: Step) -> tuple[UUID, int]:
    return step.series_id, step.number


def _steps(row: RepairRow) -> tuple[Step, ...]:
    return tuple(
        Step(
            UUID(one["series_id"]),
            one["number"],
            one["revision"],
            datetime.fromisoformat(one["old"]),
            datetime.fromisoformat(one["new"]) if one["new"] else None,
            one["status"],
        )
        for one in row.steps
    )


def _document(step: Step) -> dict[str, Any]:
    return {
        "series_id": str(step.series_id),
        "number": step.number,
        "revision": step.revision,
        "old": step.old.isoformat(),
        "new": step.new.isoformat() if step.new else None,
        "status": step.status,
    }
