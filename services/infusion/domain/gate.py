"""The start gate: no pump starts before every line of it holds."""

from collections.abc import Iterator
from dataclasses import dataclass, fields

from chassis.refusal import NotAllowed
from services.infusion.domain.pack import Gate
from services.infusion.domain.vitals import Vitals


@dataclass(frozen=True, slots=True)
class Checklist:
    """What must be true before an infusion starts."""

    identity_checked_twice: bool
    consent_current: bool
    escort_confirmed: bool
    fasting_kept: bool


def pass_gate(gate: Gate, checklist: Checklist, baseline: Vitals) -> None:
    """Refuse with everything that failed at once; the limits are told, the readings are not."""
    if failed := dict([*_unchecked(checklist), *_out_of_bounds(gate, baseline)]):
        raise NotAllowed("GATE_NOT_PASSED", "The start gate found something.", failed)


def _unchecked(checklist: Checklist) -> Iterator[tuple[str, str]]:
    for item in fields(checklist):
        if not getattr(checklist, item.name):
            yield item.name, "must be confirmed"


def _out_of_bounds(gate: Gate, baseline: Vitals) -> Iterator[tuple[str, str]]:
    if baseline.systolic is None:
        yield "systolic", "must be measured"
    elif not gate.systolic_least <= baseline.systolic < gate.systolic_hold_from:
        yield "systolic", f"{gate.systolic_least} or more and below {gate.systolic_hold_from}"
    if baseline.diastolic is None:
        yield "diastolic", "must be measured"
    elif baseline.diastolic >= gate.diastolic_hold_from:
        yield "diastolic", f"below {gate.diastolic_hold_from}"
    if baseline.oxygen_saturation < gate.oxygen_saturation_least:
        yield "oxygen_saturation", f"{gate.oxygen_saturation_least} or more"
    if not gate.heart_rate_least <= baseline.heart_rate <= gate.heart_rate_most:
        yield "heart_rate", f"{gate.heart_rate_least} to {gate.heart_rate_most}"
