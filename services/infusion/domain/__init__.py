"""What is true of an infusion session and what may happen to it."""

from services.infusion.domain.course import (
    Booking,
    Course,
    Programme,
    Session,
    Slot,
    Status,
    course_id,
    session_id,
    session_ids,
)
from services.infusion.domain.events import (
    Event,
    InfusionCompleted,
    InfusionStarted,
    SessionPlanned,
)
from services.infusion.domain.gate import Checklist
from services.infusion.domain.infusing import admit, complete, start
from services.infusion.domain.pack import Gate, Pack, Windows
from services.infusion.domain.planning import plan, release
from services.infusion.domain.visit import DoseOrder, End, Ending, Infusion, Start, Visit
from services.infusion.domain.vitals import Extremes, Vitals

__all__ = [
    "Booking",
    "Checklist",
    "Course",
    "DoseOrder",
    "End",
    "Ending",
    "Event",
    "Extremes",
    "Gate",
    "Infusion",
    "InfusionCompleted",
    "InfusionStarted",
    "Pack",
    "Programme",
    "Session",
    "SessionPlanned",
    "Slot",
    "Start",
    "Status",
    "Visit",
    "Vitals",
    "Windows",
    "admit",
    "complete",
    "course_id",
    "plan",
    "release",
    "session_id",
    "session_ids",
    "start",
]
