"""Our words and everyone's: the only room that sees both the domain and the contracts."""

from services.intake.wire.assessments import assessment
from services.intake.wire.eligibility import assessed, caution, decision, moments, opinion
from services.intake.wire.facts import event
from services.intake.wire.heard import (
    clinic,
    clinic_and_patient,
    need,
    response,
    supplement,
    withdrawn,
)
from services.intake.wire.plans import change, revision, signature, stop_reason, wish
from services.intake.wire.publications import pack, pack_in, pack_place, pack_wanted, publication
from services.intake.wire.replies import intake, policy_reply
from services.intake.wire.requests import decline_reason, entity_id, policy, status
from services.intake.wire.scales import questionnaire, score

__all__ = [
    "assessed",
    "assessment",
    "caution",
    "change",
    "clinic",
    "clinic_and_patient",
    "decision",
    "decline_reason",
    "entity_id",
    "event",
    "intake",
    "moments",
    "need",
    "opinion",
    "pack",
    "pack_in",
    "pack_place",
    "pack_wanted",
    "policy",
    "policy_reply",
    "publication",
    "questionnaire",
    "response",
    "revision",
    "score",
    "signature",
    "status",
    "stop_reason",
    "supplement",
    "wish",
    "withdrawn",
]
