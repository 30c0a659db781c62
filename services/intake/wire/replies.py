"""What callers are told."""

from collections.abc import Iterable

from halcyon.intake.v1 import intake_pb2 as nouns
from services.intake import domain
from services.intake.wire.assessments import assessment_reply
from services.intake.wire.facts import stamp


def intake(known: domain.Intake) -> nouns.Intake:
    """An intake, whole."""
    need = known.need
    return nouns.Intake(
        intake_id=str(known.intake_id),
        revision=known.revision,
        status=nouns.IntakeStatus.Value(f"INTAKE_STATUS_{known.status.name}"),
        referral_id=str(need.referral_id),
        clinic_id=str(need.clinic_id),
        patient_id=str(need.patient_id),
        indication_code=need.indication_code,
        age_years=need.age_years,
        assessment=assessment_reply(known.assessment) if known.assessment else None,
        flags=[flag(found.rule, found.evidence) for found in known.flags],
        plan=_plan(known.plan, known.pack) if known.plan else None,
        open_time=stamp(known.open_time),
        update_time=stamp(known.update_time),
        suicide_risk=_risk(known),
    )


def policy_reply(policy: domain.Policy) -> nouns.ClinicPolicy:
    """How a clinic runs its intake."""
    return nouns.ClinicPolicy(
        clinic_id=str(policy.clinic_id),
        approval=_approval(policy.approval),
        schedule=policy.schedule,
        pack=policy.pack.label,
    )


def flag(rule: domain.Rule, evidence: Iterable[str]) -> nouns.Flag:
    """A rule and what raised it."""
    severity = nouns.FlagSeverity.Value(f"FLAG_SEVERITY_{rule.severity.name}")
    needed = nouns.SECOND_REVIEWER_AWAITED
    return nouns.Flag(
        rule_id=rule.rule_id,
        severity=severity,
        finding=rule.finding,
        evidence=evidence,
        source=rule.source,
        action=rule.action,
        second_reviewer=needed if rule.second_reviewer else nouns.SECOND_REVIEWER_NOT_NEEDED,
    )


def _plan(plan: domain.Plan, pack: domain.Pack) -> nouns.Plan:
    return nouns.Plan(
        plan_id=str(plan.plan_id),
        schedule=plan.schedule.name,
        pack=pack.label,
        sessions_per_week=plan.schedule.sessions_per_week,
        infusion_minutes=pack.terms.infusion_minutes,
        recovery_minutes=pack.terms.recovery_minutes,
        dose=_dose(plan.dose),
        approval=_approval(plan.approval),
        approve_time=stamp(plan.approve_time),
    )


def _dose(order: domain.DoseOrder) -> nouns.DoseOrder:
    return nouns.DoseOrder(
        dose_order_id=str(order.dose_order_id),
        number=order.number,
        dose_micrograms=order.dose_micrograms,
        dosing_weight_grams=order.dosing_weight_grams,
        weight_basis=order.weight_basis,
        reasons=order.reasons,
        order_time=stamp(order.order_time),
    )


def _approval(approval: domain.Approval) -> nouns.Approval.ValueType:
    return nouns.Approval.Value(f"APPROVAL_{approval.name}")


def _risk(known: domain.Intake) -> nouns.SuicideRisk:
    risk, until = known.risk, domain.blocks_until(known.risk, known.pack)
    screened = nouns.RISK_STEP_SCREENED if risk.screen_time else nouns.RISK_STEP_UNSPECIFIED
    return nouns.SuicideRisk(
        step=nouns.RISK_STEP_OPEN if risk.is_open else screened,
        level=risk.level,
        screen_time=stamp(risk.screen_time) if risk.screen_time else None,
        block_until_time=stamp(until) if until else None,
    )
