"""What the referrer knows of the patient's health: DG1, AL1 and OBX in our words."""

from collections.abc import Callable, Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Final

from halcyon.referral.v1.referral_pb2 import (
    ClinicalSummary,
    CodedEntry,
    HistorySection,
    SectionStatement,
)
from standards.fhir.codes import (
    ALLERGY_LIST,
    GRAMS,
    HEIGHT,
    ICD10,
    LOCAL,
    LOINC,
    MEDICATION_LIST,
    MILLIMETRES,
    NIL_KNOWN,
    NO_ALLERGIES,
    NO_MEDICATIONS,
    PHQ9,
    PHYSICAL_LIST,
    PSYCHIATRIC_LIST,
    RXNORM,
    SNOMED,
    WEIGHT,
    Code,
)
from standards.hl7v2.people import day
from standards.hl7v2.segments import Parsed, Segment
from standards.problems import Findings

_SYSTEMS: Final = {"I10C": ICD10, "I10": ICD10, "LN": LOINC, "SCT": SNOMED, "RXNORM": RXNORM}
"""Table 0396; I10 is read as the clinical modification, which is what is used here."""
_BIRTH_SEX: Final[Code] = (LOINC, "76689-9")
"""Sex assigned at birth."""
_OWN: Final = "99HALCYON"
_TAKEN: Final = {"F", "C"}
"""Table 0085: final, corrected."""


def summary(message: Parsed, findings: Findings) -> ClinicalSummary:
    """The first diagnosis is the reason; the others are history."""
    weight, height = (_measured(message, code) for code in (WEIGHT, HEIGHT))
    reason, *others = message.of("DG1") or [Segment("DG1[1]", {})]
    system, code = _code(reason, 3)
    if system != ICD10:
        findings.add(
            "DG1-3", "the first diagnosis has an ICD-10-CM code", "clinical.indication_code"
        )
    told = [code for code in (_diagnosis(one, findings) for one in others) if code]
    psychiatric = [one for one in told if one[1].startswith("F")]
    physical = [one for one in told if not one[1].startswith("F")]
    taken = [_code(one, 5) for one in _observed(message, MEDICATION_LIST)]
    allergies = [_code(one, 3) for one in message.of("AL1")]
    medicines, reactions = (MEDICATION_LIST, NO_MEDICATIONS), (ALLERGY_LIST, NO_ALLERGIES)
    section = _sections(message, findings)
    return ClinicalSummary(
        indication_code=code,
        weight_grams=_amount(weight, GRAMS, "weight_grams", findings),
        weight_date=day(weight.text(14), f"{weight.path}-14", findings, "clinical.weight_date"),
        height_millimetres=_amount(height, MILLIMETRES, "height_millimetres", findings),
        phq9_score=_score(message, findings),
        psychiatric_history=section("psychiatric history", psychiatric, PSYCHIATRIC_LIST),
        physical_history=section("physical history", physical, PHYSICAL_LIST),
        medications=section("medications", taken, *medicines),
        allergies=section("allergies", allergies, *reactions),
    )


def birth_sex(message: Parsed) -> str:
    """The sex recorded at birth, where an observation tells it."""
    return next((one.text(5) for one in _observed(message, _BIRTH_SEX)), "")


def _sections(message: Parsed, findings: Findings) -> Callable[..., HistorySection]:
    def stated(
        name: str, told: Iterable[Code], listed: Code, none: frozenset[Code] = frozenset()
    ) -> HistorySection:
        """Present, or none; left open, or told and denied at once, is refused."""
        codes = list(dict.fromkeys(told))
        denied = any(code in none for code in codes) or _nil_known(message, listed)
        entries = [code for code in codes if code not in none and code[1] != NIL_KNOWN[1]]
        if bool(entries) == denied:
            fault = "is told and denied at once" if entries else "is left open"
            remedy = (
                f"an OBX of {listed[1]} with the value {NIL_KNOWN[1]} says that there is nothing"
            )
            findings.add("OBX", f"the section {name} {fault}: {remedy}")
        present = SectionStatement.SECTION_STATEMENT_PRESENT
        return HistorySection(
            statement=present if entries else SectionStatement.SECTION_STATEMENT_NONE,
            entries=[CodedEntry(system=system, code=code) for system, code in entries],
        )

    return stated


def _nil_known(message: Parsed, listed: Code) -> bool:
    return any(one.text(5) == NIL_KNOWN[1] for one in _observed(message, listed))


def _diagnosis(segment: Segment, findings: Findings) -> Code | None:
    found = _code(segment, 3)
    if found[0] == ICD10:
        return found
    findings.add(f"{segment.path}-3", "an ICD-10-CM code is required")
    return None


def _observed(message: Parsed, code: Code) -> list[Segment]:
    """Final observations of a code; our own are in the local system, LOINC's in LN."""
    return [
        one
        for one in message.of("OBX")
        if one.text(3) == code[1]
        and one.text(3, 3) == ("LN" if code[0] == LOINC else _OWN)
        and one.text(11) in _TAKEN
    ]


def _measured(message: Parsed, code: Code) -> Segment:
    """The newest; an empty one, which lacks everything, when there is none."""
    taken = _observed(message, code)
    return max(taken, key=lambda one: one.text(14), default=Segment(f"OBX ({code[1]})", {}))


def _amount(
    observation: Segment, factors: Mapping[str, Decimal], name: str, findings: Findings
) -> int:
    value, unit = _number(observation.text(5)), observation.text(6)
    if value is None or unit not in factors:
        needed = f"a final value in one of the UCUM units {', '.join(factors)} is required"
        findings.add(f"{observation.path}-5", needed, f"clinical.{name}")
        return 0
    amount = (value * factors[unit]).to_integral_value(ROUND_HALF_UP)
    return int(amount) if abs(amount) < 2**31 else 0


def _score(message: Parsed, findings: Findings) -> int | None:
    if not _observed(message, PHQ9):
        return None
    newest = _measured(message, PHQ9)
    value = _number(newest.text(5))
    if value is None or value != value.to_integral_value() or abs(value) > 1000:
        findings.add(f"{newest.path}-5", "a whole number is required", "clinical.phq9_score")
        return None
    return int(value)


def _number(text: str) -> Decimal | None:
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return value if value.is_finite() and abs(value.adjusted()) < 12 else None


def _code(segment: Segment, field: int) -> Code:
    system, code = segment.text(field, 3), segment.text(field, 1)
    return (LOCAL if system == _OWN else _SYSTEMS.get(system, system)), code
