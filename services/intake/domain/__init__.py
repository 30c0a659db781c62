"""What is true of an intake and what may happen to it."""

from services.intake.domain.adjusting import adjust
from services.intake.domain.assessment import Assessment, Need
from services.intake.domain.deciding import (
    Decision,
    approve_plan,
    close,
    decline,
    open_for,
    record_assessment,
)
from services.intake.domain.dosing import Dosing
from services.intake.domain.events import (
    AssessmentRecorded,
    DoseAdjusted,
    Event,
    Fact,
    IntakeOpened,
    PlanApproved,
    ReferralDeclined,
    ScoreTaken,
    SuicideRiskScreened,
)
from services.intake.domain.intake import Intake, Status
from services.intake.domain.pack import (
    Drug,
    Limits,
    Monitoring,
    Pack,
    Review,
    Risk,
    Schedule,
    SessionLimit,
    Terms,
    Titration,
    Watch,
)
from services.intake.domain.plan import (
    Approval,
    DoseOrder,
    Plan,
    Policy,
    Wish,
    dose_order_id,
    intake_id,
    plan_id,
)
from services.intake.domain.publishing import Publication, choose, publish
from services.intake.domain.rating import Questionnaire, record_scale, recorded_id
from services.intake.domain.risk import SuicideRisk, blocks_until
from services.intake.domain.rules import MEASURES, Rule, Rules, Severity
from services.intake.domain.safety import fullest
from services.intake.domain.scale import Alert, Band, Level, Missing, Scale
from services.intake.domain.scores import (
    Comparison,
    Origin,
    Score,
    baseline,
    compared,
    later,
    told_by_referral,
)
from services.intake.domain.scoring import Outcome, Rating
from services.intake.domain.titration import Direction, Proposal, Response, propose
from services.intake.domain.weighing import Basis

__all__ = [
    "MEASURES",
    "Alert",
    "Approval",
    "Assessment",
    "AssessmentRecorded",
    "Band",
    "Basis",
    "Comparison",
    "Decision",
    "Direction",
    "DoseAdjusted",
    "DoseOrder",
    "Dosing",
    "Drug",
    "Event",
    "Fact",
    "Intake",
    "IntakeOpened",
    "Level",
    "Limits",
    "Missing",
    "Monitoring",
    "Need",
    "Origin",
    "Outcome",
    "Pack",
    "Plan",
    "PlanApproved",
    "Policy",
    "Proposal",
    "Publication",
    "Questionnaire",
    "Rating",
    "ReferralDeclined",
    "Response",
    "Review",
    "Risk",
    "Rule",
    "Rules",
    "Scale",
    "Schedule",
    "Score",
    "ScoreTaken",
    "SessionLimit",
    "Severity",
    "Status",
    "SuicideRisk",
    "SuicideRiskScreened",
    "Terms",
    "Titration",
    "Watch",
    "Wish",
    "adjust",
    "approve_plan",
    "baseline",
    "blocks_until",
    "choose",
    "close",
    "compared",
    "decline",
    "dose_order_id",
    "fullest",
    "intake_id",
    "later",
    "open_for",
    "plan_id",
    "propose",
    "publish",
    "record_assessment",
    "record_scale",
    "recorded_id",
    "told_by_referral",
]
