"""What we tell the platform: opaque ids and coded clinical content only."""

from datetime import UTC, datetime, timedelta

from google.protobuf.timestamp_pb2 import Timestamp

from halcyon.referral.events.v1.referral_events_pb2 import (
    AvailabilityStated,
    ReferralCancelled,
    ReferralReceived,
    ReferralRouted,
    ReferralSupplemented,
)
from services.referral.domain import (
    Available,
    Cancelled,
    Received,
    Routed,
    Section,
    Supplemented,
)

_EPOCH, _MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)

Stated = Received | Routed | Cancelled | Supplemented | Available
Fact = (
    ReferralReceived
    | ReferralRouted
    | ReferralCancelled
    | ReferralSupplemented
    | AvailabilityStated
)


def fact(event: Stated, now: datetime) -> Fact:
    """The event in everyone's words."""
    match event:
        case Received():
            return _received(event, now)
        case Routed():
            return _routed(event, now)
        case Cancelled(referral, reason):
            return ReferralCancelled(
                referral_id=str(referral.referral_id),
                revision=referral.progress.revision,
                clinic_id=str(referral.progress.clinic_id or ""),
                reason=reason.value,
                cancel_time=moment(now),
            )
        case Supplemented():
            return _supplemented(event, now)
        case Available():
            return _available(event, now)


def moment(time: datetime) -> Timestamp:
    """A moment on the wire; FromDatetime goes through a calendar, which takes twice as long."""
    stamp = Timestamp()
    stamp.FromMicroseconds((time - _EPOCH) // _MICROSECOND)
    return stamp


def _received(event: Received, now: datetime) -> ReferralReceived:
    referral = event.referral
    return ReferralReceived(
        referral_id=str(referral.referral_id),
        revision=referral.progress.revision,
        patient_id=str(referral.patient_id),
        indication_code=referral.clinical.indication_code,
        priority=referral.priority.value,
        preferred_clinic_id=str(referral.preferred_clinic_id or ""),
        receive_time=moment(now),
    )


def _routed(event: Routed, now: datetime) -> ReferralRouted:
    referral = event.referral
    clinical = referral.clinical
    return ReferralRouted(
        referral_id=str(referral.referral_id),
        revision=referral.progress.revision,
        patient_id=str(referral.patient_id),
        clinic_id=str(referral.progress.clinic_id),
        indication_code=clinical.indication_code,
        age_years=referral.age_years,
        sex_at_birth=referral.sex_at_birth.value,
        weight_grams=clinical.weight_grams,
        height_millimetres=clinical.height_millimetres,
        phq9_score=clinical.phq9_score,
        psychiatric_history=_texts(clinical.psychiatric_history),
        physical_history=_texts(clinical.physical_history),
        medications=_texts(clinical.medications),
        allergies=_texts(clinical.allergies),
        priority=referral.priority.value,
        route_time=moment(now),
    )


def _supplemented(event: Supplemented, now: datetime) -> ReferralSupplemented:
    clinical, progress = event.clinical, event.referral.progress
    return ReferralSupplemented(
        referral_id=str(progress.referral_id),
        revision=progress.revision,
        clinic_id=str(progress.clinic_id or ""),
        weight_grams=clinical.weight_grams,
        height_millimetres=clinical.height_millimetres,
        phq9_score=clinical.phq9_score,
        psychiatric_history=_texts(clinical.psychiatric_history),
        physical_history=_texts(clinical.physical_history),
        medications=_texts(clinical.medications),
        allergies=_texts(clinical.allergies),
        supplement_time=moment(now),
    )


def _available(event: Available, now: datetime) -> AvailabilityStated:
    progress, earliest = event.referral.progress, event.earliest
    return AvailabilityStated(
        referral_id=str(progress.referral_id),
        revision=progress.revision,
        clinic_id=str(progress.clinic_id or ""),
        earliest_date="{:04}-{:02}-{:02}".format(*earliest) if earliest else "",
        windows=[f"{day}/{start}-{end}" for day, start, end in event.windows],
        state_time=moment(now),
    )


def _texts(section: Section) -> list[str]:
    return [str(coding) for coding in section]
