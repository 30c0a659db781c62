"""Facts stated: what we say to everyone, pseudonymous, and never a note."""

from typing import Any

from google.protobuf.message import Message

from halcyon.intake.events.v1 import intake_events_pb2 as facts
from services.intake import domain
from services.intake.wire.words import kap, milli, stamp


def event(stated: domain.Fact) -> Message:
    """A fact of ours."""
    match stated:
        case domain.IntakeOpened():
            return _opened(stated.intake)
        case domain.AssessmentRecorded():
            return _recorded(stated)
        case domain.EligibilityDecided():
            return _decided(stated)
        case domain.PlanApproved():
            return _approved(stated.intake, stated.plan)
        case domain.ReferralDeclined():
            return _declined(stated)
        case domain.DoseAdjusted():
            return _adjusted(stated)
        case domain.PlanRevised():
            return _revised(stated)
        case domain.PlanPaused():
            return _paused(stated)
        case domain.PlanResumed():
            return _resumed(stated)
        case domain.PlanStopped():
            return _stopped(stated)
        case domain.SuicideRiskScreened():
            return _screened(stated)
        case domain.SafetyReviewed():
            return _reviewed(stated)


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
    need, full = intake.need, domain.particulars(intake, plan)
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
        infusion_minutes=full.infusion_minutes,
        recovery_minutes=intake.pack.terms.recovery_minutes,
        dose_order_id=str(plan.dose.dose_order_id),
        dose_micrograms=plan.dose.dose_micrograms,
        approval=plan.approval.value,
        pack=intake.pack.label,
        priority=need.priority,
        dose=milli(plan.dose.dose_micrograms),
        plan_version=plan.version,
        kap=kap(plan),
        antiemetic=full.antiemetic_order,
        pressure_every_minutes=full.monitoring.pressure_every_minutes,
        conditions=full.conditions,
        review_after_sessions=full.review_after,
        maintenance_every_days=plan.schedule.maintenance_every_days,
        session_limits=[
            facts.SessionLimit(rule_id=one.rule_id, days=one.days, at_most=one.at_most)
            for one in intake.pack.limits
        ],
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
    intake, dose, proposed = stated.intake, stated.plan.dose, stated.plan.proposed
    return facts.DoseAdjusted(
        **_course(intake, stated.plan),
        dose_order_id=str(dose.dose_order_id),
        number=dose.number,
        previous_dose_micrograms=stated.previous_micrograms,
        dose_micrograms=dose.dose_micrograms,
        direction=stated.direction.value,
        reasons=stated.reasons,
        session_id=str(stated.session_id) if stated.session_id else "",
        dose=milli(dose.dose_micrograms),
        percent_change=stated.percent_change,
        proposed_dose=milli(proposed.dose_micrograms) if proposed else "",
        ordered_by="prescriber" if stated.by_person else "titration",
        adjust_time=stamp(intake.update_time),
    )


def _decided(stated: domain.EligibilityDecided) -> facts.EligibilityDecided:
    intake, told = stated.intake, stated.eligibility
    return facts.EligibilityDecided(
        intake_id=str(intake.intake_id),
        revision=intake.revision,
        referral_id=str(intake.need.referral_id),
        clinic_id=str(intake.need.clinic_id),
        outcome=told.outcome.value,
        conditions=told.conditions,
        defer_until_date=told.defer_until.isoformat() if told.defer_until else "",
        pack=intake.pack.label,
        decide_time=stamp(intake.update_time),
    )


def _revised(stated: domain.PlanRevised) -> facts.PlanRevised:
    intake, plan = stated.intake, stated.plan
    full = domain.particulars(intake, plan)
    return facts.PlanRevised(
        **_course(intake, plan),
        plan_version=plan.version,
        infusion_minutes=full.infusion_minutes,
        kap=kap(plan),
        antiemetic=full.antiemetic_order,
        revise_time=stamp(intake.update_time),
    )


def _paused(stated: domain.PlanPaused) -> facts.PlanPaused:
    return facts.PlanPaused(
        **_course(stated.intake, stated.plan),
        reason=stated.plan.state_reason,
        session_id=str(stated.session_id),
        pause_time=stamp(stated.intake.update_time),
    )


def _resumed(stated: domain.PlanResumed) -> facts.PlanResumed:
    moment = stamp(stated.intake.update_time)
    return facts.PlanResumed(**_course(stated.intake, stated.plan), resume_time=moment)


def _stopped(stated: domain.PlanStopped) -> facts.PlanStopped:
    return facts.PlanStopped(
        **_course(stated.intake, stated.plan),
        reason=stated.plan.state_reason,
        stop_time=stamp(stated.intake.update_time),
    )


def _course(intake: domain.Intake, plan: domain.Plan) -> dict[str, Any]:
    """The fields that every fact about a plan begins with."""
    return {
        "intake_id": str(intake.intake_id),
        "revision": intake.revision,
        "plan_id": str(plan.plan_id),
        "referral_id": str(intake.need.referral_id),
        "clinic_id": str(intake.need.clinic_id),
    }


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


def _reviewed(stated: domain.SafetyReviewed) -> facts.SafetyReviewed:
    intake = stated.intake
    return facts.SafetyReviewed(
        intake_id=str(intake.intake_id),
        revision=intake.revision,
        referral_id=str(intake.need.referral_id),
        patient_id=str(intake.need.patient_id),
        clinic_id=str(intake.need.clinic_id),
        barriers=[
            facts.BookingBarrier(rule_id=one.rule_id, begin_time=stamp(one.begin_time))
            for one in stated.barriers
        ],
        pack=intake.pack.label,
        review_time=stamp(intake.update_time),
    )
