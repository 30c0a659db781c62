"""A visit: one session, the course it belongs to, and what the day has brought so far."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from services.infusion.domain import pump
from services.infusion.domain.checklist import Drug
from services.infusion.domain.course import Course, Session
from services.infusion.domain.pack import Pack
from services.infusion.domain.pump import Interval, Setting
from services.infusion.domain.vitals import Vitals


@dataclass(frozen=True, slots=True)
class Attendance:
    """The patient is here; the protocol taken up at the arrival holds for the whole visit."""

    arrive_time: datetime
    latest_time: datetime
    """When the last thing happened that was told of: nothing is told of before it."""
    pack: Pack
    recover_time: datetime | None = None
    leave_time: datetime | None = None
    leave_reason: str = ""


@dataclass(frozen=True, slots=True)
class Ending:
    """How an infusion ended."""

    stopped_early: bool
    stop_reason: str
    delivered_ml: Decimal
    given_micrograms: int
    """The drug in the volume, to the next whole microgram; `Infusion.given_mg` is exact."""
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
    drug: Drug
    setting: Setting
    intervals: tuple[Interval, ...]
    ending: Ending | None = None

    @property
    def given_mg(self) -> Decimal | None:
        """The drug given, exactly; None while it runs."""
        if self.ending is None:
            return None
        return self.ending.delivered_ml * self.setting.concentration_mg_per_ml

    @property
    def running_seconds(self) -> int:
        """The sum of the ended intervals."""
        return pump.running_seconds(self.intervals)

    def halted(self, at: datetime) -> "Infusion":
        """The pump stands still from here on; a pump that stands stays so."""
        *before, last = self.intervals
        if last.end_time:
            return self
        return replace(self, intervals=(*before, replace(last, end_time=at)))

    def running(self, rate_ml_per_h: Decimal, at: datetime) -> "Infusion":
        """The pump runs at this rate from here on."""
        halted = self.halted(at)
        return replace(halted, intervals=(*halted.intervals, Interval(at, rate_ml_per_h)))


@dataclass(frozen=True, slots=True)
class Visit:
    """One session, whole, without its readings."""

    course: Course
    session: Session
    attendance: Attendance | None = None
    infusion: Infusion | None = None

    @property
    def pack(self) -> Pack:
        """The protocol of this visit."""
        assert self.attendance
        return self.attendance.pack

    def at(self, moment: datetime, session: Session, infusion: Infusion | None = None) -> "Visit":
        """The visit after something that happened at a moment."""
        assert self.attendance
        attendance = replace(self.attendance, latest_time=moment)
        return Visit(self.course, session, attendance, infusion or self.infusion)
