"""Vital signs before the start: the last reading inside the limits, and no recent one outside."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from services.infusion.domain.pack import Gate
from services.infusion.domain.vitals import Vitals


def out_of_limits(readings: Sequence[Vitals], gate: Gate) -> Iterator[tuple[str, str]]:
    """A reading outside needs one inside some minutes later; a good one cannot hide a bad one."""
    believed = sorted(
        (reading for reading in readings if not reading.artefact),
        key=lambda reading: reading.measure_time,
    )
    for name, (least, most) in _limits(gate).items():
        values = [
            (reading.measure_time, value)
            for reading in believed
            if (value := getattr(reading, name)) is not None
        ]
        if not values:
            yield name, "must be measured"
            continue
        latest = values[-1][0]
        outside = [when for when, value in values if not least <= value <= most]
        gap = timedelta(minutes=gate.second_reading_minutes)
        if outside and latest - outside[-1] < gap:
            wait = gate.second_reading_minutes
            yield name, f"{_told(least, most)}; after one outside, again {wait} minutes later"


def _limits(gate: Gate) -> Mapping[str, tuple[int, int]]:
    return {
        "systolic": (gate.systolic_least, gate.systolic_hold_from - 1),
        "diastolic": (0, gate.diastolic_hold_from - 1),
        "oxygen_saturation": (gate.oxygen_saturation_least, 100),
        "heart_rate": (gate.heart_rate_least, gate.heart_rate_most),
        "respiratory_rate": (gate.respiratory_rate_least, gate.respiratory_rate_most),
    }


def _told(least: int, most: int) -> str:
    return f"{least} to {most}" if least else f"{most} or less"
