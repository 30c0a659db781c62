"""The four sections of a history; each was asked: entries say what, or something says "none"."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from halcyon.referral.v1.referral_pb2 import CodedEntry, HistorySection, SectionStatement
from standards.fhir.codes import (
    ALLERGY_LIST,
    DRUG_CLASSES,
    ICD10,
    LOCAL,
    MEDICATION_LIST,
    NIL_KNOWN,
    NO_ALLERGIES,
    NO_MEDICATIONS,
    PHYSICAL_LIST,
    PSYCHIATRIC_LIST,
    RXNORM,
    Code,
)
from standards.fhir.nodes import Bundle, Resource
from standards.fhir.problems import Findings


@dataclass(frozen=True, slots=True)
class _Section:
    """One section: our name, the List that says "none", the codes that say so too."""

    name: str
    listed: Code
    none: frozenset[Code] = frozenset()


_PSYCHIATRIC = _Section("psychiatric_history", PSYCHIATRIC_LIST)
_PHYSICAL = _Section("physical_history", PHYSICAL_LIST)
_MEDICATIONS = _Section("medications", MEDICATION_LIST, NO_MEDICATIONS)
_ALLERGIES = _Section("allergies", ALLERGY_LIST, NO_ALLERGIES)
_UNTRUE = {"refuted", "entered-in-error"}
_NOT_TAKEN = {"completed", "entered-in-error", "stopped", "not-taken"}


def psychiatric(bundle: Bundle, reason: Resource, findings: Findings) -> HistorySection:
    """Conditions of the ICD-10-CM chapter F, besides the one that is the reason."""
    codes = _conditions(bundle, reason, findings, lambda code: code.startswith("F"))
    return _stated(_PSYCHIATRIC, bundle, codes, findings)


def physical(bundle: Bundle, reason: Resource, findings: Findings) -> HistorySection:
    """Conditions of every other chapter, besides the one that is the reason."""
    codes = _conditions(bundle, reason, findings, lambda code: not code.startswith("F"))
    return _stated(_PHYSICAL, bundle, codes, findings)


def medications(bundle: Bundle, findings: Findings) -> HistorySection:
    """What the patient takes now."""
    present = [
        one for one in bundle.of("MedicationStatement") if one.text("status") not in _NOT_TAKEN
    ]
    codes = [_medication(bundle, one, findings) for one in present]
    return _stated(_MEDICATIONS, bundle, codes, findings)


def allergies(bundle: Bundle, findings: Findings) -> HistorySection:
    """What the patient does not tolerate."""
    codes = [_coded(one, "code", findings) for one in bundle.of("AllergyIntolerance") if _true(one)]
    return _stated(_ALLERGIES, bundle, codes, findings)


def _stated(
    section: _Section, bundle: Bundle, told: Sequence[Code | None], findings: Findings
) -> HistorySection:
    """Present, or none; left open, or told and denied at once, is refused."""
    entries = list(dict.fromkeys(code for code in told if code and code not in section.none))
    denied = any(code in section.none for code in told) or _nil_known(bundle, section.listed)
    if bool(entries) == denied and (entries or None not in told):
        fault = "is told and denied at once" if entries else "is left open"
        remedy = f'add resources, or a List {section.listed[1]} with emptyReason "nilknown"'
        what = section.name.replace("_", " ")
        findings.add("Bundle.entry", f"the section {what} {fault}: {remedy}")
    return HistorySection(
        statement=SectionStatement.SECTION_STATEMENT_PRESENT
        if entries
        else SectionStatement.SECTION_STATEMENT_NONE,
        entries=[CodedEntry(system=system, code=code) for system, code in entries],
    )


def _nil_known(bundle: Bundle, listed: Code) -> bool:
    return any(
        listed in one.codes("code") and NIL_KNOWN in one.codes("emptyReason")
        for one in bundle.of("List")
        if one.text("status") == "current"
    )


def _conditions(
    bundle: Bundle, reason: Resource, findings: Findings, belongs: Callable[[str], bool]
) -> list[Code]:
    codes = []
    for condition in bundle.of("Condition"):
        if condition.path == reason.path or not _true(condition):
            continue
        icd = [code for code in condition.codes("code") if code[0] == ICD10]
        if not icd:
            findings.add(f"{condition.path}.code", "an ICD-10-CM code is required")
        codes += [code for code in icd[:1] if belongs(code[1])]
    return codes


def _medication(bundle: Bundle, statement: Resource, findings: Findings) -> Code | None:
    """Its class or RxNorm; the medication is named in place, or is a resource of the bundle."""
    kept = bundle.find(statement.get("medicationReference"))
    if kept:
        return _coded(kept, "code", findings)
    return _coded(statement, "medicationCodeableConcept", findings)


def _coded(resource: Resource, name: str, findings: Findings) -> Code | None:
    codes = resource.codes(name)
    if not codes:
        findings.add(f"{resource.path}.{name}", "a code with its system is required")
        return None
    system, code = min(codes, key=_distance)
    return (LOCAL, code) if system == DRUG_CLASSES else (system, code)


def _distance(code: Code) -> int:
    """How far from what a protocol pack reads; among equals the first told is taken."""
    known = (DRUG_CLASSES, RXNORM)
    return known.index(code[0]) if code[0] in known else len(known)


def _true(resource: Resource) -> bool:
    """Not refuted and not entered in error."""
    codings = resource.get("verificationStatus").all("coding")
    return not any(coding.text("code") in _UNTRUE for coding in codings)
