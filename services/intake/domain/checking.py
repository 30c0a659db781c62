"""What an assessment must not say: contradictions, codes nobody can read, measures too old."""

import re
from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from chassis.refusal import Invalid, Violation
from services.intake.domain.assessment import Assessment, PhysicalState, PresentState
from services.intake.domain.pack import Pack
from services.intake.domain.scale import PHQ9
from services.intake.domain.scoring import score

_REST_OF_PHQ9 = 24
"""Eight items of three points: what a PHQ-9 total can hold besides item 9."""
_ICD10 = re.compile(r"[A-Z][0-9][0-9A-Z](\.?[0-9A-Z]{1,4})?", re.IGNORECASE)
_AHEAD = timedelta(days=1)
"""Who writes it may be east of the clinic, where it is tomorrow already."""


def check(found: Assessment, pack: Pack, today: date) -> None:
    """Refuse findings that contradict each other, all faults at once."""
    if faults := tuple(_faults(found, pack, today)):
        raise Invalid("INVALID_ASSESSMENT", "The assessment contradicts itself.", faults)


def too_old(measured: date, pack: Pack, today: date) -> bool:
    """Whether a measure speaks no longer for the patient."""
    return measured < today - timedelta(days=pack.terms.measures_valid_days)


def _faults(found: Assessment, pack: Pack, today: date) -> Iterator[Violation]:
    yield from _in_present(found.present, pack)
    yield from _in_physical(found.physical, pack, today)
    for path, codes in _coded(found):
        yield from _unreadable(path, codes, pack)


def _in_present(present: PresentState, pack: Pack) -> Iterator[Violation]:
    path = "assessment.present_state"
    if not 0 <= present.phq9_score - present.phq9_item9 <= _REST_OF_PHQ9:
        yield Violation(f"{path}.phq9_item9", "must be possible within the PHQ-9 total")
    names = [one.scale for one in present.scales]
    for index, one in enumerate(present.scales):
        place = f"{path}.scales[{index}]"
        answers = dict(one.answers)
        if names.count(one.scale) > 1 or len(answers) < len(one.answers):
            yield Violation(place, "must be answered once")
            continue
        yield from _in_scale(place, present, pack, one.scale, answers)


def _in_scale(
    place: str, present: PresentState, pack: Pack, name: str, answers: dict[int, int]
) -> Iterator[Violation]:
    if (scale := pack.scales.get(name)) is None:
        yield Violation(f"{place}.scale", "is not a scale of the pack")
        return
    try:
        total = score(scale, answers).total
    except Invalid as wrong:
        yield from (Violation(f"{place}.{one.field}", one.description) for one in wrong.violations)
        return
    if scale.name == PHQ9 and total != present.phq9_score:
        yield Violation(f"{place}.answers", "must add up to the total told beside it")


def _in_physical(physical: PhysicalState, pack: Pack, today: date) -> Iterator[Violation]:
    path = "assessment.physical_state"
    if physical.vitals.diastolic >= physical.vitals.systolic:
        yield Violation(f"{path}.diastolic", "must be lower than the systolic pressure")
    for name, day in (
        ("weight_date", physical.weight_date),
        ("height_date", physical.height_date),
    ):
        if day > today + _AHEAD:
            yield Violation(f"{path}.{name}", "must not be in the future")
    if too_old(physical.weight_date, pack, today):
        yield Violation(f"{path}.weight_date", "must be recent; weigh the patient again")


def _coded(found: Assessment) -> Iterator[tuple[str, Iterable[str]]]:
    physical, around = found.physical, found.circumstances
    yield "assessment.present_state.findings.codes", found.present.findings.codes
    yield "assessment.psychiatric_history.codes", found.psychiatric.conditions.codes
    yield "assessment.physical_state.history.codes", physical.conditions.codes
    yield "assessment.physical_state.allergies.codes", physical.allergies.codes
    yield (
        "assessment.physical_state.medications.items",
        [drug.code for drug in physical.medications],
    )
    yield "assessment.circumstances.family.codes", around.family.codes
    yield "assessment.circumstances.relations.codes", around.relations.codes
    yield "assessment.circumstances.work.codes", around.work.codes


def _unreadable(path: str, codes: Iterable[str], pack: Pack) -> Iterator[Violation]:
    for index, code in enumerate(codes):
        system, _, value = code.rpartition("|")
        if not (system.strip() and value.strip()):
            yield Violation(f"{path}[{index}]", "must read system|code")
        elif system.strip().lower() in pack.rules.icd10_systems and not _ICD10.fullmatch(value):
            yield Violation(f"{path}[{index}]", "must be an ICD-10-CM code")
