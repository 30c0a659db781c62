"""Our words and everyone's: the only room that sees both the domain and the contracts."""

from services.infusion.wire.facts import (
    adjusted_order,
    booking,
    course_id,
    event,
    first_order,
    released,
)
from services.infusion.wire.replies import session, stamp
from services.infusion.wire.requests import end, readings, start, status

__all__ = [
    "adjusted_order",
    "booking",
    "course_id",
    "end",
    "event",
    "first_order",
    "readings",
    "released",
    "session",
    "stamp",
    "start",
    "status",
]
