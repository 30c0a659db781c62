"""One Bundle to one CreateReferralRequest: validate, read, check against our own contract."""

import re
from uuid import NAMESPACE_URL, uuid5

from halcyon.referral.v1.referral_pb2 import ReferralPriority
from halcyon.referral.v1.referral_service_pb2 import CreateReferralRequest
from standards.fhir import bindings, clinical, people
from standards.fhir.codes import URI
from standards.fhir.nodes import Bundle, Node, Resource
from standards.fhir.problems import FhirError, FhirUnavailable, Findings, Problem, findings

_WITHDRAWN = {"revoked", "entered-in-error"}
_QUOTED = re.compile(r'".*"', re.DOTALL)
_KIND = re.compile(r"^.*(?= is not a FHIR R4 resource type)", re.DOTALL)
_URGENT = {"urgent", "asap", "stat"}
_OWNED = {
    "Condition": "subject",
    "Observation": "subject",
    "MedicationStatement": "subject",
    "AllergyIntolerance": "patient",
    "List": "subject",
}


def referral_request(document: str | bytes) -> CreateReferralRequest:
    """The referral in a FHIR R4 Bundle; raises FhirError with every problem that it has."""
    found = findings()
    bundle = Bundle(_validated(document, found))
    bindings.check(bundle, found)
    request = _mapped(bundle, found)
    found.check(request)
    return request


def withdrawal(document: str | bytes) -> tuple[str, bool]:
    """The placer's identifier of a ServiceRequest withdrawn, and whether it was a mistake."""
    found = findings()
    bundle = Bundle(_validated(document, found))
    requests = bundle.of("ServiceRequest")
    if len(requests) != 1:
        found.add("Bundle.entry", f"one ServiceRequest is required, found {len(requests)}")
        found.raise_any()
    request = requests[0]
    status = request.text("status")
    if status not in _WITHDRAWN:
        found.add(f"{request.path}.status", "must be revoked or entered-in-error")
    named = [one for one in map(_identifier, request.all("identifier")) if one]
    if not named:
        path = f"{request.path}.identifier"
        found.add(path, "an identifier with system and value is required")
    found.raise_any()
    return named[0], status == "entered-in-error"


def placer_identifier(document: str | bytes) -> str:
    """What the sender calls the request: "system|value" of its first full identifier, or ''."""
    requests = Bundle(_validated(document, findings())).of("ServiceRequest")
    identifiers = [one for request in requests for one in request.all("identifier")]
    return next(filter(None, map(_identifier, identifiers)), "")


def _identifier(identifier: Node) -> str:
    system, value = identifier.text("system"), identifier.text("value")
    return f"{system}|{value}" if system and value else ""


def _validated(document: str | bytes, findings: Findings) -> object:
    try:
        import fhirkit
    except ImportError:
        raise FhirUnavailable(
            "fhirkit-rs has no build for this machine, so FHIR cannot be validated here; "
            "submit the referral as JSON of CreateReferralRequest instead"
        ) from None
    try:
        resource = fhirkit.parse(document)
    except (fhirkit.ParseError, fhirkit.ValidationError) as fault:
        raise FhirError((Problem("Bundle", _without_values(str(fault))),)) from None
    for issue in resource.issues:
        if issue.severity == "error":
            findings.add(issue.path, _without_values(issue.message))
    return resource.to_dict()


def _without_values(told: str) -> str:
    """What the validator quotes may identify somebody, and a problem is told where others read."""
    return _KIND.sub("it", _QUOTED.sub("it", told))


def _mapped(bundle: Bundle, findings: Findings) -> CreateReferralRequest:
    requests = bundle.of("ServiceRequest")
    if len(requests) != 1:
        findings.add("Bundle.entry", f"one ServiceRequest is required, found {len(requests)}")
        findings.raise_any()
    request = requests[0]
    patient = bundle.find(request.get("subject"))
    if patient.kind != "Patient":
        findings.add(f"{request.path}.subject", "must refer to a Patient in the bundle", "patient")
    if request.text("status") != "active":
        findings.add(f"{request.path}.status", "only an active request is a referral")
    _one_patient(bundle, patient, findings)
    return CreateReferralRequest(
        request_id=_request_id(request, findings),
        referrer=people.practitioner(bundle, request.get("requester"), findings),
        patient=people.patient(patient, findings) if patient.kind == "Patient" else None,
        clinical=clinical.summary(bundle, request, findings),
        priority=_priority(request),
        preferred_clinic_id=_preferred_clinic(request),
    )


def _request_id(request: Resource, findings: Findings) -> str:
    """The same business identifier is the same call: a file sent twice refers once."""
    for identifier in request.all("identifier"):
        system, value = identifier.text("system"), identifier.text("value")
        if system and value:
            return str(uuid5(NAMESPACE_URL, f"{system}|{value}"))
    path = f"{request.path}.identifier"
    findings.add(path, "an identifier with system and value is required", "request_id")
    return ""


def _priority(request: Resource) -> ReferralPriority.ValueType:
    if request.text("priority") in _URGENT:
        return ReferralPriority.REFERRAL_PRIORITY_URGENT
    return ReferralPriority.REFERRAL_PRIORITY_ROUTINE


def _preferred_clinic(request: Resource) -> str:
    """A performer named by the UUID that the network gave the clinic."""
    for performer in request.all("performer"):
        identifier = performer.get("identifier")
        if identifier.text("system") == URI:
            return identifier.text("value").removeprefix("urn:uuid:")
    return ""


def _one_patient(bundle: Bundle, patient: Resource, findings: Findings) -> None:
    """What is said of somebody else must never be read as said of this patient."""
    for resource in bundle:
        name = _OWNED.get(resource.kind)
        if name and bundle.find(resource.get(name)).path != patient.path:
            path = f"{resource.path}.{name}"
            findings.add(path, "must refer to the patient of the ServiceRequest")
