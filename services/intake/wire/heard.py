"""Facts heard: what others say, in our words."""

from datetime import timedelta
from uuid import UUID
from zoneinfo import available_timezones

from chassis.ids import uuid_of
from chassis.moments import instant
from chassis.refusal import Reject
from halcyon.infusion.events.v1.infusion_events_pb2 import InfusionCompleted
from halcyon.referral.events.v1.referral_events_pb2 import (
    ReferralCancelled,
    ReferralRouted,
    ReferralSupplemented,
)
from halcyon.scheduling.events.v1.scheduling_events_pb2 import ClinicUpdated
from services.intake import domain


def clinic_and_patient(fact: ReferralRouted) -> tuple[UUID, UUID]:
    """Who is asked to treat whom."""
    return uuid_of(fact.clinic_id), uuid_of(fact.patient_id)


def need(fact: ReferralRouted) -> domain.Need:
    """What the referrer told; without measures nobody can be dosed."""
    if fact.weight_grams <= 0 or fact.height_millimetres <= 0:
        raise Reject("measures")
    return domain.Need(
        uuid_of(fact.referral_id),
        uuid_of(fact.clinic_id),
        uuid_of(fact.patient_id),
        fact.indication_code,
        fact.age_years,
        fact.sex_at_birth,
        fact.weight_grams,
        fact.height_millimetres,
        fact.phq9_score if fact.HasField("phq9_score") else None,
        tuple(fact.psychiatric_history),
        tuple(fact.physical_history),
        tuple(fact.medications),
        tuple(fact.allergies),
        fact.priority,
        fact.revision,
    )


def supplement(fact: ReferralSupplemented) -> domain.Supplement:
    """What the referrer told later; without measures nobody can be dosed."""
    if fact.weight_grams <= 0 or fact.height_millimetres <= 0:
        raise Reject("measures")
    return domain.Supplement(
        uuid_of(fact.referral_id),
        fact.revision,
        fact.weight_grams,
        fact.height_millimetres,
        fact.phq9_score if fact.HasField("phq9_score") else None,
        tuple(fact.psychiatric_history),
        tuple(fact.physical_history),
        tuple(fact.medications),
        tuple(fact.allergies),
    )


def withdrawn(fact: ReferralCancelled) -> domain.Need | None:
    """The need that is no more; None when no clinic was ever asked."""
    if not fact.clinic_id:
        return None
    return domain.Need(uuid_of(fact.referral_id), uuid_of(fact.clinic_id))


def response(fact: InfusionCompleted) -> domain.Response:
    """What an ended infusion says about the dose."""
    return domain.Response(
        uuid_of(fact.referral_id),
        uuid_of(fact.plan_id),
        uuid_of(fact.session_id),
        fact.number,
        instant(fact.complete_time) - timedelta(minutes=fact.running_minutes),
        fact.outcome != "completed",
        fact.peak_systolic,
        fact.peak_diastolic,
        fact.lowest_oxygen_saturation,
        fact.lowest_moaas,
        fact.given_micrograms,
        tuple(fact.adverse_events),
        fact.phq9_score if fact.HasField("phq9_score") else None,
    )


def clinic(fact: ClinicUpdated) -> tuple[UUID, int, str]:
    """A clinic, as of which revision, and its time zone."""
    if fact.time_zone not in available_timezones():
        raise Reject("time zone")
    return uuid_of(fact.clinic_id), fact.revision, fact.time_zone
