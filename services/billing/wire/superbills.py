"""Receipts and profiles in the contract's words."""

from collections.abc import Mapping
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from chassis.refusal import Invalid, Violation
from halcyon.billing.v1 import superbill_pb2 as rpc
from halcyon.billing.v1 import superbill_service_pb2 as asked
from halcyon.referral.v1 import referral_pb2 as people
from services.billing import domain
from services.billing.domain import (
    Addressee,
    Money,
    PatientKind,
    Payer,
    Profile,
    Referrer,
    Street,
    Visit,
)
from services.billing.wire.replies import money
from services.billing.wire.stated import time

_KINDS = {
    rpc.VISIT_PATIENT_NEW: PatientKind.NEW,
    rpc.VISIT_PATIENT_ESTABLISHED: PatientKind.ESTABLISHED,
}
_SEXES: Mapping["people.SexAtBirth.ValueType", str] = {
    people.SEX_AT_BIRTH_FEMALE: "F",
    people.SEX_AT_BIRTH_MALE: "M",
}


def superbill(found: domain.Superbill) -> rpc.Superbill:
    """A receipt as callers see it."""
    code = found.amount.currency_code
    return rpc.Superbill(
        superbill_id=str(found.superbill_id),
        version=found.version,
        session_id=str(found.session_id),
        invoice_id=str(found.invoice_id),
        diagnosis_code=found.diagnosis,
        running_minutes=found.running_minutes,
        lines=[_line(line, code) for line in found.lines],
        charge=money(found.amount),
        paid=money(Money(found.paid, code)),
        claim_table=found.table,
        void_time=time(found.issue_time) if found.is_void else None,
        service_time=time(found.service_time),
        issue_time=time(found.issue_time),
    )


def visit(request: asked.ReissueSuperbillRequest) -> Visit | None:
    """The doctor's visit of the same day, if there was one."""
    if not request.visit_minutes:
        return None
    return Visit(_KINDS[request.visit_patient], request.visit_minutes)


def addressee(message: people.Patient) -> Addressee:
    """The patient to print."""
    born, home = message.birth_date, message.address
    return Addressee(
        patient_id=UUID(message.patient_id) if message.patient_id else UUID(int=0),
        given_name=message.given_name,
        family_name=message.family_name,
        birth_date=_day(born.year, born.month, born.day),
        sex=_SEXES.get(message.sex_at_birth, "U"),
        telephone=message.phone,
        street=Street(
            line=home.line, city=home.city, state=home.state, postal_code=home.postal_code
        ),
    )


def referrer(message: people.Practitioner) -> Referrer:
    """Who referred."""
    return Referrer(message.given_name, message.family_name, message.npi)


def payer(request: asked.RenderSuperbillRequest) -> Payer | None:
    """Whom it goes to."""
    told = request.payer
    return Payer(told.name, told.payer_id, told.member_id) if request.HasField("payer") else None


def profile(message: rpc.BillingProfile) -> Profile:
    """What a clinic wants said."""
    return Profile(
        clinic_id=UUID(message.clinic_id),
        legal_name=message.legal_name,
        npi=message.npi,
        tin=message.tin,
        taxonomy=message.taxonomy_code,
        place_of_service=message.place_of_service,
        time_zone=_zone(message.time_zone),
        telephone=message.phone,
        street=Street(
            line=message.street,
            city=message.city,
            state=message.state,
            postal_code=message.postal_code,
        ),
        provider_given_name=message.provider_given_name,
        provider_family_name=message.provider_family_name,
        provider_npi=message.provider_npi,
        provider_taxonomy=message.provider_taxonomy_code,
        provider_licence=message.provider_license_number,
    )


def profile_told(found: Profile) -> rpc.BillingProfile:
    """What is said about a clinic."""
    return rpc.BillingProfile(
        clinic_id=str(found.clinic_id),
        legal_name=found.legal_name,
        npi=found.npi,
        tin=found.tin,
        taxonomy_code=found.taxonomy,
        place_of_service=found.place_of_service,
        time_zone=found.time_zone,
        phone=found.telephone,
        street=found.street.line,
        city=found.street.city,
        state=found.street.state,
        postal_code=found.street.postal_code,
        provider_given_name=found.provider_given_name,
        provider_family_name=found.provider_family_name,
        provider_npi=found.provider_npi,
        provider_taxonomy_code=found.provider_taxonomy,
        provider_license_number=found.provider_licence,
    )


def _line(line: domain.BillLine, code: str) -> rpc.SuperbillLine:
    return rpc.SuperbillLine(
        code=line.code,
        modifiers=line.modifiers,
        description=line.words,
        units=line.units,
        charge=money(Money(line.minor_units, code)),
        ndc=line.ndc,
        millilitres=line.millilitres,
    )


def _day(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        fault = Violation("patient.birth_date", "must be a calendar date")
        raise Invalid("INVALID_PAPER", "The patient cannot be printed.", (fault,)) from None


def _zone(name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (ValueError, OSError, ZoneInfoNotFoundError):
        fault = Violation("profile.time_zone", "must be an IANA time zone")
        raise Invalid("INVALID_PROFILE", "There is no such time zone.", (fault,)) from None
