"""An infusion protocol as the rules see it: plain numbers, none of them written in code."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Gate:
    """Vital signs within which an infusion may start."""

    systolic_hold_from: int
    diastolic_hold_from: int
    systolic_least: int
    oxygen_saturation_least: int
    heart_rate_least: int
    heart_rate_most: int


@dataclass(frozen=True, slots=True)
class Windows:
    """How far a reading's time may lie from the clock and from the start."""

    ahead_seconds: int
    before_start_minutes: int


@dataclass(frozen=True, slots=True)
class Pack:
    """One version of one protocol."""

    name: str
    version: int
    gate: Gate
    windows: Windows
