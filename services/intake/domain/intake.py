"""An intake: one clinic's answer to one referral, and where it stands."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from uuid import UUID

from services.intake.domain.assessment import Assessment, Need
from services.intake.domain.pack import Pack
from services.intake.domain.plan import Plan
from services.intake.domain.risk import NOTHING_KNOWN, SuicideRisk
from services.intake.domain.rules import Rule


class Status(Enum):
    """Where an intake stands."""

    OPEN = "open"
    ASSESSED = "assessed"
    PLANNED = "planned"
    DECLINED = "declined"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Intake:
    """One intake, whole."""

    intake_id: UUID
    revision: int
    status: Status
    need: Need
    pack: Pack
    """The pack that screened it last; a plan is made with the same."""
    flags: tuple[Rule, ...]
    open_time: datetime
    update_time: datetime
    assessment: Assessment | None = None
    plan: Plan | None = None
    decline_reason: str | None = None
    decided_number: int = 0
    """The last session whose response decided the dose."""
    risk: SuicideRisk = NOTHING_KNOWN
    treated_since: datetime | None = None
    """When the first infusion of this course began."""
