"""What callers get to read.

`Referral.revision` and `ReferralChange.revision` are the number of the latest line of the
history, so that a watcher can go on from there. The facts carry another count: `revision` of
the facts that we ourselves stated, which must have no gap.
"""

from google.type.date_pb2 import Date

from halcyon.referral.v1 import referral_pb2 as noun
from halcyon.referral.v1 import referral_service_pb2 as rpc
from services.referral.domain import (
    Address,
    Clinical,
    Day,
    Line,
    Person,
    Priority,
    Referral,
    Section,
    Sex,
    Status,
)
from services.referral.wire.facts import moment

_STATUSES = {
    status: noun.ReferralStatus.Value(f"REFERRAL_STATUS_{status.value}") for status in Status
}
_PRIORITIES = {
    Priority.ROUTINE: noun.REFERRAL_PRIORITY_ROUTINE,
    Priority.URGENT: noun.REFERRAL_PRIORITY_URGENT,
}
_SEXES = {
    Sex.FEMALE: noun.SEX_AT_BIRTH_FEMALE,
    Sex.MALE: noun.SEX_AT_BIRTH_MALE,
    Sex.UNKNOWN: noun.SEX_AT_BIRTH_UNKNOWN,
}


def echo(referral: Referral, request: rpc.CreateReferralRequest) -> noun.Referral:
    """The referral in the caller's own words: nothing the registry knows besides gets out."""
    reply = _standing(referral)
    reply.referrer.CopyFrom(request.referrer)
    reply.patient.CopyFrom(request.patient)
    reply.patient.patient_id = str(referral.patient_id)
    reply.clinical.CopyFrom(request.clinical)
    return reply


def named(referral: Referral, person: Person) -> noun.Referral:
    """With the patient's identifiers; whoever asks for them is written down."""
    reply = pseudonymous(referral)
    reply.patient.CopyFrom(patient(str(referral.patient_id), person))
    return reply


def pseudonymous(referral: Referral) -> noun.Referral:
    """With the patient's registry id only."""
    reply = _standing(referral)
    reply.patient.patient_id = str(referral.patient_id)
    reply.clinical.CopyFrom(_clinical(referral.clinical))
    reply.referrer.CopyFrom(
        noun.Practitioner(
            npi=referral.referrer.npi,
            given_name=referral.referrer.given_name,
            family_name=referral.referrer.family_name,
            organization=referral.referrer.organization,
        )
    )
    return reply


def patient(patient_id: str, person: Person) -> noun.Patient:
    """The patient as the registry keeps them."""
    sex = person.sex_at_birth
    return noun.Patient(
        patient_id=patient_id,
        given_name=person.given_name,
        family_name=person.family_name,
        birth_date=_date(person.birth_date),
        sex_at_birth=_SEXES[sex] if sex else noun.SEX_AT_BIRTH_UNSPECIFIED,
        phone=person.phone,
        email=person.email,
        address=_address(person.address) if person.address else None,
    )


def change(line: Line) -> noun.ReferralChange:
    """One line of the history."""
    return noun.ReferralChange(
        referral_id=str(line.referral_id),
        revision=line.number,
        status=_STATUSES[line.status],
        cause=line.cause,
        change_time=moment(line.time),
        trace_id=line.trace_id,
    )


def _standing(referral: Referral) -> noun.Referral:
    progress = referral.progress
    return noun.Referral(
        referral_id=str(referral.referral_id),
        revision=progress.changes,
        status=_STATUSES[progress.status],
        priority=_PRIORITIES[referral.priority],
        preferred_clinic_id=str(referral.preferred_clinic_id or ""),
        clinic_id=str(progress.clinic_id or ""),
        receive_time=moment(referral.receive_time),
        update_time=moment(progress.update_time),
    )


def _clinical(clinical: Clinical) -> noun.ClinicalSummary:
    return noun.ClinicalSummary(
        indication_code=clinical.indication_code,
        weight_grams=clinical.weight_grams,
        weight_date=_date(clinical.weight_date),
        height_millimetres=clinical.height_millimetres,
        phq9_score=clinical.phq9_score,
        psychiatric_history=_section(clinical.psychiatric_history),
        physical_history=_section(clinical.physical_history),
        medications=_section(clinical.medications),
        allergies=_section(clinical.allergies),
    )


def _section(section: Section) -> noun.HistorySection:
    """The contract lets a section be present exactly when it has entries."""
    statement = noun.SECTION_STATEMENT_PRESENT if section else noun.SECTION_STATEMENT_NONE
    entries = [noun.CodedEntry(system=coding.system, code=coding.code) for coding in section]
    return noun.HistorySection(statement=statement, entries=entries)


def _address(address: Address) -> noun.PostalAddress:
    reply = noun.PostalAddress(
        line=address.line,
        city=address.city,
        state=address.state,
        postal_code=address.postal_code,
    )
    if address.position:
        reply.position.latitude, reply.position.longitude = address.position
    return reply


def _date(day: Day) -> Date:
    return Date(year=day.year, month=day.month, day=day.day)
