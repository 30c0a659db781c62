"""What infusion can state: a closed union."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from services.infusion.domain.course import Programme
from services.infusion.domain.visit import Ending, Infusion, Visit
from services.infusion.domain.vitals import Extremes


@dataclass(frozen=True, slots=True)
class SessionPlanned:
    """The sessions of a confirmed series have their records."""

    programme: Programme
    plan_time: datetime


@dataclass(frozen=True, slots=True)
class InfusionStarted:
    """The pump was started."""

    visit: Visit
    infusion: Infusion


@dataclass(frozen=True, slots=True)
class InfusionCompleted:
    """The infusion ended."""

    visit: Visit
    infusion: Infusion
    ending: Ending
    extremes: Extremes


Event: TypeAlias = SessionPlanned | InfusionStarted | InfusionCompleted
