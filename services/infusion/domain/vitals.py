"""Vital signs: one reading, when it may be believed, and the extremes of many."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from chassis.refusal import Invalid, Violation
from services.infusion.domain.pack import Windows
from services.infusion.domain.status import PRESENT, Status, wrong_state

PARAMETERS = (
    "oxygen_saturation",
    "heart_rate",
    "systolic",
    "diastolic",
    "moaas",
    "respiratory_rate",
    "rass",
)


@dataclass(frozen=True, slots=True)
class Vitals:
    """One reading; None where it was not taken."""

    measure_time: datetime
    oxygen_saturation: int
    heart_rate: int
    systolic: int | None = None
    diastolic: int | None = None
    moaas: int | None = None
    respiratory_rate: int | None = None
    rass: int | None = None
    artefact: bool = False
    """Kept as it came, and believed by nobody."""


@dataclass(frozen=True, slots=True)
class Extremes:
    """The worst of all readings of an infusion, the baseline among them."""

    peak_systolic: int
    peak_diastolic: int
    lowest_oxygen_saturation: int
    lowest_moaas: int


def admit(
    status: Status,
    arrive_time: datetime | None,
    readings: Sequence[tuple[str, Vitals]],
    when: tuple[Windows, datetime],
) -> None:
    """Readings belong to somebody who is here, and to the time of the visit."""
    windows, now = when
    if arrive_time is None or status not in PRESENT:
        raise wrong_state("Readings are taken of somebody who is here.")
    check(readings, windows, arrive_time, now)


def check(
    readings: Sequence[tuple[str, Vitals]], windows: Windows, start: datetime, now: datetime
) -> None:
    """Refuse readings that cannot be of this visit, each with its place in the request."""
    latest = now + timedelta(seconds=windows.ahead_seconds)
    earliest = start - timedelta(minutes=windows.before_start_minutes)
    faults = tuple(
        fault for place, reading in readings for fault in _faults(place, reading, earliest, latest)
    )
    if faults:
        raise Invalid("INVALID_VITALS", "A reading cannot be of this infusion.", faults)


def _faults(
    place: str, reading: Vitals, earliest: datetime, latest: datetime
) -> Iterator[Violation]:
    if reading.measure_time > latest:
        yield Violation(f"{place}.measure_time", "must not lie in the future")
    if reading.measure_time < earliest:
        yield Violation(f"{place}.measure_time", "must not lie long before the arrival")
    if (reading.systolic is None) != (reading.diastolic is None):
        yield Violation(f"{place}.diastolic", "must be told together with the systolic pressure")
    elif reading.systolic and reading.diastolic and reading.diastolic >= reading.systolic:
        yield Violation(f"{place}.diastolic", "must be lower than the systolic pressure")
