"""The individual plan: a schedule, a dose order in force, what is particular, and who signed it."""

from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from enum import Enum
from functools import lru_cache
from uuid import UUID

from chassis.ids import named
from services.intake.domain.days import day_of
from services.intake.domain.pack import Pack, Schedule
from services.intake.domain.weighing import Basis


class Approval(Enum):
    """Who approves a plan."""

    SPECIALIST = "specialist"
    STANDING_ORDER = "standing_order"


class State(Enum):
    """Where a plan stands."""

    ACTIVE = "active"
    PAUSED = "paused"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Policy:
    """How one clinic runs its intake."""

    clinic_id: UUID
    approval: Approval
    schedule: str
    pack: Pack = field(repr=False)
    """What new intakes are screened and planned with."""
    zone: tzinfo | None = None
    """By which the clinic's days begin and end; None until it was told."""

    def day(self, moment: datetime) -> date:
        """The clinic's calendar day."""
        return day_of(moment, self.zone)


@dataclass(frozen=True, slots=True)
class Individual:
    """What the specialist says of this patient; what is None is the pack's."""

    goal: str = field(default="", repr=False)
    weight_basis: Basis | None = None
    infusion_minutes: int | None = None
    kap: bool = False
    antiemetic: str | None = None


AS_THE_PACK_SAYS = Individual()


@dataclass(frozen=True, slots=True)
class Wish:
    """What the specialist asks of a plan; what is left out follows from the pack."""

    schedule: str | None = None
    dose_micrograms: int | None = None
    rationale: str = field(default="", repr=False)
    individual: Individual = AS_THE_PACK_SAYS
    signed_by: str = ""


@dataclass(frozen=True, slots=True)
class DoseOrder:
    """A dose of one infusion; superseded by the next order, never edited."""

    dose_order_id: UUID
    number: int
    dose_micrograms: int
    dosing_weight_grams: int
    weight_basis: str
    reasons: tuple[str, ...]
    order_time: datetime
    ordered_by: str = ""
    previous_micrograms: int | None = None
    percent_change: str = ""
    """How much of the baseline had gone, as a decimal; empty where not known."""


@dataclass(frozen=True, slots=True)
class Proposed:
    """A dose that the response asks for and that somebody must sign."""

    dose_micrograms: int
    reasons: tuple[str, ...]
    session_id: UUID


@dataclass(frozen=True, slots=True)
class Plan:
    """What was approved, and the dose order in force."""

    plan_id: UUID
    schedule: Schedule
    approval: Approval
    starting_micrograms: int
    dose: DoseOrder
    approve_time: datetime
    rationale: str = field(default="", repr=False)
    individual: Individual = AS_THE_PACK_SAYS
    signed_by: str = ""
    version: int = 1
    state: State = State.ACTIVE
    state_reason: str = ""
    paused_at_assessment: int = 0
    """The assessment that was in force when it was paused; another one must follow."""
    proposed: Proposed | None = None


@lru_cache(maxsize=1024)
def intake_id(referral_id: UUID) -> UUID:
    """One intake for a referral."""
    return named(referral_id, "intake")


@lru_cache(maxsize=1024)
def plan_id(intake: UUID) -> UUID:
    """One plan for an intake."""
    return named(intake, "plan")


def dose_order_id(plan: UUID, number: int) -> UUID:
    """The orders of a plan are numbered from 1."""
    return named(plan, f"dose/{number}")
