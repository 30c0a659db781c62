"""What callers are told."""

from collections.abc import Iterable

from halcyon.intake.v1 import intake_pb2 as nouns
from services.intake import domain
from services.intake.wire.assessments import assessment_reply
from services.intake.wire.plans import plan_reply
from services.intake.wire.words import stamp


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
        flags=[_flag(known, found) for found in known.flags],
        plan=plan_reply(known, known.plan) if known.plan else None,
        open_time=stamp(known.open_time),
        update_time=stamp(known.update_time),
        suicide_risk=_risk(known),
        eligibility=_eligibility(known.eligibility) if known.eligibility else None,
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
    return nouns.Flag(
        rule_id=rule.rule_id,
        severity=severity(rule.severity),
        finding=rule.finding,
        evidence=evidence,
        source=rule.source,
        action=rule.action,
    )


def severity(found: domain.Severity) -> nouns.FlagSeverity.ValueType:
    """How strongly a rule speaks."""
    return nouns.FlagSeverity.Value(f"FLAG_SEVERITY_{found.name}")


def _flag(known: domain.Intake, found: domain.Finding) -> nouns.Flag:
    told = flag(found.rule, found.evidence)
    told.second_reviewer = nouns.SECOND_REVIEWER_NOT_NEEDED
    if found.rule.second_reviewer:
        agreed = any(one.rule_id == found.rule_id for one in known.agreed)
        told.second_reviewer = (
            nouns.SECOND_REVIEWER_AGREED if agreed else nouns.SECOND_REVIEWER_AWAITED
        )
    return told


def _eligibility(decided: domain.Eligibility) -> nouns.Eligibility:
    outcome = nouns.EligibilityOutcome.Value(f"ELIGIBILITY_OUTCOME_{decided.outcome.name}")
    return nouns.Eligibility(
        outcome=outcome,
        conditions=decided.conditions,
        defer_until_date=decided.defer_until.isoformat() if decided.defer_until else "",
        decided_by=decided.decided_by,
        decide_time=stamp(decided.decide_time) if decided.decide_time else None,
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
