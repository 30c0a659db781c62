"""What callers say, in our words."""

from hashlib import sha256
from uuid import UUID

from google.type.date_pb2 import Date

from chassis.ids import uuid_of
from chassis.paging import position
from chassis.principal import ALL, Principal
from chassis.refusal import Invalid, Violation
from halcyon.referral.v1 import referral_pb2 as noun
from halcyon.referral.v1 import referral_service_pb2 as rpc
from services.referral.domain import (
    Address,
    Application,
    CancelReason,
    Clinical,
    Coding,
    Day,
    Person,
    Position,
    Practitioner,
    Priority,
    Search,
    Section,
    Sex,
    Status,
    Viewer,
)

_LATEST = UUID(int=2**128 - 1)
_SEXES = {
    noun.SEX_AT_BIRTH_FEMALE: Sex.FEMALE,
    noun.SEX_AT_BIRTH_MALE: Sex.MALE,
    noun.SEX_AT_BIRTH_UNKNOWN: Sex.UNKNOWN,
}
_REASONS = {
    rpc.CANCEL_REASON_PATIENT_DECLINED: CancelReason.PATIENT_DECLINED,
    rpc.CANCEL_REASON_ENTERED_IN_ERROR: CancelReason.ENTERED_IN_ERROR,
    rpc.CANCEL_REASON_TREATED_ELSEWHERE: CancelReason.TREATED_ELSEWHERE,
}


def viewer(principal: Principal) -> Viewer:
    """The caller, as visibility is decided."""
    scope = None if principal.clinics is ALL else principal.clinics
    return Viewer(principal.roles, principal.npi, scope)


def application(request: rpc.CreateReferralRequest) -> Application:
    """The referral asked for."""
    urgent = request.priority == noun.REFERRAL_PRIORITY_URGENT
    referrer = request.referrer
    return Application(
        request_id=uuid_of(request.request_id),
        digest=_digest(request),
        referrer=Practitioner(
            referrer.npi, referrer.given_name, referrer.family_name, referrer.organization
        ),
        patient=_person(request.patient),
        clinical=clinical(request.clinical),
        priority=Priority.URGENT if urgent else Priority.ROUTINE,
        preferred_clinic_id=_wanted(request.preferred_clinic_id),
    )


def reason(request: rpc.CancelReferralRequest) -> CancelReason:
    """Why it is withdrawn; the contract admits no other."""
    return _REASONS[request.reason]


def _wanted(text: str) -> UUID | None:
    """An id that may be left out."""
    return uuid_of(text) if text else None


def search(request: rpc.ListReferralsRequest) -> Search:
    """Which referrals to list."""
    name = noun.ReferralStatus.Name(request.status).removeprefix("REFERRAL_STATUS_")
    status = Status(name) if request.status else None
    return Search(status, _wanted(request.clinic_id), _before(request.page_token))


def _before(page_token: str) -> UUID:
    """The referral a page starts after, newest first."""
    key = position(page_token, 1)
    try:
        return UUID(key[0]) if key else _LATEST
    except ValueError:
        fault = Violation("page_token", "must be a next_page_token of this method")
        message = "The page token is not one of ours."
        raise Invalid("PAGE_TOKEN_INVALID", message, (fault,)) from None


def _digest(request: rpc.CreateReferralRequest) -> bytes:
    """The same words again give the same digest; the request id is not one of them."""
    body = rpc.CreateReferralRequest()
    body.CopyFrom(request)
    body.ClearField("request_id")
    return sha256(body.SerializeToString(deterministic=True)).digest()


def _person(patient: noun.Patient) -> Person:
    return Person(
        patient.given_name,
        patient.family_name,
        _day(patient.birth_date),
        _SEXES.get(patient.sex_at_birth),
        patient.phone,
        patient.email,
        _address(patient.address) if patient.HasField("address") else None,
    )


def _address(address: noun.PostalAddress) -> Address:
    home = address.position
    place = Position(home.latitude, home.longitude) if address.HasField("position") else None
    return Address(address.line, address.city, address.state, address.postal_code, place)


def clinical(summary: noun.ClinicalSummary) -> Clinical:
    """What is known clinically."""
    return Clinical(
        summary.indication_code,
        summary.weight_grams,
        _day(summary.weight_date),
        summary.height_millimetres,
        summary.phq9_score if summary.HasField("phq9_score") else None,
        _section(summary.psychiatric_history),
        _section(summary.physical_history),
        _section(summary.medications),
        _section(summary.allergies),
    )


def _section(section: noun.HistorySection) -> Section:
    return tuple([Coding(entry.system, entry.code) for entry in section.entries])


def _day(date: Date) -> Day:
    return Day(date.year, date.month, date.day)
