"""What becomes of a series' sessions when scheduling confirms or releases it."""

from dataclasses import replace
from datetime import datetime

from services.infusion.domain.course import Booking, Course, Programme, Session, Slot
from services.infusion.domain.events import SessionPlanned
from services.infusion.domain.rescheduling import place, told_by
from services.infusion.domain.status import BEFORE, Move, Status


def plan(
    existing: Programme | None, booking: Booking, now: datetime
) -> tuple[Programme, tuple[SessionPlanned, ...]]:
    """A confirmed series has its sessions expected; what has started keeps its time."""
    if existing and existing.course.series_revision >= booking.course.series_revision:
        return existing, ()
    known = {session.session_id: session for session in existing.sessions} if existing else {}
    booked = [_booked(known.pop(slot.session_id, None), slot, booking) for slot in booking.slots]
    dropped = [_cancelled(session) for session in known.values()]
    words = existing.words if existing else ()
    late = [word for word in words if word.revision > booking.course.series_revision]
    sessions = told_by(booked + dropped, late, booking.course)
    is_news = existing is None or sessions != existing.sessions
    revision = (existing.course.revision if existing else 0) + is_news
    highest = max(session.number for session in sessions)
    course = booking.course._replace(
        revision=revision,
        highest_number=highest,
        booked=True,
        clinic_id=place(late) if late else booking.course.clinic_id,
    )
    programme = Programme(course, sessions, words)
    return programme, (SessionPlanned(programme, now),) if is_news else ()


def release(existing: Programme | None, told: Course) -> Programme:
    """Sessions that did not start are called off; a later word about the series stays valid."""
    if existing is None:
        return Programme(told)
    if existing.course.series_revision >= told.series_revision:
        return existing
    course = existing.course._replace(series_revision=told.series_revision, booked=False)
    sessions = tuple(_cancelled(session) for session in existing.sessions)
    return replace(existing, course=course, sessions=sessions)


def _booked(session: Session | None, slot: Slot, booking: Booking) -> Session:
    course = booking.course
    if session is None:
        return Session(
            slot.session_id, course.course_id, course.clinic_id, slot.number, slot.start_time
        )
    if session.status in (Status.PLANNED, Status.CANCELLED):
        return session._replace(
            status=Status.PLANNED,
            clinic_id=course.clinic_id,
            planned_start_time=slot.start_time,
        )
    return session


def _cancelled(session: Session) -> Session:
    return session.after(Move.CANCEL) if session.status in BEFORE else session
