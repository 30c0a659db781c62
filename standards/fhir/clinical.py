"""Measurements and the reason for the referral: FHIR's words to ours."""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal

from halcyon.referral.v1.referral_pb2 import ClinicalSummary
from standards.fhir import sections
from standards.fhir.codes import GRAMS, HEIGHT, ICD10, MILLIMETRES, PHQ9, UCUM, WEIGHT, Code
from standards.fhir.nodes import Bundle, Resource
from standards.fhir.people import day
from standards.fhir.problems import Findings

_TAKEN = {"final", "amended", "corrected"}


def summary(bundle: Bundle, request: Resource, findings: Findings) -> ClinicalSummary:
    """What the referrer knows of the patient's health."""
    weight = _newest(bundle, WEIGHT, "body weight", "clinical.weight_grams", findings)
    height = _newest(bundle, HEIGHT, "body height", "clinical.height_millimetres", findings)
    reason, code = _indication(bundle, request, findings)
    return ClinicalSummary(
        indication_code=code,
        weight_grams=_amount(weight, GRAMS, "clinical.weight_grams", findings),
        weight_date=day(weight, "effectiveDateTime", findings, "clinical.weight_date")
        if weight
        else None,
        height_millimetres=_amount(height, MILLIMETRES, "clinical.height_millimetres", findings),
        phq9_score=_score(bundle, findings),
        psychiatric_history=sections.psychiatric(bundle, reason, findings),
        physical_history=sections.physical(bundle, reason, findings),
        medications=sections.medications(bundle, findings),
        allergies=sections.allergies(bundle, findings),
    )


def _indication(bundle: Bundle, request: Resource, findings: Findings) -> tuple[Resource, str]:
    """The first reason with an ICD-10-CM code: written in the request, or a Condition."""
    for number, _ in enumerate(request.all("reasonCode")):
        concept = request.all("reasonCode")[number]
        for coding in concept.all("coding"):
            if coding.text("system") == ICD10:
                return Resource(request.path), coding.text("code")
    for reference in request.all("reasonReference"):
        condition = bundle.find(reference)
        for system, code in condition.codes("code"):
            if system == ICD10:
                return condition, code
    path = f"{request.path}.reasonReference"
    needed = "a reason with an ICD-10-CM code is required, as reasonCode or as a Condition"
    findings.add(path, needed, "clinical.indication_code")
    return Resource(request.path), ""


def _newest(bundle: Bundle, code: Code, what: str, field: str, findings: Findings) -> Resource:
    taken = [
        one
        for one in bundle.of("Observation")
        if code in one.codes("code") and one.text("status") in _TAKEN
    ]
    if not taken:
        needed = f"a final Observation of {what} (LOINC {code[1]}) is required"
        findings.add("Bundle.entry", needed, field)
        findings.add("Bundle.entry", needed, "clinical.weight_date")
        return Resource("Bundle.entry")
    return max(taken, key=lambda one: one.text("effectiveDateTime"))


def _amount(
    observation: Resource, factors: Mapping[str, Decimal], field: str, findings: Findings
) -> int:
    """A quantity in our unit, rounded half up; a quantity with a comparator is no measurement."""
    if not observation:
        return 0
    quantity = observation.get("valueQuantity")
    value, unit = quantity.number("value"), quantity.text("code")
    if value is None or quantity.text("comparator"):
        findings.add(f"{quantity.path}.value", "an exact value is required", field)
        return 0
    if quantity.text("system") != UCUM or unit not in factors:
        units = ", ".join(factors)
        findings.add(f"{quantity.path}.code", f"must be one of the UCUM units {units}", field)
        return 0
    return int((value * factors[unit]).to_integral_value(ROUND_HALF_UP))


def _score(bundle: Bundle, findings: Findings) -> int | None:
    """The newest PHQ-9 total, where one was taken."""
    taken = [
        one
        for one in bundle.of("Observation")
        if PHQ9 in one.codes("code") and one.text("status") in _TAKEN
    ]
    if not taken:
        return None
    newest = max(taken, key=lambda one: one.text("effectiveDateTime"))
    value = newest.number("valueInteger")
    if value is None:
        value = newest.get("valueQuantity").number("value")
    if value is None or value != value.to_integral_value():
        findings.add(f"{newest.path}.value[x]", "a whole number is required", "clinical.phq9_score")
        return None
    return int(value)
