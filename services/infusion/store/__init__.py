"""Where courses, sessions, infusions, dose orders and readings are kept."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.dialects.postgresql import distinct_on
from sqlmodel import col

from chassis.database import Tx
from chassis.refusal import NotFound
from services.infusion import domain, wire
from services.infusion.store import shapes
from services.infusion.store.readings import add_readings, extremes, readings
from services.infusion.store.rows import CourseRow, DoseOrderRow, InfusionRow, SessionRow

__all__ = [
    "Question",
    "add_readings",
    "earlier",
    "extremes",
    "get",
    "keep_order",
    "listed",
    "order_in_force",
    "orders_in_force",
    "prefetch_orders",
    "prefetch_programmes",
    "programme",
    "readings",
    "record",
    "record_programme",
    "session",
    "unknown",
]


async def programme(
    tx: Tx, course_id: UUID, booked: Iterable[UUID] = ()
) -> domain.Programme | None:
    """A course with its sessions, and those among the booked ones that it once had."""
    row = await tx.find(CourseRow, course_id)
    if row is None:
        return None
    ids = _session_ids(row, booked)
    await tx.load(SessionRow, ids)
    found = [shapes.session(one) for key in ids if (one := await tx.find(SessionRow, key))]
    in_order = tuple(sorted(found, key=lambda session: session.number))
    return domain.Programme(shapes.course(row), in_order)


async def prefetch_programmes(tx: Tx, booked: Mapping[UUID, Sequence[UUID]]) -> None:
    """The courses of a batch, and the sessions of those that are there, in two queries."""
    await tx.load(CourseRow, booked)
    found = [(row, ids) for key, ids in booked.items() if (row := await tx.find(CourseRow, key))]
    if ids := [one for row, told in found for one in _session_ids(row, told)]:
        await tx.load(SessionRow, ids)


def record_programme(
    tx: Tx, programme: domain.Programme, events: Iterable[domain.Event] = ()
) -> None:
    """Keep a course, its sessions and its events together."""
    tx.put(shapes.course_row(programme.course))
    for session in programme.sessions:
        tx.put(shapes.session_row(session))
    for event in events:
        tx.emit(wire.event(event))


async def prefetch_orders(tx: Tx, orders: Iterable[domain.DoseOrder]) -> None:
    """The dose orders of a batch that are kept already."""
    await tx.load(DoseOrderRow, [(order.plan_id, order.number) for order in orders])


async def keep_order(tx: Tx, order: domain.DoseOrder) -> None:
    """A dose order is kept once, in whichever order the news comes."""
    if await tx.find(DoseOrderRow, (order.plan_id, order.number)) is None:
        tx.put(shapes.order_row(order))


async def order_in_force(tx: Tx, plan_id: UUID) -> domain.DoseOrder | None:
    """The order with the highest number."""
    return (await orders_in_force(tx, [plan_id])).get(plan_id)


async def orders_in_force(tx: Tx, plan_ids: Iterable[UUID]) -> Mapping[UUID, domain.DoseOrder]:
    """The orders in force of many plans."""
    plan, number = col(DoseOrderRow.plan_id), col(DoseOrderRow.number)
    newest = select(DoseOrderRow).where(plan.in_(set(plan_ids))).ext(distinct_on(plan))
    rows = await tx.rows(newest.order_by(plan, number.desc()))
    return {row.plan_id: shapes.order(row) for row in rows}


async def session(tx: Tx, session_id: UUID) -> tuple[domain.Session, domain.Infusion | None]:
    """A session and its infusion, without the course: what a reading needs."""
    row = await tx.find(SessionRow, session_id)
    if row is None:
        raise unknown()
    return shapes.session(row), await _infusion(tx, row)


async def get(tx: Tx, session_id: UUID) -> domain.Visit:
    """A session with its course and its infusion."""
    found, infusion = await session(tx, session_id)
    course = await tx.find(CourseRow, found.course_id)
    assert course is not None
    return domain.Visit(shapes.course(course), found, infusion)


async def earlier(tx: Tx, visit: domain.Visit) -> Sequence[domain.Session]:
    """The sessions before this one in its series."""
    series_id, number = visit.course.series_id, visit.session.number
    ids = [domain.session_id(series_id, before) for before in range(1, number)]
    await tx.load(SessionRow, ids)
    return [shapes.session(row) for key in ids if (row := await tx.find(SessionRow, key))]


def unknown() -> NotFound:
    """The same words for a session that is not there and one that is not the caller's to see."""
    return NotFound("SESSION_NOT_FOUND", "No such session.")


def record(tx: Tx, visit: domain.Visit, events: Iterable[domain.Event]) -> None:
    """Keep the new state and its events together."""
    tx.put(shapes.session_row(visit.session))
    if visit.infusion:
        tx.put(shapes.infusion_row(visit.session, visit.infusion))
    for event in events:
        tx.emit(wire.event(event))


@dataclass(frozen=True, slots=True)
class Question:
    """Which sessions, from where, and how many."""

    clinic_ids: frozenset[UUID] | None
    series_id: UUID | None
    status: domain.Status | None
    after: tuple[datetime, UUID] | None
    limit: int


async def listed(tx: Tx, question: Question) -> Sequence[domain.Visit]:
    """Sessions by planned start, without their readings."""
    when, key = col(SessionRow.planned_start_time), col(SessionRow.session_id)
    asked = select(SessionRow).order_by(when, key).limit(question.limit)
    if question.clinic_ids is not None:
        asked = asked.where(col(SessionRow.clinic_id).in_(question.clinic_ids))
    if question.series_id:
        row = await tx.find(CourseRow, domain.course_id(question.series_id))
        asked = asked.where(key.in_(_session_ids(row) if row else ()))
    if question.status:
        asked = asked.where(col(SessionRow.status) == question.status.value)
    if question.after:
        asked = asked.where(tuple_(when, key) > question.after)
    return await _visits(tx, await tx.rows(asked))


async def _visits(tx: Tx, rows: Sequence[SessionRow]) -> Sequence[domain.Visit]:
    await tx.load(CourseRow, {row.course_id for row in rows})
    await tx.load(InfusionRow, [row.session_id for row in rows if _has_started(row)])
    found = []
    for row in rows:
        course = await tx.find(CourseRow, row.course_id)
        assert course is not None
        visit = domain.Visit(shapes.course(course), shapes.session(row), await _infusion(tx, row))
        found.append(visit)
    return found


async def _infusion(tx: Tx, row: SessionRow) -> domain.Infusion | None:
    found = await tx.find(InfusionRow, row.session_id) if _has_started(row) else None
    return shapes.infusion(found) if found else None


def _has_started(row: SessionRow) -> bool:
    return row.status not in ("planned", "cancelled")


def _session_ids(row: CourseRow, booked: Iterable[UUID] = ()) -> Sequence[UUID]:
    numbers = range(1, row.session_count + 1)
    return list(
        dict.fromkeys((*(domain.session_id(row.series_id, number) for number in numbers), *booked))
    )
