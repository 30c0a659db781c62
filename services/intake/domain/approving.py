"""What a plan needs before anyone may approve it, and the plan that comes of it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from chassis.refusal import Invalid, NotAllowed, Violation
from services.intake.domain.dosing import highest, lowest
from services.intake.domain.events import PlanApproved
from services.intake.domain.intake import Intake, Status
from services.intake.domain.plan import (
    Approval,
    DoseOrder,
    Plan,
    Policy,
    Wish,
    dose_order_id,
    plan_id,
)
from services.intake.domain.risk import against
from services.intake.domain.rules import Severity
from services.intake.domain.screening import at, worst
from services.intake.domain.starting import start
from services.intake.domain.weighing import dosing_weight


def standing_order_covers(intake: Intake, policy: Policy) -> bool:
    """A standing order speaks for patients in whom the screening found nothing to weigh."""
    return (
        policy.approval is Approval.STANDING_ORDER
        and policy.schedule in intake.pack.schedules
        and worst(intake.flags) is Severity.INFORMATION
        and not intake.risk.is_open
    )


def approved(
    intake: Intake, wish: Wish, approval: Approval, now: datetime
) -> tuple[Intake, PlanApproved]:
    """The intake with its plan, if nothing stands against it."""
    schedule = intake.pack.schedule(wish.schedule or intake.pack.default_schedule)
    computed = _computed(intake, now)
    _must_not_be_blocked(intake, now)
    if faults := tuple(_unexplained(intake, wish, computed)):
        raise Invalid("INVALID_ASSESSMENT", "The plan needs a written rationale.", faults)
    order = _ordered(intake, wish, computed)
    identity, starting = plan_id(intake.intake_id), order.dose_micrograms
    plan = Plan(identity, schedule, approval, starting, order, now, wish.rationale)
    revision = intake.revision + 1
    planned = replace(intake, revision=revision, status=Status.PLANNED, plan=plan, update_time=now)
    return planned, PlanApproved(planned, plan)


def is_the_plan(intake: Intake, wish: Wish) -> bool:
    """Whether the plan that stands is the one asked for."""
    plan = intake.plan
    return plan is not None and (
        wish.schedule in (None, plan.schedule.name)
        and plan.starting_micrograms
        == (wish.dose_micrograms or _computed(intake, plan.approve_time).dose_micrograms)
    )


def _computed(intake: Intake, now: datetime) -> DoseOrder:
    """The pack's starting dose for this patient."""
    rules, plan = intake.pack.dosing, plan_id(intake.intake_id)
    weight = dosing_weight(rules.weighing, intake.body)
    first = start(rules, intake.need.age_years, weight.grams, intake.earlier)
    order_id, basis = dose_order_id(plan, 1), weight.basis.value
    return DoseOrder(order_id, 1, first.micrograms, weight.grams, basis, first.reasons, now)


def _must_not_be_blocked(intake: Intake, now: datetime) -> None:
    blocking = *at(Severity.ABSOLUTE, intake.flags), *against(intake.risk, intake.pack, now)
    if blocking:
        rules = {"rules": ",".join(blocking)}
        raise NotAllowed("TREATMENT_BLOCKED", "A flag blocks treatment.", rules)


def _unexplained(intake: Intake, wish: Wish, computed: DoseOrder) -> Iterator[Violation]:
    if wish.rationale.strip():
        return
    if at(Severity.RELATIVE, intake.flags):
        yield Violation("rationale", "is needed where a flag is relative")
    if wish.dose_micrograms not in (None, computed.dose_micrograms):
        yield Violation("rationale", "is needed where the dose is not the computed one")


def _ordered(intake: Intake, wish: Wish, computed: DoseOrder) -> DoseOrder:
    dose, grams = wish.dose_micrograms, computed.dosing_weight_grams
    if dose is None or dose == computed.dose_micrograms:
        return computed
    rules = intake.pack.dosing
    if not lowest(rules, grams) <= dose <= highest(rules, grams):
        fault = Violation("dose_micrograms", "must lie within the protocol's limits per kilogram")
        raise Invalid("DOSE_OUT_OF_RANGE", "The dose is outside the protocol's limits.", (fault,))
    return replace(computed, dose_micrograms=dose, reasons=("starting_dose", "prescriber_override"))
