"""A course: the sessions that a confirmed series makes the clinic expect."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

from chassis.ids import named
from services.infusion.domain.status import Move, Status, moved


# A batch makes hundreds of these: as tuples, in a third of a frozen dataclass's time.
class Course(NamedTuple):
    """Infusion's record of a whole series; without a patient when only its release was heard."""

    course_id: UUID
    revision: int
    series_revision: int
    """The last word heard of the series; older ones are ignored."""
    series_id: UUID
    plan_id: UUID
    referral_id: UUID
    patient_id: UUID | None
    clinic_id: UUID
    session_count: int = 0
    infusion_minutes: int = 0
    highest_number: int = 0
    """Of all sessions that were ever planned, those called off among them."""
    booked: bool = False
    """Whether the last word of the whole series was its confirmation."""


class Session(NamedTuple):
    """One session as it is booked; its revision counts the facts that it stated."""

    session_id: UUID
    course_id: UUID
    clinic_id: UUID
    number: int
    planned_start_time: datetime
    status: Status = Status.PLANNED
    revision: int = 0

    def after(self, move: Move, facts: int = 0) -> "Session":
        """The session after a legal move that states so many facts."""
        return self._replace(status=moved(self.status, move), revision=self.revision + facts)

    def stating(self, facts: int) -> "Session":
        """The session after facts that do not move it."""
        return self._replace(revision=self.revision + facts)


class Word(NamedTuple):
    """What was said of one session alone, at a revision of its series; no time calls it off."""

    session_id: UUID
    number: int
    revision: int
    start_time: datetime | None
    clinic_id: UUID


@dataclass(frozen=True, slots=True)
class Programme:
    """A course with its sessions in order, and the newest words about single ones."""

    course: Course
    sessions: tuple[Session, ...] = ()
    words: tuple[Word, ...] = ()


class Slot(NamedTuple):
    """One session's time in a series."""

    session_id: UUID
    number: int
    start_time: datetime


@dataclass(frozen=True, slots=True)
class Booking:
    """A series as scheduling confirmed it: the course it asks for, and its times."""

    course: Course
    slots: tuple[Slot, ...]


@lru_cache(maxsize=1024)
def course_id(series_id: UUID) -> UUID:
    """One course for a series."""
    return named(series_id, "course")


def session_ids(series_id: UUID, last: int) -> tuple[UUID, ...]:
    """The sessions of a series up to a number."""
    return tuple([session_id(series_id, number) for number in range(1, last + 1)])


def session_id(series_id: UUID, number: int) -> UUID:
    """The sessions of a series are numbered from 1; a booking's id is the session's."""
    return named(series_id, f"session/{number}")
