"""A protocol pack as the rules see it: plain numbers, none of them written in code."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import cached_property

from chassis.refusal import NotFound
from services.intake.domain.dosing import Dosing
from services.intake.domain.rules import Rules, Severity
from services.intake.domain.scale import Scale


@dataclass(frozen=True, slots=True)
class Schedule:
    """How many infusions in each week, the least time between two, and what follows."""

    name: str
    sessions_per_week: tuple[int, ...]
    min_gap_hours: int
    maintenance_every_days: int


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
    automatic_raises: int
    """So many steps above the starting dose are taken without a signature."""
    weak_response_below_percent: int
    keep: Limits
    lower: Limits
    lowering_events: frozenset[str]
    mild_events: frozenset[str]


@dataclass(frozen=True, slots=True)
class Review:
    """After which sessions a series is judged, and how little change stops it."""

    after_sessions: tuple[int, ...]
    stop_below_percent: int


@dataclass(frozen=True, slots=True)
class Risk:
    """The suicide-risk step: the screener that closes it, and what its worst levels block."""

    scale: str
    opened_by: frozenset[str]
    """Screening rules that ask for it, besides the alerts of the scales."""
    blocking: frozenset[str]
    block_days: int
    """To the end of so many of the clinic's calendar days; the first is the screener's."""


@dataclass(frozen=True, slots=True)
class SessionLimit:
    """No more than so many sessions in any stretch of so many days."""

    rule_id: str
    days: int
    at_most: int


@dataclass(frozen=True, slots=True)
class Watch:
    """A questionnaire that must be in date, and the bands of it that speak against treatment."""

    rule_id: str
    scale: str
    every_days: int
    bands: Mapping[str, Severity]
    finding: str


@dataclass(frozen=True, slots=True)
class Drug:
    """A drug order by the pack's own code, an exact amount and a route."""

    code: str
    micrograms: int
    route: str


@dataclass(frozen=True, slots=True)
class Monitoring:
    """How closely a patient is watched."""

    pressure_every_minutes: int
    pressure_every_minutes_afterwards: int
    oximetry: str


@dataclass(frozen=True, slots=True)
class Terms:
    """What a plan says unless the specialist says otherwise."""

    infusion_minutes: int
    recovery_minutes: int
    infusion_minutes_at_least: int
    infusion_minutes_at_most: int
    antiemetics: Mapping[str, Drug]
    antiemetic: str
    monitoring: Monitoring
    close_monitoring: Monitoring
    close_monitoring_for: frozenset[str]
    """Screening rules that ask for it; older patients have it anyway."""
    measures_valid_days: int
    conditions: frozenset[str]
    """What an eligibility may depend on."""


@dataclass(frozen=True)
class Pack:
    """One version of one protocol; never changed, only followed by the next version."""

    name: str
    version: int
    effective_date: date
    default_schedule: str
    schedules: Mapping[str, Schedule]
    terms: Terms
    dosing: Dosing
    titration: Titration
    review: Review
    scales: Mapping[str, Scale]
    response_scale: str
    """The scale whose change moves the dose."""
    risk: Risk
    limits: tuple[SessionLimit, ...]
    watches: tuple[Watch, ...]
    rules: Rules
    equivalents: Mapping[str, Fraction]
    """Milligrams of lorazepam that one milligram of a drug is worth, by the drug's code."""

    @cached_property
    def label(self) -> str:
        """Name and version, as a plan carries them."""
        return f"{self.name}@{self.version}"

    def schedule(self, name: str) -> Schedule:
        """The schedule of that name, or a refusal."""
        if found := self.schedules.get(name):
            return found
        raise NotFound("PROTOCOL_NOT_FOUND", "The protocol pack has no such schedule.")

    def scale(self, name: str) -> Scale:
        """The scale of that name, or a refusal."""
        if found := self.scales.get(name):
            return found
        raise NotFound("SCALE_NOT_FOUND", "The protocol pack has no such scale.")

    @property
    def measured_by(self) -> Scale:
        """The scale whose change moves the dose."""
        return self.scales[self.response_scale]
