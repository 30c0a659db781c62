"""What partners are told, and what they say beyond what callers say."""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from datetime import datetime
from uuid import UUID

from google.protobuf.message import Message

from chassis.refusal import Invalid, Refusal
from halcyon.referral.v1 import partner_pb2 as rpc
from halcyon.referral.v1.referral_pb2 import ReferralStatus
from services.referral.domain import Day, Line, Partner, Person, Window, codes
from services.referral.wire.facts import moment
from services.referral.wire.replies import patient

FORMATS = {
    rpc.PARTNER_FORMAT_UNSPECIFIED: "json",
    rpc.PARTNER_FORMAT_JSON: "json",
    rpc.PARTNER_FORMAT_PROTOBUF: "protobuf",
    rpc.PARTNER_FORMAT_FHIR: "fhir",
}


def partner(told: rpc.Partner) -> Partner:
    """As we keep it."""
    clinics = frozenset(UUID(clinic_id) for clinic_id in told.clinic_ids)
    fields = frozenset(_field(one) for one in told.fields)
    return Partner(told.name, told.account, clinics, FORMATS[told.format], fields)


def shown(kept: Partner) -> rpc.Partner:
    """As operators read it."""
    return rpc.Partner(
        name=kept.name,
        account=kept.account,
        clinic_ids=sorted(map(str, kept.clinics)),
        format=rpc.PartnerFormat.Value(f"PARTNER_FORMAT_{kept.format.upper()}"),
        fields=[
            rpc.PatientField.Value(f"PATIENT_FIELD_{one.upper()}") for one in sorted(kept.fields)
        ],
    )


def disclosed(person: Person, fields: AbstractSet[str]) -> rpc.NamedPatient:
    """As much of a patient as a contract names: what it does not name is not even looked at."""
    whole, told = patient("", person), rpc.NamedPatient()
    for name in fields:
        found = getattr(whole, name)
        if isinstance(found, Message):
            getattr(told, name).CopyFrom(found)
        else:
            setattr(told, name, found)
    told.address.ClearField("position")
    if not told.address.ByteSize():
        told.ClearField("address")
    return told


def accepted(answer: rpc.MessageAnswered, referral_id: str, now: datetime) -> rpc.MessageAnswered:
    """The message had its effect."""
    answer.outcome = rpc.MESSAGE_OUTCOME_ACCEPTED
    answer.referral_id = referral_id
    answer.answer_time.CopyFrom(moment(now))
    return answer


def rejected(answer: rpc.MessageAnswered, refusal: Refusal, now: datetime) -> rpc.MessageAnswered:
    """It had none; what others own is not named, not even by its id."""
    answer.outcome = rpc.MESSAGE_OUTCOME_REJECTED
    answer.reasons.extend(_reasons(refusal))
    answer.answer_time.CopyFrom(moment(now))
    return answer


def advanced(
    line: Line, placer_reference: str, named: rpc.NamedPatient | None = None
) -> rpc.ReferralAdvanced:
    """One step, with its codes in the standards."""
    code = codes(line.status, line.cause)
    return rpc.ReferralAdvanced(
        referral_id=str(line.referral_id),
        number=line.number,
        placer_reference=placer_reference,
        status=ReferralStatus.Value(f"REFERRAL_STATUS_{line.status.value}"),
        cause=line.cause,
        transaction=code.transaction,
        task_status=code.task,
        request_status=code.request,
        business_status=code.business,
        bser_status=code.bser,
        detail=line.detail,
        change_time=moment(line.time),
        patient=named,
    )


def windows(request: rpc.StateAvailabilityRequest) -> tuple[Window, ...]:
    """The parts of the week that suit."""
    return tuple(Window(one.weekday, one.start_minute, one.end_minute) for one in request.windows)


def earliest(request: rpc.StateAvailabilityRequest) -> Day | None:
    """Not before this day."""
    if not request.earliest_date:
        return None
    return Day(*(int(part) for part in request.earliest_date.split("-")))


def _field(named: "rpc.PatientField.ValueType") -> str:
    return rpc.PatientField.Name(named).removeprefix("PATIENT_FIELD_").lower()


def _reasons(refusal: Refusal) -> Iterable[rpc.RejectionReason]:
    if isinstance(refusal, Invalid) and refusal.violations:
        for fault in refusal.violations[:50]:
            yield rpc.RejectionReason(
                reason=refusal.reason,
                field=fault.field[:200],
                description=fault.description[:300],
            )
    else:
        yield rpc.RejectionReason(reason=refusal.reason, description=refusal.message)
