"""FHIR R4 in the small: codes, quantities with exact decimals, references, the Bundle."""

import json
import re
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, TypeAlias
from uuid import UUID

from chassis.ids import named
from services.infusion.documents.summary import Summary

Node: TypeAlias = dict[str, Any]

LOINC = "http://loinc.org"
NDC = "http://hl7.org/fhir/sid/ndc"
SNOMED = "http://snomed.info/sct"
UCUM = "http://unitsofmeasure.org"
CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
LOCAL = "https://halcyon.clinic/fhir/CodeSystem"
"""Our own codes: adverse events, scales, reasons, which no cited system has as we use them."""

_MARK = "\ue000"
_NUMBER = re.compile(r'"\\ue000(-?[0-9]+(?:\.[0-9]+)?)"')


def written(resource: Node) -> bytes:
    """JSON text; decimals are written as they are, never through a float."""
    return _NUMBER.sub(r"\1", json.dumps(resource)).encode()


def decimal(text: str) -> str:
    """An exact decimal, to become a number in the text."""
    return f"{_MARK}{text}"


def quantity(value: str, unit: str, code: str = "") -> Node:
    """An amount in a UCUM unit."""
    return {"value": decimal(value), "unit": unit, "system": UCUM, "code": code or unit}


def concept(system: str, code: str, text: str = "") -> Node:
    """A coded thing, with its words."""
    words = text or code.replace("_", " ")
    return {"coding": [{"system": system, "code": code, "display": words}], "text": words}


def local(kind: str, code: str) -> Node:
    """A code of our own."""
    return concept(f"{LOCAL}/{kind}", code)


def resource_id(summary: Summary, *about: object) -> str:
    """The same thing of the same session has the same id in every Bundle."""
    return str(named(UUID(summary.session.session_id), "/".join(map(str, about))))


def to(one_id: str) -> Node:
    """A reference within the Bundle."""
    return {"reference": f"urn:uuid:{one_id}"}


def subject(summary: Summary) -> Node:
    """Whom it is about."""
    return to(summary.session.patient_id)


def moment(when: datetime) -> str:
    """An instant with its offset."""
    return when.isoformat()


def day(when: date) -> str:
    """A day."""
    return when.isoformat()


def bundle(summary: Summary, resources: Iterable[Node]) -> Node:
    """A collection, each resource under the URN of its id."""
    return {
        "resourceType": "Bundle",
        "id": resource_id(summary, "bundle"),
        "type": "collection",
        "identifier": {
            "system": "urn:ietf:rfc:3986",
            "value": f"urn:uuid:{summary.session.session_id}",
        },
        "timestamp": moment(summary.issue_time),
        "entry": [{"fullUrl": f"urn:uuid:{one['id']}", "resource": one} for one in resources],
    }
