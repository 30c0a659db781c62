"""What infusion can state: a closed union."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from services.infusion.domain.checklist import Override
from services.infusion.domain.course import Programme
from services.infusion.domain.visit import Ending, Infusion, Visit
from services.infusion.domain.vitals import Extremes


@dataclass(frozen=True, slots=True)
class SessionPlanned:
    """The sessions of a confirmed series have their records."""

    programme: Programme
    plan_time: datetime


@dataclass(frozen=True, slots=True)
class GateOverridden:
    """A prescriber answered for findings of the start gate."""

    visit: Visit
    overrides: tuple[Override, ...]
    override_time: datetime


@dataclass(frozen=True, slots=True)
class InfusionStarted:
    """The pump was started."""

    visit: Visit
    infusion: Infusion


@dataclass(frozen=True, slots=True)
class VitalsOverdue:
    """No pressure was measured in the time that the cadence leaves."""

    visit: Visit
    last_time: datetime
    overdue_time: datetime


@dataclass(frozen=True, slots=True)
class InfusionCompleted:
    """The infusion ended."""

    visit: Visit
    infusion: Infusion
    ending: Ending
    extremes: Extremes


@dataclass(frozen=True, slots=True)
class DischargeOverridden:
    """A prescriber answered for findings of the discharge gate."""

    visit: Visit
    overrides: tuple[Override, ...]
    override_time: datetime


@dataclass(frozen=True, slots=True)
class SessionDischarged:
    """The patient went home."""

    visit: Visit
    escorted: bool
    extremes: Extremes
    adverse_events: tuple[str, ...]
    discharge_time: datetime


@dataclass(frozen=True, slots=True)
class SessionTransferred:
    """The patient was handed to another place of care."""

    visit: Visit
    reason: str
    transfer_time: datetime


@dataclass(frozen=True, slots=True)
class SessionMissed:
    """The patient did not come."""

    visit: Visit
    miss_time: datetime


@dataclass(frozen=True, slots=True)
class SessionCancelled:
    """The clinic called the session off on the day."""

    visit: Visit
    reason: str
    cancel_time: datetime


Event: TypeAlias = (
    SessionPlanned
    | GateOverridden
    | InfusionStarted
    | VitalsOverdue
    | InfusionCompleted
    | DischargeOverridden
    | SessionDischarged
    | SessionTransferred
    | SessionMissed
    | SessionCancelled
)
