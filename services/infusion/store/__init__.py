"""Where courses, sessions, infusions, dose orders and readings are kept."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlmodel import col

from chassis.database import Tx
from chassis.refusal import NotFound
from services.infusion import domain, wire
from services.infusion.store import shapes
from services.infusion.store.orders import (
    keep_order,
    order_in_force,
    orders_in_force,
    prefetch_orders,
)
from services.infusion.store.programmes import (
    prefetch_programmes,
    programme,
    record_programme,
)
from services.infusion.store.readings import add_readings, extremes, readings
from services.infusion.store.rows import CourseRow, InfusionRow, SessionRow

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
    ids = domain.session_ids(series_id, number - 1)
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
        asked = asked.where(key.in_(_ids(row) if row else ()))
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


def _ids(row: CourseRow) -> Sequence[UUID]:
    return domain.session_ids(row.series_id, row.highest_number)
