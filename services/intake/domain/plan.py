"""The individual plan: a schedule, a dose order in force, and who approved it."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from functools import lru_cache
from uuid import UUID, uuid5

from services.intake.domain.pack import Pack, Schedule


class Approval(Enum):
    """Who approves a plan."""

    SPECIALIST = "specialist"
    STANDING_ORDER = "standing_order"


@dataclass(frozen=True, slots=True)
class Policy:
    """How one clinic runs its intake."""

    clinic_id: UUID
    approval: Approval
    schedule: str
    pack: Pack = field(repr=False)
    """What new intakes are screened and planned with."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What the specialist asks of a plan; what is left out follows from the pack."""

    schedule: str | None = None
    dose_micrograms: int | None = None
    rationale: str = field(default="", repr=False)


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


@lru_cache(maxsize=1024)
def intake_id(referral_id: UUID) -> UUID:
    """One intake for a referral."""
    return uuid5(referral_id, "intake")


@lru_cache(maxsize=1024)
def plan_id(intake: UUID) -> UUID:
    """One plan for an intake."""
    return uuid5(intake, "plan")


def dose_order_id(plan: UUID, number: int) -> UUID:
    """The orders of a plan are numbered from 1."""
    return uuid5(plan, f"dose/{number}")
