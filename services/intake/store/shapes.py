"""Intakes as rows and rows as intakes."""

from collections.abc import Iterable

from chassis.plans import made
from services.intake import domain
from services.intake.store import plans
from services.intake.store.assessments import assessment
from services.intake.store.rows import AssessmentRow, DoseOrderRow, IntakeRow


def intake(
    row: IntakeRow, pack: domain.Pack, found: AssessmentRow | None, order: DoseOrderRow | None
) -> domain.Intake:
    """The intake that the rows tell of."""
    return domain.Intake(
        row.intake_id,
        row.revision,
        domain.Status(row.status),
        _need(row),
        pack,
        _flags(row.flagged_rules, pack) if row.flagged_rules else (),
        row.open_time,
        row.update_time,
        assessment(found) if found else None,
        row.assessment_number,
        _plan(row, order, pack) if order else None,
        row.decline_reason,
        row.decided_number,
        _agreements(row.agreed) if row.agreed else (),
        plans.ELIGIBILITY.validate_python(row.eligibility) if row.eligibility else None,
        domain.SuicideRisk(
            row.risk_open_time, row.risk_level, row.risk_screen_time, row.risk_until
        ),
        row.treated_since,
    )


def intake_row(intake: domain.Intake) -> IntakeRow:
    """The row of an intake; made without validation, for its values come from the domain."""
    need, plan, decided = intake.need, intake.plan, intake.eligibility
    return made(
        IntakeRow,
        intake_id=intake.intake_id,
        revision=intake.revision,
        status=intake.status.value,
        referral_id=need.referral_id,
        clinic_id=need.clinic_id,
        patient_id=need.patient_id,
        indication_code=need.indication_code,
        age_years=need.age_years,
        sex_at_birth=need.sex_at_birth,
        weight_grams=need.weight_grams,
        height_millimetres=need.height_millimetres,
        phq9_score=need.phq9_score,
        psychiatric_history=list(need.psychiatric_history),
        physical_history=list(need.physical_history),
        medications=list(need.medications),
        allergies=list(need.allergies),
        priority=need.priority,
        told_revision=need.told_revision,
        pack=intake.pack.label,
        flagged_rules=[
            f"{flag.rule_id} {evidence}" for flag in intake.flags for evidence in flag.evidence
        ],
        assessment_number=intake.assessment_number,
        decline_reason=intake.decline_reason,
        open_time=intake.open_time,
        update_time=intake.update_time,
        schedule=plan.schedule.name if plan else None,
        approval=plan.approval.value if plan else None,
        rationale=plan.rationale if plan else None,
        starting_micrograms=plan.starting_micrograms if plan else None,
        approve_time=plan.approve_time if plan else None,
        dose_number=plan.dose.number if plan else 0,
        decided_number=intake.decided_number,
        risk_open_time=intake.risk.open_time,
        risk_level=intake.risk.level,
        risk_screen_time=intake.risk.screen_time,
        risk_until=intake.risk.speak_until,
        treated_since=intake.treated_since,
        agreed=[f"{one.rule_id} {one.reviewed_by}" for one in intake.agreed],
        eligibility=plans.ELIGIBILITY.dump_python(decided, mode="json") if decided else None,
        plan_version=plan.version if plan else 0,
        plan_state=plan.state.value if plan else None,
        plan_state_reason=plan.state_reason if plan else "",
        paused_at_assessment=plan.paused_at_assessment if plan else 0,
        individual=plans.INDIVIDUAL.dump_python(plan.individual, mode="json")
        if plan and plan.individual != domain.AS_THE_PACK_SAYS
        else None,
        signed_by=plan.signed_by if plan else "",
        proposed=plans.PROPOSED.dump_python(plan.proposed, mode="json")
        if plan and plan.proposed
        else None,
    )


def order_row(intake: domain.Intake, order: domain.DoseOrder) -> DoseOrderRow:
    """The row of a dose order."""
    return made(
        DoseOrderRow,
        dose_order_id=order.dose_order_id,
        intake_id=intake.intake_id,
        number=order.number,
        dose_micrograms=order.dose_micrograms,
        dosing_weight_grams=order.dosing_weight_grams,
        weight_basis=order.weight_basis,
        reasons=list(order.reasons),
        order_time=order.order_time,
        ordered_by=order.ordered_by,
        previous_micrograms=order.previous_micrograms,
        percent_change=order.percent_change,
    )


def _need(row: IntakeRow) -> domain.Need:
    return domain.Need(
        row.referral_id,
        row.clinic_id,
        row.patient_id,
        row.indication_code,
        row.age_years,
        row.sex_at_birth,
        row.weight_grams,
        row.height_millimetres,
        row.phq9_score,
        tuple(row.psychiatric_history),
        tuple(row.physical_history),
        tuple(row.medications),
        tuple(row.allergies),
        row.priority,
        row.told_revision,
    )


def _flags(told: Iterable[str], pack: domain.Pack) -> tuple[domain.Finding, ...]:
    """A rule id, a blank and one evidence each; those of one rule follow each other."""
    raised: dict[str, list[str]] = {}
    for line in told:
        rule_id, _, evidence = line.partition(" ")
        raised.setdefault(rule_id, []).append(evidence)
    rules = pack.rules.named(raised)
    return tuple(domain.Finding(rule, tuple(raised[rule.rule_id])) for rule in rules)


def _plan(row: IntakeRow, order: DoseOrderRow, pack: domain.Pack) -> domain.Plan:
    assert row.approve_time
    own = (
        plans.INDIVIDUAL.validate_python(row.individual)
        if row.individual
        else domain.AS_THE_PACK_SAYS
    )
    return domain.Plan(
        domain.plan_id(row.intake_id),
        pack.schedule(row.schedule or ""),
        domain.Approval(row.approval),
        row.starting_micrograms or 0,
        plans.order(order),
        row.approve_time,
        row.rationale or "",
        own,
        row.signed_by,
        row.plan_version,
        domain.State(row.plan_state),
        row.plan_state_reason,
        row.paused_at_assessment,
        plans.PROPOSED.validate_python(row.proposed) if row.proposed else None,
    )


def _agreements(told: Iterable[str]) -> tuple[domain.Agreement, ...]:
    """A rule id, a blank and the second specialist."""
    parts = [line.partition(" ") for line in told]
    return tuple(domain.Agreement(rule_id, who) for rule_id, _, who in parts)
