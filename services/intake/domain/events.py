"""What comes of a decision: facts to state and records to keep, each a closed union."""

from dataclasses import dataclass, field
from typing import TypeAlias
from uuid import UUID

from services.intake.domain.intake import Intake
from services.intake.domain.judging import Eligibility
from services.intake.domain.plan import Plan
from services.intake.domain.record import Barrier, Given
from services.intake.domain.risk import SuicideRisk
from services.intake.domain.scores import Score
from services.intake.domain.titration import Direction


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
class EligibilityDecided:
    """The specialist decided on the patient, short of declining."""

    intake: Intake
    eligibility: Eligibility


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
    direction: Direction
    reasons: tuple[str, ...]
    session_id: UUID | None
    percent_change: str = ""
    by_person: bool = False


@dataclass(frozen=True, slots=True)
class PlanRevised:
    """A plan has a new version."""

    intake: Intake
    plan: Plan


@dataclass(frozen=True, slots=True)
class PlanPaused:
    """The series waits for a new assessment."""

    intake: Intake
    plan: Plan
    session_id: UUID


@dataclass(frozen=True, slots=True)
class PlanResumed:
    """A paused plan goes on."""

    intake: Intake
    plan: Plan


@dataclass(frozen=True, slots=True)
class PlanStopped:
    """A plan has ended for good."""

    intake: Intake
    plan: Plan


@dataclass(frozen=True, slots=True)
class SuicideRiskScreened:
    """A suicide-risk screener was answered."""

    intake: Intake
    risk: SuicideRisk


@dataclass(frozen=True, slots=True)
class SafetyReviewed:
    """What bars a patient's bookings is otherwise than before."""

    intake: Intake
    barriers: tuple[Barrier, ...]


@dataclass(frozen=True, slots=True)
class ScoreTaken:
    """A questionnaire was rated."""

    intake: Intake
    score: Score


@dataclass(frozen=True, slots=True)
class SessionGiven:
    """A session counts for the longitudinal rules from now on."""

    intake: Intake
    given: Given


@dataclass(frozen=True, slots=True)
class FindingsReviewed:
    """A second specialist agreed to findings."""

    intake: Intake
    rule_ids: tuple[str, ...]
    reviewed_by: str
    rationale: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class PlanSuperseded:
    """A version of a plan that is no longer in force."""

    intake: Intake
    plan: Plan
    rationale: str = field(repr=False)
    """Why it was superseded."""


Fact: TypeAlias = (
    IntakeOpened
    | AssessmentRecorded
    | EligibilityDecided
    | PlanApproved
    | ReferralDeclined
    | DoseAdjusted
    | PlanRevised
    | PlanPaused
    | PlanResumed
    | PlanStopped
    | SuicideRiskScreened
    | SafetyReviewed
)
Kept: TypeAlias = ScoreTaken | SessionGiven | FindingsReviewed | PlanSuperseded
"""Kept, and stated in no fact: nobody else needs it."""
Event: TypeAlias = Fact | Kept
