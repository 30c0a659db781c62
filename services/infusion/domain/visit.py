"""A visit: one session, its infusion once started, and the course it belongs to."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.infusion.domain.course import Course, Session
from services.infusion.domain.gate import Checklist
from services.infusion.domain.vitals import Vitals


@dataclass(frozen=True, slots=True)
class DoseOrder:
    """A dose as intake ordered it; the highest number of a plan is in force."""

    plan_id: UUID
    number: int
    dose_order_id: UUID
    dose_micrograms: int
    order_time: datetime


@dataclass(frozen=True, slots=True)
class Ending:
    """How an infusion ended."""

    given_micrograms: int
    running_minutes: int
    adverse_events: tuple[str, ...]
    end_time: datetime


@dataclass(frozen=True, slots=True)
class Infusion:
    """One infusion: exists only where the gate was passed."""

    dose_order_id: UUID
    ordered_micrograms: int
    start_time: datetime
    baseline: Vitals
    phq9_score: int | None
    ending: Ending | None = None


@dataclass(frozen=True, slots=True)
class Visit:
    """One session, whole, without its readings."""

    course: Course
    session: Session
    infusion: Infusion | None = None


@dataclass(frozen=True, slots=True)
class Start:
    """What is told when an infusion is to start."""

    checklist: Checklist
    baseline: Vitals
    phq9_score: int | None


@dataclass(frozen=True, slots=True)
class End:
    """What is told when an infusion ended."""

    stopped_early: bool
    given_micrograms: int
    """0 when the caller leaves it to the order."""
    running_minutes: int
    adverse_events: tuple[str, ...]
