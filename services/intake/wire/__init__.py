"""Our words and everyone's: the only room that sees both the domain and the contracts."""

from services.intake.wire.assessments import assessment
from services.intake.wire.facts import event, intake_of, need, response, withdrawn
from services.intake.wire.publications import pack, pack_in, pack_place, pack_wanted, publication
from services.intake.wire.replies import intake, policy_reply
from services.intake.wire.requests import (
    decline_reason,
    entity_id,
    policy,
    status,
    wish,
)
from services.intake.wire.scales import questionnaire, score

__all__ = [
    "assessment",
    "decline_reason",
    "entity_id",
    "event",
    "intake",
    "intake_of",
    "need",
    "pack",
    "pack_in",
    "pack_place",
    "pack_wanted",
    "policy",
    "policy_reply",
    "publication",
    "questionnaire",
    "response",
    "score",
    "status",
    "wish",
    "withdrawn",
]
