"""The pump: its programme, its intervals, and volumes and amounts that agree exactly."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from services.infusion.domain.pack import Library

_UG_PER_MG = 1000
_MINUTES_PER_HOUR = 60
_SECONDS_PER_HOUR = 3600


@dataclass(frozen=True, slots=True)
class Setting:
    """What the pump is told to give; amounts are exact."""

    dose_mg: Decimal
    concentration_mg_per_ml: Decimal
    volume_ml: Decimal
    minutes: int
    rate_ml_per_h: Decimal


@dataclass(frozen=True, slots=True)
class Interval:
    """A stretch of running at one rate; without an end while it lasts."""

    start_time: datetime
    rate_ml_per_h: Decimal
    end_time: datetime | None = None


def faults(
    setting: Setting, ordered_micrograms: int, minutes: int, library: Library
) -> Iterator[tuple[str, str]]:
    """Where a setting differs from the order, from itself, or from the drug library."""
    if setting.dose_mg * _UG_PER_MG != ordered_micrograms:
        yield "pump_dose", "must be the ordered dose"
    if setting.concentration_mg_per_ml * setting.volume_ml != setting.dose_mg:
        yield "pump_volume", "concentration times volume must be the dose, exactly"
    if setting.minutes != minutes:
        yield "pump_minutes", "must be the ordered minutes"
    if setting.rate_ml_per_h != rate(setting, library):
        yield "pump_rate", "must give the volume in the minutes"
    yield from _beyond(setting, library)


def rate(setting: Setting, library: Library) -> Decimal:
    """The rate that gives the volume in the minutes, on the pump's own grain."""
    step = Decimal(library.rate_step_tenths) / 10
    exact = setting.volume_ml * _MINUTES_PER_HOUR / setting.minutes
    return (exact / step).quantize(Decimal(1), ROUND_HALF_UP) * step


def is_allowed(rate_ml_per_h: Decimal, concentration: Decimal, library: Library) -> bool:
    """Whether a rate keeps to the drug library, in volume and in drug."""
    step = Decimal(library.rate_step_tenths) / 10
    return (
        0 < rate_ml_per_h <= library.rate_most
        and rate_ml_per_h % step == 0
        and rate_ml_per_h * concentration <= library.dose_rate_most
    )


def running_seconds(intervals: Sequence[Interval]) -> int:
    """The sum of the intervals, whole seconds: pauses are in none of them."""
    spans = [one.end_time - one.start_time for one in intervals if one.end_time]
    return int(sum(span.total_seconds() for span in spans))


def pumped_ml(intervals: Sequence[Interval]) -> Fraction:
    """What the rates gave in their times, as a ratio: nothing is rounded."""
    return sum(
        (
            Fraction(one.rate_ml_per_h) * _microseconds(one) / (_SECONDS_PER_HOUR * 1_000_000)
            for one in intervals
            if one.end_time
        ),
        Fraction(),
    )


def given_micrograms(setting: Setting, delivered_ml: Decimal) -> Decimal:
    """The drug in a volume, exactly."""
    return delivered_ml * setting.concentration_mg_per_ml * _UG_PER_MG


def could_give(intervals: Sequence[Interval], volume_ml: Decimal, library: Library) -> bool:
    """Whether the pump ran long enough to give so much, within its accuracy."""
    allowed = pumped_ml(intervals) * (100 + library.volume_tolerance_percent) / 100
    return Fraction(volume_ml) <= allowed


def _beyond(setting: Setting, library: Library) -> Iterator[tuple[str, str]]:
    if setting.concentration_mg_per_ml > library.concentration_most:
        yield "pump_concentration", f"{library.concentration_most} mg/mL or less"
    if setting.rate_ml_per_h > library.rate_most:
        yield "pump_rate_limit", f"{library.rate_most} mL/h or less"
    if setting.rate_ml_per_h * setting.concentration_mg_per_ml > library.dose_rate_most:
        yield "pump_dose_rate", f"{library.dose_rate_most} mg/h or less"


def _microseconds(one: Interval) -> int:
    assert one.end_time
    span = one.end_time - one.start_time
    return (span.days * 86400 + span.seconds) * 1_000_000 + span.microseconds
