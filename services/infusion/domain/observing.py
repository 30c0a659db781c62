"""What is noted beside the numbers: adverse events, medicines, company, experience."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from uuid import UUID

from chassis.ids import named
from chassis.refusal import AlreadyExists
from services.infusion.domain.alerts import Alert, raised
from services.infusion.domain.moments import moment
from services.infusion.domain.pack import Level
from services.infusion.domain.status import Status, wrong_state
from services.infusion.domain.visit import Visit


class Kind(Enum):
    """What sort of thing was noted."""

    ADVERSE_EVENT = "adverse_event"
    MEDICATION = "medication"
    SCALE = "scale"
    COMPANION = "companion"
    SETTING = "setting"
    NOTE = "note"
    EXPERIENCE = "experience"


@dataclass(frozen=True, slots=True)
class Observation:
    """One thing noted; what it says is kept as it was told, and protected."""

    observation_id: UUID
    session_id: UUID
    kind: Kind
    code: str
    content: str
    recorded_by: str
    occur_time: datetime


def observation_id(session_id: UUID, request_id: UUID) -> UUID:
    """The same request is the same observation."""
    return named(session_id, f"observation/{request_id}")


def observe(
    visit: Visit,
    told: Observation,
    known: Observation | None,
    occur_time: datetime | None,
    now: datetime,
) -> tuple[Observation, Alert | None]:
    """Noted once; an event that the pack calls grave asks for a stop."""
    if known:
        if (known.kind, known.code, known.content) != (told.kind, told.code, told.content):
            raise AlreadyExists("REQUEST_ID_REUSED", "This request id noted something else.")
        return known, None
    never_here = visit.session.status in (Status.PLANNED, Status.CANCELLED, Status.NO_SHOW)
    if visit.attendance is None or never_here:
        raise wrong_state("Nothing is noted of somebody who is not here.")
    at = _when(visit, occur_time, now)
    noted = replace(told, occur_time=at)
    grave = noted.kind is Kind.ADVERSE_EVENT and noted.code in visit.pack.stop_events
    if not grave:
        return noted, None
    rule = f"event_{noted.code}", Level.STOP, "adverse_event"
    return noted, raised(noted.session_id, rule, at)


def adverse_events(observations: Sequence[Observation]) -> tuple[str, ...]:
    """The codes of all adverse events, each once, in order of time."""
    ordered = sorted(observations, key=lambda one: one.occur_time)
    codes = (one.code for one in ordered if one.kind is Kind.ADVERSE_EVENT)
    return tuple(dict.fromkeys(codes))


def _when(visit: Visit, told: datetime | None, now: datetime) -> datetime:
    """An observation may be told after what followed it, but not from before the arrival."""
    assert visit.attendance
    arrived = replace(visit.attendance, latest_time=visit.attendance.arrive_time)
    return moment("occur_time", told, replace(visit, attendance=arrived), visit.pack.windows, now)
