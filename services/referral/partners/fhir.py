"""A step as FHIR R4: ServiceRequest and Task as in IHE 360X, and whom the contract names."""

import json
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from halcyon.referral.v1.partner_pb2 import ReferralAdvanced
from halcyon.referral.v1.referral_pb2 import PostalAddress, SexAtBirth
from standards.fhir.codes import BIRTH_SEX

_SYSTEM = "https://halcyon.clinic/fhir"
_BUSINESS = f"{_SYSTEM}/CodeSystem/360x-business-status"
_SEX = {
    SexAtBirth.SEX_AT_BIRTH_FEMALE: "F",
    SexAtBirth.SEX_AT_BIRTH_MALE: "M",
    SexAtBirth.SEX_AT_BIRTH_UNKNOWN: "UNK",
}
_BSER = "http://hl7.org/fhir/us/bser/CodeSystem/TaskBusinessStatusCS"


def bundle(step: ReferralAdvanced) -> bytes:
    """Both resources, each under a name of its own that stays the same from step to step."""
    request, task = _resources(step)
    entries = [
        {
            "fullUrl": _address(step, kind),
            "resource": it,
        }
        for kind, it in (("request", request), ("task", task), *_patient(step))
    ]
    document = {
        "resourceType": "Bundle",
        "type": "collection",
        "timestamp": step.change_time.ToJsonString(),
        "entry": entries,
    }
    return json.dumps(document, separators=(",", ":")).encode()


def _resources(step: ReferralAdvanced) -> tuple[dict[str, Any], dict[str, Any]]:
    identifiers = _identifiers(step)
    named = step.HasField("patient")
    subject = {"reference": _address(step, "patient")} if named else {"display": "withheld"}
    request = {
        "resourceType": "ServiceRequest",
        "identifier": identifiers,
        "status": step.request_status,
        "intent": "order",
        "subject": subject,
    }
    task: dict[str, Any] = {
        "resourceType": "Task",
        "identifier": identifiers,
        "status": step.task_status,
        "businessStatus": {
            "coding": [
                {"system": _BUSINESS, "code": step.business_status},
                {"system": _BSER, "code": step.bser_status},
            ]
        },
        "intent": "order",
        "code": {
            "coding": [{"system": "http://hl7.org/fhir/CodeSystem/task-code", "code": "fulfill"}]
        },
        "focus": {"reference": _address(step, "request")},
        "lastModified": step.change_time.ToJsonString(),
    }
    if step.detail and step.task_status == "rejected":
        task["statusReason"] = {"text": step.detail}
    if step.detail and step.business_status == "appointment-booked":
        task["executionPeriod"] = {"start": step.detail}
    return request, task


def _patient(step: ReferralAdvanced) -> list[tuple[str, dict[str, Any]]]:
    """As much of the patient as the contract names, where it names anything."""
    if not step.HasField("patient"):
        return []
    told, born = step.patient, step.patient.birth_date
    contacts = (("phone", told.phone), ("email", told.email))
    elements: dict[str, Any] = {
        "name": _present(family=told.family_name, given=told.given_name and [told.given_name]),
        "telecom": [{"system": kind, "value": value} for kind, value in contacts if value],
        "birthDate": born.year and f"{born.year:04}-{born.month:02}-{born.day:02}",
        "address": _lives_at(told.address),
        "extension": [{"url": BIRTH_SEX, "valueCode": code}]
        if (code := _SEX.get(told.sex_at_birth))
        else [],
    }
    for name in ("name", "address"):
        elements[name] = elements[name] and [elements[name]]
    return [("patient", {"resourceType": "Patient", **_present(**elements)})]


def _lives_at(address: PostalAddress) -> dict[str, Any]:
    line = address.line and [address.line]
    about = {"city": address.city, "state": address.state, "postalCode": address.postal_code}
    return _present(line=line, **about)


def _present(**elements: Any) -> dict[str, Any]:
    """FHIR knows no empty element."""
    return {name: value for name, value in elements.items() if value}


def _address(step: ReferralAdvanced, kind: str) -> str:
    return f"urn:uuid:{uuid5(NAMESPACE_URL, f'{step.referral_id}/{kind}')}"


def _identifiers(step: ReferralAdvanced) -> list[dict[str, Any]]:
    """BSeR's two business identifiers: the filler's and, when it gave one, the placer's."""
    kinds = "http://terminology.hl7.org/CodeSystem/v2-0203"

    def named(kind: str, system: str, value: str) -> dict[str, Any]:
        about = {"type": {"coding": [{"system": kinds, "code": kind}]}, "value": value}
        return {**about, "system": system} if system else about

    system, _, value = step.placer_reference.rpartition("|")
    found = [named("FILL", f"{_SYSTEM}/referral", step.referral_id)]
    return [*found, named("PLAC", system, value)] if value else found
