"""An intake: one clinic's answer to one referral, and where it stands."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import NamedTuple
from uuid import UUID

from services.intake.domain.assessment import Assessment
from services.intake.domain.judging import Eligibility
from services.intake.domain.need import Need
from services.intake.domain.pack import Pack
from services.intake.domain.plan import Plan, State
from services.intake.domain.risk import NOTHING_KNOWN, SuicideRisk
from services.intake.domain.screening import Finding
from services.intake.domain.starting import NO_EARLIER_COURSE, Earlier
from services.intake.domain.weighing import Body


class Status(Enum):
    """Where an intake stands."""

    OPEN = "open"
    ASSESSED = "assessed"
    PLANNED = "planned"
    DECLINED = "declined"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, order=True)
class Agreement:
    """A second specialist's agreement to one finding of the assessment in force."""

    rule_id: str
    reviewed_by: str


# A flow makes it anew at each step: as a tuple, in a third of a frozen dataclass's time.
class Intake(NamedTuple):
    """One intake, whole."""

    intake_id: UUID
    revision: int
    status: Status
    need: Need
    pack: Pack
    """The pack that screened it last; a plan is made with the same."""
    flags: tuple[Finding, ...]
    open_time: datetime
    update_time: datetime
    assessment: Assessment | None = None
    assessment_number: int = 0
    plan: Plan | None = None
    decline_reason: str | None = None
    decided_number: int = 0
    """The last session whose response decided the dose."""
    agreed: tuple[Agreement, ...] = ()
    eligibility: Eligibility | None = None
    risk: SuicideRisk = NOTHING_KNOWN
    treated_since: datetime | None = None
    """When the first infusion of this course began."""

    @property
    def is_paused(self) -> bool:
        """Whether its plan waits for a new assessment and a prescriber's word."""
        plan = self.plan
        return self.status is Status.PLANNED and plan is not None and plan.state is State.PAUSED

    @property
    def body(self) -> Body:
        """The measures that count: the specialist's, else the referrer's."""
        now = self.assessment.physical if self.assessment else self.need
        return Body(self.need.sex_at_birth, now.weight_grams, now.height_millimetres)

    @property
    def earlier(self) -> Earlier:
        """How an earlier course went, as the specialist was told."""
        return self.assessment.psychiatric.earlier if self.assessment else NO_EARLIER_COURSE
