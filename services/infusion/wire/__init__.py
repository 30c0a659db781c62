"""Our words and everyone's: the only room that sees both the domain and the contracts."""

from services.infusion.wire.assessments import assessment, assessment_text
from services.infusion.wire.checklists import (
    checklist_read,
    checklist_text,
    confirmed,
    dose_text,
    findings,
    recorded,
    told,
)
from services.infusion.wire.facts import event
from services.infusion.wire.heard import (
    OfSeries,
    adjusted_order,
    booking,
    clock,
    course_id,
    first_order,
    lapsed,
    order_place,
    released,
    rescheduled,
    screening,
    standing,
)
from services.infusion.wire.measures import alert, reading, readings, vitals
from services.infusion.wire.protocols import protocol, protocol_place, publication
from services.infusion.wire.records import DISCHARGE, record
from services.infusion.wire.replies import session
from services.infusion.wire.requests import (
    answer,
    end,
    observation,
    observed,
    rate,
    resumed,
    start,
    status,
)
from services.infusion.wire.values import maybe_moment, stamp

__all__ = [
    "DISCHARGE",
    "OfSeries",
    "adjusted_order",
    "alert",
    "answer",
    "assessment",
    "assessment_text",
    "booking",
    "checklist_read",
    "checklist_text",
    "clock",
    "confirmed",
    "course_id",
    "dose_text",
    "end",
    "event",
    "findings",
    "first_order",
    "lapsed",
    "maybe_moment",
    "observation",
    "observed",
    "order_place",
    "protocol",
    "protocol_place",
    "publication",
    "rate",
    "reading",
    "readings",
    "record",
    "recorded",
    "released",
    "rescheduled",
    "resumed",
    "screening",
    "session",
    "stamp",
    "standing",
    "start",
    "status",
    "told",
    "vitals",
]
