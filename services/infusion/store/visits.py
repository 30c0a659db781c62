"""Sessions, whole: with their course, their day and their infusion."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlmodel import col

from chassis.database import Tx
from chassis.plans import made
from chassis.refusal import NotFound
from services.infusion import domain, wire
from services.infusion.store import infusion_shapes, shapes
from services.infusion.store.protocols import load_packs, pack
from services.infusion.store.revisions import as_revised, load_minutes
from services.infusion.store.rows import CourseRow, InfusionRow, IntervalRow, SessionRow
from services.infusion.store.visit_rows import AttendanceRow


async def get(tx: Tx, session_id: UUID) -> domain.Visit:
    """A session with all that decides what may happen to it; locked where it may change."""
    row = await tx.find(SessionRow, session_id)
    if row is None:
        raise unknown()
    return await _visit(tx, row, whole=True)


async def earlier(tx: Tx, visit: domain.Visit) -> Sequence[domain.Session]:
    """The sessions before this one in its series."""
    series_id, number = visit.course.series_id, visit.session.number
    ids = domain.session_ids(series_id, number - 1)
    await tx.load(SessionRow, ids)
    return [shapes.session(row) for key in ids if (row := await tx.find(SessionRow, key))]


def unknown() -> NotFound:
    """The same words for a session that is not there and one that is not the caller's to see."""
    return NotFound("SESSION_NOT_FOUND", "No such session.")


def record(tx: Tx, visit: domain.Visit, events: Iterable[domain.Event] = ()) -> None:
    """Keep the new state and its events together."""
    session_id = visit.session.session_id
    tx.put(shapes.session_row(visit.session))
    if visit.attendance:
        tx.put(_attendance_row(session_id, visit.attendance))
    if visit.infusion:
        tx.put(infusion_shapes.infusion_row(session_id, visit.infusion))
        for row in infusion_shapes.interval_rows(session_id, visit.infusion):
            tx.put(row)
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
    """Sessions by planned start, without their readings and intervals."""
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
    courses = [one for row in rows if (one := await tx.find(CourseRow, row.course_id))]
    await load_minutes(tx, {one.plan_id for one in courses})
    begun = [row.session_id for row in rows if row.status != "planned"]
    await tx.load(AttendanceRow, begun)
    await tx.load(InfusionRow, begun)
    return [await _visit(tx, row, whole=False) for row in rows]


async def _visit(tx: Tx, row: SessionRow, *, whole: bool) -> domain.Visit:
    course = await tx.find(CourseRow, row.course_id)
    assert course is not None
    waiting = row.status == "planned"
    day = None if waiting and not whole else await tx.find(AttendanceRow, row.session_id)
    return domain.Visit(
        await as_revised(tx, shapes.course(course)),
        shapes.session(row),
        await _attendance(tx, day) if day else None,
        None if waiting or day is None else await _infusion(tx, row.session_id, whole=whole),
    )


async def _infusion(tx: Tx, session_id: UUID, *, whole: bool) -> domain.Infusion | None:
    row = await tx.find(InfusionRow, session_id)
    if row is None:
        return None
    intervals: Sequence[IntervalRow] = ()
    if whole:
        number = col(IntervalRow.number)
        mine = col(IntervalRow.session_id) == session_id
        intervals = await tx.rows(select(IntervalRow).where(mine).order_by(number))
    return infusion_shapes.infusion(row, intervals)


async def _attendance(tx: Tx, row: AttendanceRow) -> domain.Attendance:
    await load_packs(tx, (row.pack,))
    return domain.Attendance(
        row.arrive_time,
        row.latest_time,
        pack(tx, row.pack),
        row.recover_time,
        row.leave_time,
        row.leave_reason,
    )


def _attendance_row(session_id: UUID, attendance: domain.Attendance) -> AttendanceRow:
    return made(
        AttendanceRow,
        session_id=session_id,
        arrive_time=attendance.arrive_time,
        latest_time=attendance.latest_time,
        pack=attendance.pack.label,
        recover_time=attendance.recover_time,
        leave_time=attendance.leave_time,
        leave_reason=attendance.leave_reason,
    )


def _ids(row: CourseRow) -> Sequence[UUID]:
    return domain.session_ids(row.series_id, row.highest_number)
