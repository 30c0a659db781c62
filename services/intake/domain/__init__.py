"""What is true of an intake and what may happen to it."""

from services.intake.domain.assessment import Assessment, Need
from services.intake.domain.deciding import (
    Decision,
    adjust,
    approve_plan,
    close,
    decline,
    open_for,
    record_assessment,
)
from services.intake.domain.events import (
    AssessmentRecorded,
    DoseAdjusted,
    Event,
    IntakeOpened,
    PlanApproved,
    ReferralDeclined,
)
from services.intake.domain.intake import Intake, Status
from services.intake.domain.pack import (
    Dosing,
    IdealWeight,
    Limits,
    Pack,
    Schedule,
    Titration,
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
from services.intake.domain.rules import Rule, Rules, Severity
from services.intake.domain.titration import Direction, Proposal, Response, propose

__all__ = [
    "Approval",
    "Assessment",
    "AssessmentRecorded",
    "Decision",
    "Direction",
    "DoseAdjusted",
    "DoseOrder",
    "Dosing",
    "Event",
    "IdealWeight",
    "Intake",
    "IntakeOpened",
    "Limits",
    "Need",
    "Pack",
    "Plan",
    "PlanApproved",
    "Policy",
    "Proposal",
    "ReferralDeclined",
    "Response",
    "Rule",
    "Rules",
    "Schedule",
    "Severity",
    "Status",
    "Titration",
    "Wish",
    "adjust",
    "approve_plan",
    "close",
    "decline",
    "dose_order_id",
    "intake_id",
    "open_for",
    "plan_id",
    "propose",
    "record_assessment",
]
