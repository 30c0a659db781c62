"""Closures, and the repairs that they and people call for."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import groupby
from uuid import UUID

from sqlmodel import col, select

from chassis.database import Tx
from chassis.ids import named
from chassis.plans import made
from chassis.refusal import NotFound
from services.scheduling.domain import (
    Agenda,
    Closure,
    Keeping,
    Origin,
    Proposal,
    Series,
    Step,
    Touched,
    Wanted,
    Wish,
    cannot_stay,
    repair,
    steps_for,
    visit_of,
    wish,
)
from services.scheduling.packs import policy
from services.scheduling.store.clinics import get_clinic
from services.scheduling.store.closures import closures_of
from services.scheduling.store.desk import Desk
from services.scheduling.store.desks import desk_of, open_desks, reopen_desk
from services.scheduling.store.moving import live
from services.scheduling.store.patients import load_sessions, patient_of
from services.scheduling.store.proposals import (
    clinic_of_repair,
    find_repair,
    get_repair,
    keep_repair,
)
from services.scheduling.store.rows import BookingRow, ClosureRow, DeskRow
from services.scheduling.store.safety import must_be_safe
from services.scheduling.store.series import find, get, load
from services.scheduling.store.shapes import placement
from services.scheduling.store.waiting import wake_waitlist


async def close(tx: Tx, closure: Closure) -> Proposal:
    """Keep the closure, and propose new times for whoever cannot stay; the same again is known."""
    await open_desks(tx, [closure.clinic_id], careful=True)
    if known := await find_repair(tx, closure.closure_id):
        return known
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
    steps = repair(desk.agenda.copy(), await touched(tx, desk, await _inside(tx, desk, closure)))
    proposal = Proposal(closure.closure_id, closure.clinic_id, Origin.CLOSURE, steps, closure)
    return await keep_repair(tx, proposal)


async def submit(
    tx: Tx, repair_id: UUID, clinic_id: UUID, origin: Origin, wanted: Sequence[Wanted]
) -> Proposal:
    """Keep what somebody, or CP-SAT, proposes for sessions of a clinic; the same again is known."""
    await open_desks(tx, [clinic_id], careful=True)
    if known := await find_repair(tx, repair_id):
        return known
    desk = await desk_of(tx, clinic_id)
    if desk is None:
        raise NotFound("CLINIC_NOT_FOUND", "No such clinic.")
    await load(tx, sorted({one.series_id for one in wanted}))
    steps = list[Step]()
    for series_id, mine in groupby(sorted(wanted), key=lambda one: one.series_id):
        series = await get(tx, series_id)
        if series.plan.clinic_id != clinic_id:
            raise NotFound("SERIES_NOT_FOUND", "No such series.")
        await must_be_safe(tx, series)
        rules = await wish_in(tx, desk.agenda, series), desk.agenda
        places = {one.number: one for one in await live(tx, series, 1)}
        steps += steps_for(series, places, list(mine), rules, tx.now)
    return await keep_repair(tx, Proposal(repair_id, clinic_id, origin, tuple(steps)))


async def reopen(tx: Tx, closure_id: UUID) -> Proposal:
    """The resource is back early; sessions stay where they are, new ones may come."""
    await open_desks(tx, [await clinic_of_repair(tx, closure_id)], careful=True)
    row = await tx.find(ClosureRow, closure_id)
    if row is None:
        raise NotFound("REPAIR_NOT_FOUND", "No such closure.")
    if row.end_time > tx.now:
        row.start_time = min(row.start_time, tx.now - timedelta(microseconds=1))
        row.end_time = tx.now
        tx.put(row)
        await _with_new_calendar(tx, row.clinic_id)
        wake_waitlist(tx, row.clinic_id)
    return await get_repair(tx, closure_id)


async def wish_in(tx: Tx, agenda: Agenda, series: Series) -> Wish:
    """What the sessions to come of a series ask for, as they are booked."""
    await load_sessions(tx, [series.plan.patient_id])
    patient = await patient_of(tx, series)
    return replace(
        wish(series.plan, policy(), agenda, tx.now, patient),
        visit=visit_of(series.plan, series.shape, patient.preferences),
        earliest=agenda.shelf.calendar.unit(tx.now + policy().lead),
    )


async def _with_new_calendar(tx: Tx, clinic_id: UUID) -> Desk:
    clinic, closures = await get_clinic(tx, clinic_id), await closures_of(tx, clinic_id)
    row = await tx.find(DeskRow, clinic_id)
    assert row is not None
    row.clinic_print = named(clinic_id, repr((clinic, closures)))
    row.patterns, row.reached = [], []
    tx.put(row)
    return await reopen_desk(tx, row)


async def _inside(tx: Tx, desk: Desk, closure: Closure) -> list[BookingRow]:
    query = select(BookingRow).where(
        col(BookingRow.clinic_id) == closure.clinic_id,
        col(BookingRow.status) == Keeping.TAKEN.value,
        col(BookingRow.arrive_time).is_(None),
        col(BookingRow.start_time) > max(closure.start - timedelta(days=1), tx.now),
        col(BookingRow.start_time) < closure.end,
        col(BookingRow.end_time) > closure.start,
    )
    return [one for one in await tx.rows(query) if cannot_stay(desk.agenda, placement(one))]


async def touched(tx: Tx, desk: Desk, rows: Sequence[BookingRow]) -> list[Touched]:
    """Sessions that cannot stay as they are, each with what its series asks and has after it."""
    await load(tx, sorted({one.series_id for one in rows}))
    found = []
    for row in rows:
        series = await find(tx, row.series_id)
        assert series is not None
        wanted = await wish_in(tx, desk.agenda, series)
        later = await live(tx, series, row.number + 1)
        revision, starts = series.revision, series.starts
        found.append(Touched(series.series_id, revision, placement(row), starts, wanted, later))
    return found
