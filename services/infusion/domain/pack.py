"""An infusion protocol as the rules see it: plain numbers, none of them written in code."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum


class Level(Enum):
    """What an alert asks for, mildest first."""

    WARN = "warn"
    PAUSE = "pause"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Gate:
    """What must hold before an infusion starts."""

    systolic_hold_from: int
    diastolic_hold_from: int
    systolic_least: int
    oxygen_saturation_least: int
    heart_rate_least: int
    heart_rate_most: int
    respiratory_rate_least: int
    respiratory_rate_most: int
    second_reading_minutes: int
    solids_hours: int
    clear_fluids_hours: int
    screen_item9_from: int
    valid_minutes: int


@dataclass(frozen=True, slots=True)
class Library:
    """What a pump may be told: the drug library's limits and the pump's own grain."""

    rate_step_tenths: int
    rate_most: int
    concentration_most: int
    dose_rate_most: int
    volume_tolerance_percent: int


@dataclass(frozen=True, slots=True)
class Windows:
    """How far a told time may lie from the clock and from the start."""

    ahead_seconds: int
    before_start_minutes: int
    late_entry_minutes: int


@dataclass(frozen=True, slots=True)
class Cadence:
    """How often pressure is measured, and how late is too late."""

    infusing_minutes: int
    recovery_minutes: int
    grace_minutes: int
    catch_up_seconds: int


@dataclass(frozen=True, slots=True)
class Rule:
    """When an alert of one parameter is raised, and when it clears: never at the same value."""

    rule_id: str
    parameter: str
    level: Level
    low: bool
    """Whether values under the threshold raise it, rather than values from it on."""
    threshold: int
    clear: int
    persist_seconds: int

    def breaks(self, value: int) -> bool:
        """Whether the value raises the alert."""
        return value < self.threshold if self.low else value >= self.threshold

    def calms(self, value: int) -> bool:
        """Whether the value clears the alert."""
        return value >= self.clear if self.low else value < self.clear


@dataclass(frozen=True, slots=True)
class Discharge:
    """What must hold before a patient goes home."""

    stay_minutes: int
    stay_alone_minutes: int
    aldrete_least: int
    moaas_least: int
    nausea_most: int
    pressure_percent: int
    systolic_below: int
    diastolic_below: int
    no_driving_hours: int
    reading_minutes: int


@dataclass(frozen=True, slots=True)
class Pack:
    """One version of one protocol."""

    name: str
    version: int
    effective_date: date
    gate: Gate
    washout_hours: Mapping[str, int]
    hold_on_screen: frozenset[str]
    overridable_at_start: frozenset[str]
    library: Library
    windows: Windows
    cadence: Cadence
    rules: tuple[Rule, ...]
    stop_events: frozenset[str]
    discharge: Discharge
    instructions: frozenset[str]
    overridable_at_discharge: frozenset[str]

    @property
    def label(self) -> str:
        """What a record keeps of the pack that it was made with."""
        return f"{self.name}@{self.version}"
