"""FHIR R4 in: the examples mean what their twins say; a broken one is told all that is wrong."""

import json
from collections.abc import Callable
from contextlib import suppress
from copy import deepcopy
from pathlib import Path
from typing import Any, TypeAlias

import protovalidate
import pytest
from google.protobuf.json_format import Parse
from hypothesis import given
from hypothesis import strategies as st

from halcyon.referral.v1.referral_pb2 import SectionStatement, SexAtBirth
from halcyon.referral.v1.referral_service_pb2 import CreateReferralRequest
from standards.fhir import FhirError, referral_request

Document: TypeAlias = dict[str, Any]
EXAMPLES = Path(__file__).parents[2] / "clients" / "examples"
NAMES = ("crps-seattle", "depression-denver", "ptsd-phoenix")
NONE = SectionStatement.SECTION_STATEMENT_NONE


def bundle(name: str = "ptsd-phoenix") -> Document:
    document: Document = json.loads((EXAMPLES / f"{name}.fhir.json").read_text())
    return document


def of(document: Document, kind: str, number: int = 0) -> Document:
    found = [one["resource"] for one in document["entry"]]
    matching: list[Document] = [one for one in found if one["resourceType"] == kind]
    return matching[number]


def observation(document: Document, code: str) -> Document:
    found: list[Document] = [one["resource"] for one in document["entry"]]
    return next(
        one
        for one in found
        if one["resourceType"] == "Observation" and one["code"]["coding"][0]["code"] == code
    )


def without(document: Document, kind: str) -> None:
    document["entry"] = [
        one for one in document["entry"] if one["resource"]["resourceType"] != kind
    ]


def read(document: Document) -> CreateReferralRequest:
    return referral_request(json.dumps(document))


def problems(document: Document) -> list[str]:
    with pytest.raises(FhirError) as caught:
        read(document)
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize("name", NAMES)
def test_an_example_equals_its_twin(name: str) -> None:
    twin = Parse((EXAMPLES / f"{name}.json").read_text(), CreateReferralRequest())
    assert referral_request((EXAMPLES / f"{name}.fhir.json").read_bytes()) == twin
    assert not protovalidate.collect_violations(twin)


def test_the_same_identifier_is_the_same_request() -> None:
    first, second, other = bundle(), bundle(), bundle()
    del of(second, "Patient")["telecom"]
    of(other, "ServiceRequest")["identifier"][0]["value"] = "another"
    assert read(first).request_id == read(second).request_id != read(other).request_id


def _gone(kind: str, name: str) -> Callable[[Document], object]:
    return lambda document: of(document, kind).pop(name)


def _set(kind: str, name: str, value: object) -> Callable[[Document], object]:
    return lambda document: of(document, kind).update({name: value})


def _quantity(loinc: str, **value: object) -> Callable[[Document], object]:
    return lambda document: observation(document, loinc)["valueQuantity"].update(value)


@pytest.mark.parametrize(
    ("break_it", "path", "message"),
    [
        (_gone("ServiceRequest", "identifier"), "identifier", "an identifier with system"),
        (_set("ServiceRequest", "status", "draft"), "status", "only an active request"),
        (
            _set("ServiceRequest", "status", "activated"),
            "status",
            "must be one of draft",
        ),
        (_set("ServiceRequest", "priority", "soon"), "priority", "must be one of"),
        (_gone("ServiceRequest", "requester"), "requester", "must refer to a Practitioner"),
        (_gone("ServiceRequest", "reasonReference"), "reasonReference", "ICD-10-CM"),
        (_gone("ServiceRequest", "subject"), "subject", "required element missing"),
        (_gone("Patient", "birthDate"), "birthDate", "full date"),
        (_set("Patient", "birthDate", "1979-11"), "birthDate", "full date"),
        (_set("Patient", "birthDate", "1979-13-01"), "birthDate", "not a valid date"),
        (_set("Patient", "gender", "mal"), "gender", "must be one of male"),
        (_set("Patient", "name", [{"given": ["A"]}]), "family", "a family name is required"),
        (_set("Patient", "telecom", [{"system": "fon"}]), "system", "must be one of phone"),
        (_gone("Practitioner", "identifier"), "identifier", "us-npi"),
        (_quantity("29463-7", code="stone"), "code", "UCUM units g, kg, [lb_av]"),
        (_quantity("29463-7", comparator="<"), "value", "an exact value is required"),
        (_quantity("8302-2", code="kg"), "code", "UCUM units mm, cm, m, [in_i]"),
        (lambda d: without(d, "MedicationStatement"), "entry", "medications is left open"),
        (lambda d: without(d, "AllergyIntolerance"), "entry", "allergies is left open"),
        (lambda d: without(d, "List"), "entry", "physical history is left open"),
        (lambda d: without(d, "ServiceRequest"), "entry", "one ServiceRequest is required"),
        (lambda d: without(d, "Patient"), "subject", "must refer to a Patient"),
        (_set("MedicationStatement", "status", "stopped"), "entry", "medications is left open"),
        (_set("MedicationStatement", "medicationCodeableConcept", {"text": "pill"}), "", "a code"),
        (lambda d: d.update(type="batch"), "Bundle.type", "transaction, collection"),
        (_set("Condition", "subject", {"reference": "Patient/9"}), "subject", "the patient of"),
    ],
)
def test_a_fault_is_told_with_its_path(
    break_it: Callable[[Document], object], path: str, message: str
) -> None:
    document = bundle()
    break_it(document)
    assert any(path in told and message in told for told in problems(document)), problems(document)


