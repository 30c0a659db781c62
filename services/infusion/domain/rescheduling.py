"""New times of single sessions: the newest word about each holds, in whichever order words come."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from services.infusion.domain.course import Course, Programme, Session, Word
from services.infusion.domain.events import SessionPlanned
from services.infusion.domain.status import Move, Status

_WAITING = frozenset({Status.PLANNED, Status.CANCELLED, Status.NO_SHOW})
"""What is booked anew: a missed or cancelled session comes later under its own number."""


@dataclass(frozen=True, slots=True)
class News:
    """What a fact says of some sessions of a series; `course` names the series and no more."""

    course: Course
    words: tuple[Word, ...]


def reschedule(
    existing: Programme | None, news: News, now: datetime
) -> tuple[Programme, tuple[SessionPlanned, ...]]:
    """Of a series not confirmed yet the words are kept; a confirmation older than they obeys."""
    known = existing or Programme(news.course)
    words = {word.session_id: word for word in known.words}
    fresh = [word for word in news.words if _is_newer(word, words.get(word.session_id))]
    words |= {word.session_id: word for word in fresh}
    highest = max([known.course.highest_number, *(word.number for word in fresh)])
    course = known.course._replace(highest_number=highest)
    kept = Programme(course, known.sessions, tuple(words.values()))
    if not course.booked:
        return kept, ()
    late = [word for word in fresh if word.revision > course.series_revision]
    told = told_by(kept.sessions, late, course)
    if told == known.sessions:
        return kept, ()
    moved = course._replace(revision=course.revision + 1, clinic_id=place(kept.words))
    programme = replace(kept, course=moved, sessions=told)
    return programme, (SessionPlanned(programme, now),)


def told_by(
    sessions: Sequence[Session], words: Iterable[Word], course: Course
) -> tuple[Session, ...]:
    """The sessions as the words want them; what has begun keeps its time and its state."""
    by_id: dict[UUID, Session] = {session.session_id: session for session in sessions}
    for word in words:
        if session := _obeying(by_id.get(word.session_id), word, course):
            by_id[word.session_id] = session
    return tuple(sorted(by_id.values(), key=lambda session: session.number))


def place(words: Iterable[Word]) -> UUID:
    """A series that moves house moves with all that is to come."""
    return max(words, key=lambda word: word.revision).clinic_id


def _obeying(session: Session | None, word: Word, course: Course) -> Session | None:
    if word.start_time is None:
        waits = session is not None and session.status is Status.PLANNED
        return session.after(Move.CANCEL) if session and waits else session
    if session is None:
        return Session(
            word.session_id, course.course_id, word.clinic_id, word.number, word.start_time
        )
    if session.status not in _WAITING:
        return session
    return session._replace(
        status=Status.PLANNED,
        clinic_id=word.clinic_id,
        planned_start_time=word.start_time,
    )


def _is_newer(word: Word, known: Word | None) -> bool:
    return known is None or word.revision > known.revision
