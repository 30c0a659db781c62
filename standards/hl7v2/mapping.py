"""One REF^I12 to one CreateReferralRequest: parse, read, check against our own contract."""

from uuid import NAMESPACE_URL, uuid5

from halcyon.referral.v1.referral_pb2 import ReferralPriority
from halcyon.referral.v1.referral_service_pb2 import CreateReferralRequest
from standards.hl7v2 import clinical, people
from standards.hl7v2.segments import Parsed, Segment, findings, first, parsed
from standards.problems import Findings

_URGENT = {"S", "A"}
"""Table 0280: stat, as soon as possible."""


def referral_request(document: bytes) -> CreateReferralRequest:
    """The referral in a message; raises Hl7Error with every problem that it has."""
    message, found = parsed(document), findings()
    request = CreateReferralRequest(
        request_id=_request_id(message, found),
        referrer=people.practitioner(message, found),
        patient=people.patient(message, clinical.birth_sex(message), found),
        clinical=clinical.summary(message, found),
        priority=_priority(message),
        preferred_clinic_id=people.preferred_clinic(message),
    )
    found.check(request)
    return request


def placer_identifier(document: bytes) -> str:
    """What the sender calls the referral: "namespace|id" of RF1-6, or ''."""
    return _placed(first(document, "RF1"))


def _placed(referral: Segment) -> str:
    number, space = referral.text(6, 1), referral.text(6, 3) or referral.text(6, 2)
    return f"{space}|{number}" if number and space else ""


def _request_id(message: Parsed, found: Findings) -> str:
    """The same originating referral is the same call: a message sent twice refers once."""
    if placed := _placed(message.one("RF1")):
        return str(uuid5(NAMESPACE_URL, placed))
    found.add(
        "RF1-6", "an originating referral identifier with its namespace is required", "request_id"
    )
    return ""


def _priority(message: Parsed) -> ReferralPriority.ValueType:
    if message.one("RF1").text(2) in _URGENT:
        return ReferralPriority.REFERRAL_PRIORITY_URGENT
    return ReferralPriority.REFERRAL_PRIORITY_ROUTINE
