"""The discharge gate: nobody goes home before every line of it holds; all that fails is told."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.infusion.domain.checklist import Override, SuicideRisk
from services.infusion.domain.pack import Pack
from services.infusion.domain.status import wrong_state
from services.infusion.domain.visit import Infusion, Visit
from services.infusion.domain.vitals import Extremes, Vitals

_RANK = {risk: max(rank, 1) for rank, risk in enumerate(SuicideRisk)}
"""Nobody was screened at the start where nothing asked for it: no risk was seen."""


@dataclass(frozen=True, slots=True)
class Assessment:
    """How the patient is when going home is considered."""

    aldrete: int
    moaas: int
    nausea: int
    gait_steady: bool
    oriented: bool
    escort_present: bool
    escort_name: str
    suicide_risk: SuicideRisk
    instructions: frozenset[str]
    reading: Vitals


@dataclass(frozen=True, slots=True)
class Stay:
    """What the record says of the session up to here."""

    overrides: Sequence[Override]
    suicide_risk: SuicideRisk
    """At the start gate."""
    extremes: Extremes
    adverse_events: tuple[str, ...]


def findings(visit: Visit, assessment: Assessment, stay: Stay, at: datetime) -> Mapping[str, str]:
    """What nobody has answered for; limits are told, readings are not."""
    answered = {one.item for one in stay.overrides} & visit.pack.overridable_at_discharge
    found = dict(
        [
            *_stay(visit, assessment, at),
            *_state(assessment, visit.pack),
            *_pressure(visit, assessment.reading, at),
            *_way_home(assessment, stay, visit.pack),
        ]
    )
    return {item: why for item, why in found.items() if item not in answered}


def _stay(visit: Visit, assessment: Assessment, at: datetime) -> Iterator[tuple[str, str]]:
    rules, ending = visit.pack.discharge, _infusion(visit).ending
    assert ending
    minutes = rules.stay_minutes if assessment.escort_present else rules.stay_alone_minutes
    if at - ending.end_time < timedelta(minutes=minutes):
        yield "stay", f"{minutes} minutes or more after the infusion"


def _state(assessment: Assessment, pack: Pack) -> Iterator[tuple[str, str]]:
    rules = pack.discharge
    if assessment.aldrete < rules.aldrete_least:
        yield "aldrete", f"{rules.aldrete_least} or more"
    if assessment.moaas < rules.moaas_least:
        yield "moaas", f"{rules.moaas_least} or more"
    if assessment.nausea > rules.nausea_most:
        yield "nausea", f"{rules.nausea_most} or less"
    if not assessment.gait_steady:
        yield "gait_steady", "must be steady"
    if not assessment.oriented:
        yield "oriented", "must be oriented"


def _pressure(visit: Visit, reading: Vitals, at: datetime) -> Iterator[tuple[str, str]]:
    rules, baseline = visit.pack.discharge, _infusion(visit).baseline
    if at - reading.measure_time > timedelta(minutes=rules.reading_minutes):
        yield "reading", f"no older than {rules.reading_minutes} minutes"
    if reading.systolic is None or reading.diastolic is None:
        yield "pressure", "must be measured"
        return
    calm = reading.systolic < rules.systolic_below and reading.diastolic < rules.diastolic_below
    near = _near(reading.systolic, baseline.systolic, rules.pressure_percent) and _near(
        reading.diastolic, baseline.diastolic, rules.pressure_percent
    )
    if not (calm or near):
        limits = f"{rules.systolic_below}/{rules.diastolic_below}"
        yield "pressure", f"within {rules.pressure_percent} % of the baseline or below {limits}"


def _way_home(assessment: Assessment, stay: Stay, pack: Pack) -> Iterator[tuple[str, str]]:
    if not (assessment.escort_present and assessment.escort_name.strip()):
        yield "escort_present", "must be here, by name"
    if missing := sorted(pack.instructions - assessment.instructions):
        yield "instructions", f"must be given: {', '.join(missing)}"
    yield from _mind(assessment.suicide_risk, stay.suicide_risk)


def _mind(now: SuicideRisk, then: SuicideRisk) -> Iterator[tuple[str, str]]:
    if now is SuicideRisk.NOT_SCREENED and then is not SuicideRisk.NOT_SCREENED:
        yield "suicide_risk", "must be screened again"
    elif _RANK[now] > _RANK[then]:
        yield "suicide_risk", "must not have risen since the start"


def _near(value: int, baseline: int | None, percent: int) -> bool:
    return baseline is not None and abs(value - baseline) * 100 <= baseline * percent


def _infusion(visit: Visit) -> Infusion:
    if visit.infusion is None:
        raise wrong_state("There was no infusion.")
    return visit.infusion
