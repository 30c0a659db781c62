"""The data of an event as one of our contracts: protobuf, the proto3 JSON, FHIR R4, or HL7 v2."""

from dataclasses import dataclass
from typing import TypeAlias

from google.protobuf.json_format import Parse, ParseError
from google.protobuf.message import Message

from chassis.refusal import Invalid, Violation
from chassis.validation import read as validated
from halcyon.referral.v1 import partner_pb2 as partner
from halcyon.referral.v1 import referral_service_pb2 as rpc
from services.referral.partners.cloudevents import Event
from standards import hl7v2
from standards.fhir import (
    FhirError,
    FhirUnavailable,
    placer_identifier,
    referral_request,
    withdrawal,
)
from standards.problems import DocumentError

Request: TypeAlias = (
    rpc.CreateReferralRequest
    | rpc.CancelReferralRequest
    | partner.SupplementReferralRequest
    | partner.StateAvailabilityRequest
)
KINDS: dict[str, type[Message]] = {
    kind.DESCRIPTOR.full_name: kind
    for kind in (
        rpc.CreateReferralRequest,
        rpc.CancelReferralRequest,
        partner.SupplementReferralRequest,
        partner.StateAvailabilityRequest,
    )
}
"""What may be said: the type of an event is the full name of the contract of its data."""

PROTOBUF = ("application/protobuf", "application/x-protobuf")
JSON = "application/json"
FHIR = "application/fhir+json"
HL7V2 = "application/hl7-v2"


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """A referral withdrawn in FHIR's words, under the partner's own name for it."""

    placer_reference: str
    entered_in_error: bool


def read(event: Event) -> Request | Withdrawn:
    """What was asked, valid by its contract; or every fault in it."""
    kind = KINDS.get(event.type)
    if kind is None:
        raise Invalid("TYPE_UNKNOWN", "No event of this type is read.")
    if event.format == FHIR:
        return _from_fhir(kind, event.data)
    if event.format == HL7V2:
        return _from_hl7(kind, event.data)
    if event.format in PROTOBUF:
        return _checked(kind, event.data)
    if event.format == JSON:
        return _checked(kind, _from_json(kind, event.data))
    raise Invalid("FORMAT_UNKNOWN", "The datacontenttype is not one that is read.")


def placer_reference(event: Event) -> str:
    """The partner's own name for the referral: the document's, else the event's subject."""
    if event.format == HL7V2:
        return hl7v2.placer_identifier(event.data)
    return placer_identifier(event.data) if event.format == FHIR else event.subject


def _checked(kind: type[Message], data: bytes) -> Request:
    request: Request = validated(kind.FromString, data)  # type: ignore[assignment]
    return request


def _from_json(kind: type[Message], data: bytes) -> bytes:
    """The parser's own text may quote a value, so it is not passed on."""
    try:
        return Parse(data, kind()).SerializeToString()
    except (ParseError, ValueError, RecursionError):
        raise Invalid("JSON_UNREADABLE", "The data is not the JSON of this contract.") from None


def _from_fhir(kind: type[Message], data: bytes) -> Request | Withdrawn:
    try:
        if kind is rpc.CreateReferralRequest:
            return _checked(kind, referral_request(data).SerializeToString())
        if kind is rpc.CancelReferralRequest:
            return Withdrawn(*withdrawal(data))
    except FhirError as fault:
        raise Invalid("FHIR_INVALID", "The bundle is no referral.", _faults(fault)) from None
    except FhirUnavailable:
        raise Invalid("FORMAT_UNKNOWN", "FHIR is not read here; send JSON.") from None
    raise Invalid("FORMAT_UNKNOWN", "This type is not read from FHIR; send JSON.")


def _from_hl7(kind: type[Message], data: bytes) -> Request:
    if kind is not rpc.CreateReferralRequest:
        raise Invalid("FORMAT_UNKNOWN", "This type is not read from HL7 v2; send JSON.")
    try:
        return _checked(kind, hl7v2.referral_request(data).SerializeToString())
    except hl7v2.Hl7Error as fault:
        raise Invalid("HL7_INVALID", "The message is no referral.", _faults(fault)) from None


def _faults(fault: DocumentError) -> tuple[Violation, ...]:
    return tuple(Violation(one.path, one.message) for one in fault.problems)
