"""Facts heard and facts stated."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from chassis.refusal import Reject
from halcyon.infusion.events.v1.infusion_events_pb2 import InfusionCompleted
from halcyon.intake.events.v1 import intake_events_pb2 as facts
from halcyon.referral.events.v1.referral_events_pb2 import ReferralCancelled, ReferralRouted
from services.intake import domain

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def need(fact: ReferralRouted) -> domain.Need:
    """What the referrer told; without measures nobody can be dosed."""
    if fact.weight_grams <= 0 or fact.height_millimetres <= 0:
        raise Reject("measures")
    return domain.Need(
        UUID(fact.referral_id),
        UUID(fact.clinic_id),
        UUID(fact.patient_id),
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
    )


def withdrawn(fact: ReferralCancelled) -> domain.Need | None:
    """The need that is no more; None when no clinic was ever asked."""
    if not fact.clinic_id:
        return None
    return domain.Need(UUID(fact.referral_id), UUID(fact.clinic_id))


def intake_of(fact: InfusionCompleted) -> UUID:
    """The intake that an infusion belongs to."""
    return domain.intake_id(UUID(fact.referral_id))


def response(fact: InfusionCompleted) -> domain.Response:
    """What an ended infusion says about the dose."""
    return domain.Response(
        UUID(fact.referral_id),
        UUID(fact.plan_id),
        UUID(fact.session_id),
        fact.number,
        fact.complete_time.ToDatetime(UTC) - timedelta(minutes=fact.running_minutes),
        fact.outcome != "completed",
        fact.peak_systolic,
        fact.peak_diastolic,
        fact.lowest_oxygen_saturation,
        fact.lowest_moaas,
        tuple(fact.adverse_events),
        fact.phq9_score if fact.HasField("phq9_score") else None,
    )


def event(stated: domain.Fact) -> Message:
    """A fact of ours, pseudonymous: no note ever leaves in one."""
    match stated:
        case domain.IntakeOpened():
            return _opened(stated.intake)
        case domain.AssessmentRecorded():
            return _recorded(stated)
        case domain.PlanApproved():
            return _approved(stated.intake, stated.plan)
        case domain.ReferralDeclined():
            return _declined(stated)
        case domain.DoseAdjusted():
            return _adjusted(stated)
        case domain.SuicideRiskScreened():
            return _screened(stated)


def stamp(moment: datetime) -> Timestamp:
    """A moment in everyone's words."""
    since = moment - _EPOCH
    seconds = since.days * 86400 + since.seconds
    return Timestamp(seconds=seconds, nanos=since.microseconds * 1000)


def _opened(intake: domain.Intake) -> facts.IntakeOpened:
    return facts.IntakeOpened(
        intake_id=str(intake.intake_id),
        revision=intake.revision,
        referral_id=str(intake.need.referral_id),
        clinic_id=str(intake.need.clinic_id),
        open_time=stamp(intake.open_time),
    )


def _recorded(stated: domain.AssessmentRecorded) -> facts.AssessmentRecorded:
    intake = stated.intake
    return facts.AssessmentRecorded(
        intake_id=str(intake.intake_id),
        revision=intake.revision,
        referral_id=str(intake.need.referral_id),
        clinic_id=str(intake.need.clinic_id),
        phq9_score=stated.phq9_score,
        flagged_rules=[flag.rule_id for flag in intake.flags],
        record_time=stamp(intake.update_time),
    )


def _approved(intake: domain.Intake, plan: domain.Plan) -> facts.PlanApproved:
    need = intake.need
    return facts.PlanApproved(
        intake_id=str(intake.intake_id),
        revision=intake.revision,
        plan_id=str(plan.plan_id),
        referral_id=str(need.referral_id),
        patient_id=str(need.patient_id),
        clinic_id=str(need.clinic_id),
        indication_code=need.indication_code,
        sessions_per_week=plan.schedule.sessions_per_week,
        min_gap_hours=plan.schedule.min_gap_hours,
        infusion_minutes=intake.pack.terms.infusion_minutes,
        recovery_minutes=intake.pack.terms.recovery_minutes,
        dose_order_id=str(plan.dose.dose_order_id),
        dose_micrograms=plan.dose.dose_micrograms,
        approval=plan.approval.value,
        pack=intake.pack.label,
        priority=need.priority,
        approve_time=stamp(plan.approve_time),
    )


def _declined(stated: domain.ReferralDeclined) -> facts.ReferralDeclined:
    intake = stated.intake
    return facts.ReferralDeclined(
        intake_id=str(intake.intake_id),
        revision=intake.revision,
        referral_id=str(intake.need.referral_id),
        clinic_id=str(intake.need.clinic_id),
        reason=stated.reason,
        decline_time=stamp(intake.update_time),
    )


def _adjusted(stated: domain.DoseAdjusted) -> facts.DoseAdjusted:
    intake, dose = stated.intake, stated.plan.dose
    return facts.DoseAdjusted(
        intake_id=str(intake.intake_id),
        revision=intake.revision,
        plan_id=str(stated.plan.plan_id),
        referral_id=str(intake.need.referral_id),
        clinic_id=str(intake.need.clinic_id),
        dose_order_id=str(dose.dose_order_id),
        number=dose.number,
        previous_dose_micrograms=stated.previous_micrograms,
        dose_micrograms=dose.dose_micrograms,
        direction=stated.proposal.direction.value,
        reasons=stated.proposal.reasons,
        session_id=str(stated.response.session_id),
        adjust_time=stamp(intake.update_time),
    )


def _screened(stated: domain.SuicideRiskScreened) -> facts.SuicideRiskScreened:
    intake, risk = stated.intake, stated.risk
    until = domain.blocks_until(risk, intake.pack)
    assert risk.screen_time
    return facts.SuicideRiskScreened(
        intake_id=str(intake.intake_id),
        revision=intake.revision,
        referral_id=str(intake.need.referral_id),
        patient_id=str(intake.need.patient_id),
        clinic_id=str(intake.need.clinic_id),
        level=risk.level,
        block_until_time=stamp(until) if until else None,
        pack=intake.pack.label,
        screen_time=stamp(risk.screen_time),
    )
