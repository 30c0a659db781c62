"""What an intake can state: a closed union, each with the intake as it stands after."""

from dataclasses import dataclass
from typing import TypeAlias

from services.intake.domain.intake import Intake
from services.intake.domain.plan import Plan
from services.intake.domain.titration import Proposal, Response


@dataclass(frozen=True, slots=True)
class IntakeOpened:
    """A clinic opened its own intake for a referral."""

    intake: Intake


@dataclass(frozen=True, slots=True)
class AssessmentRecorded:
    """The specialist recorded an assessment."""

    intake: Intake
    phq9_score: int


@dataclass(frozen=True, slots=True)
class PlanApproved:
    """An individual plan was approved."""

    intake: Intake
    plan: Plan


@dataclass(frozen=True, slots=True)
class ReferralDeclined:
    """The clinic declined the referral."""

    intake: Intake
    reason: str


@dataclass(frozen=True, slots=True)
class DoseAdjusted:
    """The dose of the remaining sessions was decided anew, perhaps to stay."""

    intake: Intake
    plan: Plan
    previous_micrograms: int
    proposal: Proposal
    response: Response


Event: TypeAlias = (
    IntakeOpened | AssessmentRecorded | PlanApproved | ReferralDeclined | DoseAdjusted
)
