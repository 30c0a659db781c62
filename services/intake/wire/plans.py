"""Plans and dose orders as they are told and as they are answered for."""

from uuid import UUID

from halcyon.intake.v1 import intake_pb2 as nouns
from halcyon.intake.v1 import intake_service_pb2 as rpc
from halcyon.intake.v1 import plan_pb2 as plans
from services.intake import domain
from services.intake.wire.words import milli, stamp


def wish(request: rpc.ApprovePlanRequest, who: str) -> domain.Wish:
    """The plan asked for."""
    dose = request.dose_micrograms if request.HasField("dose_micrograms") else None
    minutes = request.infusion_minutes if request.HasField("infusion_minutes") else None
    individual = domain.Individual(
        request.goal,
        domain.Basis(request.weight_basis) if request.weight_basis else None,
        minutes,
        request.kap == plans.KAP_WITH,
        request.antiemetic or None,
    )
    return domain.Wish(request.schedule or None, dose, request.rationale, individual, who)


def revision(request: plans.RevisePlanRequest, who: str) -> domain.Revision:
    """What to change of a plan."""
    return domain.Revision(
        request.version,
        who,
        request.rationale,
        request.dose_micrograms if request.HasField("dose_micrograms") else None,
        request.infusion_minutes if request.HasField("infusion_minutes") else None,
        request.kap == plans.KAP_WITH if request.kap else None,
        request.antiemetic or None,
    )


def signature(request: plans.SignDoseRequest, who: str) -> tuple[UUID, str | None]:
    """The session whose proposal is meant, and who signs; None where nobody does."""
    signed = request.decision == plans.DOSE_DECISION_SIGNED
    return UUID(request.session_id), who if signed else None


def stop_reason(request: plans.StopPlanRequest) -> str:
    """The reason as facts and rows say it."""
    return plans.StopReason.Name(request.reason).removeprefix("STOP_REASON_").lower()


def plan_reply(intake: domain.Intake, plan: domain.Plan) -> nouns.Plan:
    """A plan in full."""
    full, schedule = domain.particulars(intake, plan), plan.schedule
    return nouns.Plan(
        plan_id=str(plan.plan_id),
        schedule=schedule.name,
        pack=intake.pack.label,
        sessions_per_week=schedule.sessions_per_week,
        infusion_minutes=full.infusion_minutes,
        recovery_minutes=intake.pack.terms.recovery_minutes,
        dose=_dose(plan.dose),
        approval=nouns.Approval.Value(f"APPROVAL_{plan.approval.name}"),
        approve_time=stamp(plan.approve_time),
        version=plan.version,
        state=plans.PlanState.Value(f"PLAN_STATE_{plan.state.name}"),
        state_reason=plan.state_reason,
        goal=plan.individual.goal,
        indication_code=intake.need.indication_code,
        kap=plans.KAP_WITH if plan.individual.kap else plans.KAP_WITHOUT,
        antiemetic=_antiemetic(full),
        monitoring=_monitoring(full),
        review_after_sessions=full.review_after,
        stop_below_percent=intake.pack.review.stop_below_percent,
        max_sessions=full.sessions,
        maintenance_every_days=schedule.maintenance_every_days,
        caps=_caps(domain.caps(intake, plan)),
        conditions=full.conditions,
        signed_by=plan.signed_by,
        proposal=_proposal(plan.proposed) if plan.proposed else None,
    )


def change(order: domain.DoseOrder) -> plans.DoseChange:
    """A dose order beside the one before."""
    before = order.previous_micrograms
    return plans.DoseChange(
        dose_order_id=str(order.dose_order_id),
        number=order.number,
        previous_dose=milli(before) if before is not None else "",
        dose=milli(order.dose_micrograms),
        unit="mg",
        reasons=order.reasons,
        percent_change=order.percent_change,
        ordered_by=order.ordered_by,
        order_time=stamp(order.order_time),
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
        dose=milli(order.dose_micrograms),
        unit="mg",
        ordered_by=order.ordered_by,
    )


def _caps(caps: domain.Caps) -> plans.DoseCaps:
    soft, hard, floor = map(milli, (caps.soft, caps.hard, caps.floor))
    return plans.DoseCaps(soft_cap=soft, hard_cap=hard, floor=floor)


def _antiemetic(full: domain.Particulars) -> plans.DrugOrder:
    drug = full.antiemetic
    return plans.DrugOrder(
        order=full.antiemetic_order,
        drug=drug.code,
        amount=milli(drug.micrograms),
        unit="mg",
        route=drug.route,
    )


def _monitoring(full: domain.Particulars) -> plans.Monitoring:
    watched = full.monitoring
    return plans.Monitoring(
        pressure_every_minutes=watched.pressure_every_minutes,
        pressure_every_minutes_afterwards=watched.pressure_every_minutes_afterwards,
        oximetry=watched.oximetry,
        reasons=full.monitoring_reasons,
    )


def _proposal(proposed: domain.Proposed) -> plans.DoseProposal:
    return plans.DoseProposal(
        dose=milli(proposed.dose_micrograms),
        unit="mg",
        reasons=proposed.reasons,
        session_id=str(proposed.session_id),
    )
