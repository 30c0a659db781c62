"""A step of a referral as FHIR R4: ServiceRequest and Task as in IHE 360X; no identifiers."""

import json
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from halcyon.referral.v1.partner_pb2 import ReferralAdvanced

_SYSTEM = "https://halcyon.clinic/fhir"
_BUSINESS = f"{_SYSTEM}/CodeSystem/360x-business-status"
_BSER = "http://hl7.org/fhir/us/bser/CodeSystem/TaskBusinessStatusCS"


def bundle(step: ReferralAdvanced) -> bytes:
    """Both resources, each under a name of its own that stays the same from step to step."""
    request, task = _resources(step)
    entries = [
        {
            "fullUrl": f"urn:uuid:{uuid5(NAMESPACE_URL, f'{step.referral_id}/{kind}')}",
            "resource": it,
        }
        for kind, it in (("request", request), ("task", task))
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
    subject = {"display": "withheld"}
    request = {
        "resourceType": "ServiceRequest",
        "identifier": identifiers,
        "status": step.request_status,
        "intent": "order",
        "subject": subject,
    }
    address = f"urn:uuid:{uuid5(NAMESPACE_URL, f'{step.referral_id}/request')}"
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
        "focus": {"reference": address},
        "lastModified": step.change_time.ToJsonString(),
    }
    if step.detail and step.task_status == "rejected":
        task["statusReason"] = {"text": step.detail}
    if step.detail and step.business_status == "appointment-booked":
        task["executionPeriod"] = {"start": step.detail}
    return request, task


def _identifiers(step: ReferralAdvanced) -> list[dict[str, Any]]:
    """BSeR's two business identifiers: the filler's and, when it gave one, the placer's."""
    kinds = "http://terminology.hl7.org/CodeSystem/v2-0203"

    def named(kind: str, system: str, value: str) -> dict[str, Any]:
        about = {"type": {"coding": [{"system": kinds, "code": kind}]}, "value": value}
        return {**about, "system": system} if system else about

    system, _, value = step.placer_reference.rpartition("|")
    found = [named("FILL", f"{_SYSTEM}/referral", step.referral_id)]
    return [*found, named("PLAC", system, value)] if value else found
