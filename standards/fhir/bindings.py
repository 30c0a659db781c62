"""Required code bindings of the elements we read; the validator checks shapes, not value sets."""

from standards.fhir.nodes import Bundle, Node, Resource
from standards.fhir.problems import Findings

_OBSERVATION = "registered preliminary final amended corrected cancelled entered-in-error unknown"
_STATEMENT = (
    "active completed entered-in-error intended stopped on-hold unknown not-taken"  # R4, 4.3.14
)
_REQUEST = "draft active on-hold revoked completed entered-in-error unknown"
_INTENT = (
    "proposal plan directive order original-order reflex-order filler-order instance-order option"
)
_REQUIRED: dict[str, dict[str, str]] = {
    "ServiceRequest": {
        "status": _REQUEST,
        "intent": _INTENT,
        "priority": "routine urgent asap stat",
    },
    "Patient": {"gender": "male female other unknown"},
    "Practitioner": {"gender": "male female other unknown"},
    "Observation": {"status": _OBSERVATION},
    "MedicationStatement": {"status": _STATEMENT},
    "AllergyIntolerance": {
        "type": "allergy intolerance",
        "criticality": "low high unable-to-assess",
    },
    "List": {"status": "current retired entered-in-error", "mode": "working snapshot changes"},
}
_CONCEPTS: dict[str, dict[str, str]] = {
    "Condition": {
        "clinicalStatus": "active recurrence relapse inactive remission resolved",
        "verificationStatus": (
            "unconfirmed provisional differential confirmed refuted entered-in-error"
        ),
    },
    "AllergyIntolerance": {
        "clinicalStatus": "active inactive resolved",
        "verificationStatus": "unconfirmed confirmed refuted entered-in-error",
    },
}
_TELECOM = "phone fax email pager url sms other"
_USE = "usual official temp nickname anonymous old maiden"
_BUNDLES = "transaction collection"


def check(bundle: Bundle, findings: Findings) -> None:
    """Every code that a required binding governs is one of its value set."""
    _one_of(bundle.root, "type", _BUNDLES, findings)
    for resource in bundle:
        for name, allowed in _REQUIRED.get(resource.kind, {}).items():
            _one_of(resource, name, allowed, findings)
        for name, allowed in _CONCEPTS.get(resource.kind, {}).items():
            for coding in resource.get(name).all("coding"):
                _one_of(coding, "code", allowed, findings)
        _people(resource, findings)


def _people(resource: Resource, findings: Findings) -> None:
    if resource.kind in {"Patient", "Practitioner"}:
        for contact in resource.all("telecom"):
            _one_of(contact, "system", _TELECOM, findings)
        for name in resource.all("name"):
            _one_of(name, "use", _USE, findings)


def _one_of(parent: Node, name: str, allowed: str, findings: Findings) -> None:
    found = parent.get(name)
    if isinstance(found.value, str) and found.value not in allowed.split():
        findings.add(found.path, f"must be one of {', '.join(allowed.split())}")
