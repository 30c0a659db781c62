"""An audit entry as a FHIR R4 AuditEvent, in the shape of IHE BALP."""

import json
from collections.abc import Mapping
from typing import Any

_KINDS = "http://terminology.hl7.org/CodeSystem/audit-event-type"
_PURPOSES = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
_ROLES = "http://terminology.hl7.org/CodeSystem/object-role"
_IDS = "urn:ietf:rfc:3986"


def audit_event(entry: Mapping[str, Any], service: str) -> dict[str, Any]:
    """The entry; identifiers of patients are opaque ids, as everywhere outside the registry."""
    code, _, reason = str(entry["purpose"]).partition(" ")
    event: dict[str, Any] = {
        "resourceType": "AuditEvent",
        "type": {"system": _KINDS, "code": "rest", "display": "RESTful Operation"},
        "subtype": [{"system": "urn:halcyon:method", "code": entry["method"]}],
        "action": entry["action"],
        "recorded": entry["record_time"],
        "outcome": "0" if entry["outcome"] == "OK" else "4",
        "outcomeDesc": entry["outcome"],
        "purposeOfEvent": [{"coding": [{"system": _PURPOSES, "code": code}]}],
        "agent": [_agent(entry)],
        "source": {"observer": {"display": f"halcyon {service}"}},
        "entity": [_entity(one) for one in json.loads(entry["about"])],
    }
    if reason:
        event["purposeOfEvent"][0]["text"] = reason
    return event


def _agent(entry: Mapping[str, Any]) -> dict[str, Any]:
    roles = [role for role in str(entry["roles"]).split(",") if role]
    agent: dict[str, Any] = {
        "who": {"identifier": {"value": entry["agent"]}},
        "requestor": True,
    }
    if roles:
        agent["role"] = [{"text": role} for role in roles]
    return agent


def _entity(one: str) -> dict[str, Any]:
    kind, _, identity = one.partition("/")
    entity: dict[str, Any] = {
        "what": {"identifier": {"system": _IDS, "value": f"urn:uuid:{identity}"}},
        "name": kind,
    }
    if kind == "patient":
        entity["role"] = {"system": _ROLES, "code": "1", "display": "Patient"}
    return entity
