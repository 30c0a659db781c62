"""What is true of an infusion session and what may happen to it."""

from services.infusion.domain.alerts import Alert, acknowledge, is_quiet, watch
from services.infusion.domain.attending import arrive, cancel, miss
from services.infusion.domain.cadence import due_time, look
from services.infusion.domain.checking import Answer, check, confirm, override_start, settle
from services.infusion.domain.checklist import (
    Checklist,
    DoubleCheck,
    Drug,
    Form,
    Override,
    Pregnancy,
    SubstanceUse,
    SuicideRisk,
)
from services.infusion.domain.course import (
    Booking,
    Course,
    Programme,
    Session,
    Slot,
    Word,
    course_id,
    session_id,
    session_ids,
)
from services.infusion.domain.discharging import Assessment, Stay
from services.infusion.domain.ending import End, complete
from services.infusion.domain.events import (
    DischargeOverridden,
    Event,
    GateOverridden,
    InfusionCompleted,
    InfusionStarted,
    SessionCancelled,
    SessionDischarged,
    SessionMissed,
    SessionPlanned,
    SessionTransferred,
    VitalsOverdue,
)
from services.infusion.domain.gate import NEVER_ANSWERED_FOR, Evidence, findings
from services.infusion.domain.infusing import Start, change_rate, pause, resume, start
from services.infusion.domain.leaving import discharge, override_discharge, recover, transfer
from services.infusion.domain.observing import (
    Kind,
    Observation,
    adverse_events,
    observation_id,
    observe,
)
from services.infusion.domain.orders import DoseOrder
from services.infusion.domain.pack import (
    Cadence,
    Discharge,
    Gate,
    Level,
    Library,
    Pack,
    Rule,
    Windows,
)
from services.infusion.domain.planning import plan, release
from services.infusion.domain.publishing import Publication, choose, publish
from services.infusion.domain.pump import Interval, Setting, rate
from services.infusion.domain.record import Record
from services.infusion.domain.rescheduling import News, reschedule
from services.infusion.domain.risk import RiskScreening, newest_screening
from services.infusion.domain.standing import (
    PlanStanding,
    Standing,
    newest,
    standing_findings,
)
from services.infusion.domain.status import AT_THE_GATE, BEFORE, PRESENT, Status
from services.infusion.domain.visit import Attendance, Ending, Infusion, Visit
from services.infusion.domain.vitals import PARAMETERS, Extremes, Vitals, admit

__all__ = [
    "AT_THE_GATE",
    "BEFORE",
    "NEVER_ANSWERED_FOR",
    "PARAMETERS",
    "PRESENT",
    "Alert",
    "Answer",
    "Assessment",
    "Attendance",
    "Booking",
    "Cadence",
    "Checklist",
    "Course",
    "Discharge",
    "DischargeOverridden",
    "DoseOrder",
    "DoubleCheck",
    "Drug",
    "End",
    "Ending",
    "Event",
    "Evidence",
    "Extremes",
    "Form",
    "Gate",
    "GateOverridden",
    "Infusion",
    "InfusionCompleted",
    "InfusionStarted",
    "Interval",
    "Kind",
    "Level",
    "Library",
    "News",
    "Observation",
    "Override",
    "Pack",
    "PlanStanding",
    "Pregnancy",
    "Programme",
    "Publication",
    "Record",
    "RiskScreening",
    "Rule",
    "Session",
    "SessionCancelled",
    "SessionDischarged",
    "SessionMissed",
    "SessionPlanned",
    "SessionTransferred",
    "Setting",
    "Slot",
    "Standing",
    "Start",
    "Status",
    "Stay",
    "SubstanceUse",
    "SuicideRisk",
    "Visit",
    "Vitals",
    "VitalsOverdue",
    "Windows",
    "Word",
    "acknowledge",
    "admit",
    "adverse_events",
    "arrive",
    "cancel",
    "change_rate",
    "check",
    "choose",
    "complete",
    "confirm",
    "course_id",
    "discharge",
    "due_time",
    "findings",
    "is_quiet",
    "look",
    "miss",
    "newest",
    "newest_screening",
    "observation_id",
    "observe",
    "override_discharge",
    "override_start",
    "pause",
    "plan",
    "publish",
    "rate",
    "recover",
    "release",
    "reschedule",
    "resume",
    "session_id",
    "session_ids",
    "settle",
    "standing_findings",
    "start",
    "transfer",
    "watch",
]
