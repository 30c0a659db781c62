"""What comes of a decision: facts to state and records to keep, each a closed union."""

from dataclasses import dataclass
from typing import TypeAlias

from services.intake.domain.intake import Intake
from services.intake.domain.plan import Plan
from services.intake.domain.risk import SuicideRisk
from services.intake.domain.scores import Score
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


@dataclass(frozen=True, slots=True)
class SuicideRiskScreened:
    """A suicide-risk screener was answered."""

    intake: Intake
    risk: SuicideRisk


@dataclass(frozen=True, slots=True)
class ScoreTaken:
    """A questionnaire was rated: kept, and stated in no fact."""

    intake: Intake
    score: Score


Fact: TypeAlias = (
    IntakeOpened
    | AssessmentRecorded
    | PlanApproved
    | ReferralDeclined
    | DoseAdjusted
    | SuicideRiskScreened
)
Event: TypeAlias = Fact | ScoreTaken
