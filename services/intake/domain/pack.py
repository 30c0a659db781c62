"""A protocol pack as the rules see it: plain numbers, none of them written in code."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from chassis.refusal import NotFound
from services.intake.domain.rules import Rules


@dataclass(frozen=True, slots=True)
class Schedule:
    """How many infusions in each week, and the least time between two."""

    name: str
    sessions_per_week: tuple[int, ...]
    min_gap_hours: int


@dataclass(frozen=True, slots=True)
class IdealWeight:
    """Devine's formula, in grams and inches."""

    base_grams: Mapping[str, int]
    """By sex at birth; "unknown" is a key too."""
    grams_per_inch: int
    base_inches: int


@dataclass(frozen=True, slots=True)
class Dosing:
    """How much racemic ketamine one infusion may hold; per-kg numbers are micrograms."""

    starting_per_kg: int
    older_age: int
    older_starting_per_kg: int
    ideal_weight_bmi: int
    ideal_weight: IdealWeight
    floor_per_kg: int
    soft_cap_per_kg: int
    hard_cap_per_kg: int
    hard_cap: int
    rounding: int


@dataclass(frozen=True, slots=True)
class Limits:
    """Where a reading begins to count against the dose."""

    systolic: int
    diastolic: int
    moaas: int
    oxygen_saturation: int


@dataclass(frozen=True, slots=True)
class Titration:
    """When the next dose moves, and how far at most."""

    step_per_kg: int
    first_raise_after_session: int
    weak_response_below_percent: int
    response_percent: int
    remission_below_score: int
    keep: Limits
    lower: Limits
    lowering_events: frozenset[str]
    mild_events: frozenset[str]


@dataclass(frozen=True)
class Pack:
    """One version of one protocol; never changed, only followed by the next version."""

    name: str
    version: int
    default_schedule: str
    schedules: Mapping[str, Schedule]
    infusion_minutes: int
    recovery_minutes: int
    dosing: Dosing
    titration: Titration
    rules: Rules

    @cached_property
    def label(self) -> str:
        """Name and version, as a plan carries them."""
        return f"{self.name}@{self.version}"

    def schedule(self, name: str) -> Schedule:
        """The schedule of that name, or a refusal."""
        if found := self.schedules.get(name):
            return found
        raise NotFound("PROTOCOL_NOT_FOUND", "The protocol pack has no such schedule.")