def test_every_fault_is_told_at_once_and_only_once() -> None:
    document = bundle()
    of(document, "Patient")["birthDate"] = "1979"
    of(document, "Patient")["nickname"] = "M"
    of(document, "Patient")["telecom"][0]["value"] = "call me"
    of(document, "Practitioner")["identifier"][0]["value"] = "12"
    observation(document, "29463-7")["status"] = "entered-in-error"
    observation(document, "44261-6")["valueInteger"] = 31
    without(document, "List")
    told = problems(document)
    assert [one.split(": ")[0] for one in told] == [
        "Bundle.entry[1].resource.nickname",
        "Bundle.entry[1].resource.birthDate",
        "Bundle.entry",
        "Bundle.entry",
        "referrer.npi",
        "patient.phone",
        "clinical.phq9_score",
    ]


def test_a_section_told_and_denied_is_refused() -> None:
    document = bundle()
    coding = {"system": "http://snomed.info/sct", "code": "716186003"}
    denied = deepcopy(of(document, "AllergyIntolerance")) | {"code": {"coding": [coding]}}
    document["entry"].append({"fullUrl": "urn:uuid:extra", "resource": denied})
    assert any("allergies is told and denied" in told for told in problems(document))


@pytest.mark.parametrize(
    ("system", "code"),
    [
        ("http://snomed.info/sct", "787481004"),
        ("http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips", "no-known-medications"),
    ],
)
def test_no_known_medication_is_none(system: str, code: str) -> None:
    document = bundle()
    coding = {"system": system, "code": code}
    of(document, "MedicationStatement")["medicationCodeableConcept"] = {"coding": [coding]}
    medications = read(document).clinical.medications
    assert medications.statement == NONE
    assert not medications.entries


def test_what_was_refuted_is_no_history() -> None:
    document = bundle()
    coding = {"code": "refuted"}
    of(document, "Condition", 1)["verificationStatus"] = {"coding": [coding]}
    assert [e.code for e in read(document).clinical.psychiatric_history.entries] == ["F51.5"]


def test_the_newest_measurement_counts() -> None:
    document = bundle()
    newer = deepcopy(observation(document, "29463-7"))
    newer["effectiveDateTime"] = "2025-02-01"
    newer["valueQuantity"] |= {"value": 80, "code": "kg"}
    document["entry"].append({"resource": newer})
    clinical = read(document).clinical
    assert (clinical.weight_grams, clinical.weight_date.month) == (80_000, 2)


def test_the_sex_at_birth_is_never_guessed() -> None:
    document = bundle()
    del of(document, "Patient")["extension"]
    assert read(document).patient.sex_at_birth == SexAtBirth.SEX_AT_BIRTH_UNSPECIFIED


def test_relative_references_are_followed() -> None:
    document = bundle()
    of(document, "Patient")["id"] = "p1"
    text = json.dumps(document)
    url = next(e["fullUrl"] for e in document["entry"] if e["resource"] is of(document, "Patient"))
    text = text.replace(f'"reference": "{url}"', '"reference": "Patient/p1"')
    assert referral_request(text) == read(bundle())


def test_a_preferred_clinic_is_the_performer() -> None:
    document = bundle()
    clinic = "3f0d0d2c-6f0e-5df8-9d8f-1f2a4e0f9a11"
    identifier = {"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{clinic}"}
    of(document, "ServiceRequest")["performer"] = [{"identifier": identifier}]
    assert read(document).preferred_clinic_id == clinic


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"resourceType": "Patient"}', '{"a": 1}'])
def test_what_is_no_bundle_is_refused(text: str) -> None:
    with pytest.raises(FhirError):
        referral_request(text)


_SCRAP = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=4,
)


@given(entry=st.integers(0, 11), name=st.sampled_from(["code", "status", "subject"]), scrap=_SCRAP)
def test_any_scrap_is_refused_or_read_never_a_crash(entry: int, name: str, scrap: object) -> None:
    document = bundle()
    document["entry"][entry]["resource"][name] = scrap
    with suppress(FhirError):
        assert read(document).request_id


@pytest.mark.parametrize(
    ("name", "value"), [("birthDate", "9-3-1984 Halloran"), ("resourceType", "Halloran")]
)
def test_a_problem_quotes_nothing_that_was_sent(name: str, value: str) -> None:
    document = bundle()
    of(document, "Patient")[name] = value
    told = problems(document)
    assert told
    assert "Halloran" not in str(told)
