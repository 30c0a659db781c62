"""What a plan needs before anyone may approve it, and the plan that comes of it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, tzinfo

from chassis.refusal import Invalid, NotAllowed, Violation
from services.intake.domain.checking import too_old
from services.intake.domain.days import day_of
from services.intake.domain.dosing import highest, highest_unsigned, lowest
from services.intake.domain.eligibility import must_be_agreed, must_not_be_blocked
from services.intake.domain.events import PlanApproved
from services.intake.domain.intake import Intake, Status
from services.intake.domain.judging import Eligibility, Outcome
from services.intake.domain.pack import Schedule
from services.intake.domain.plan import (
    AS_THE_PACK_SAYS,
    Approval,
    DoseOrder,
    Individual,
    Plan,
    Policy,
    Wish,
    dose_order_id,
    plan_id,
)
from services.intake.domain.record import Caution, Record, cautions
from services.intake.domain.rules import Severity
from services.intake.domain.safety import planned
from services.intake.domain.screening import at, worst
from services.intake.domain.starting import start
from services.intake.domain.weighing import dosing_weight

STANDING_ORDER = "standing_order"


def standing_order_covers(intake: Intake, policy: Policy, record: Record, now: datetime) -> bool:
    """A standing order speaks for patients in whom nothing was found that must be weighed."""
    return (
        policy.approval is Approval.STANDING_ORDER
        and (schedule := intake.pack.schedules.get(policy.schedule)) is not None
        and worst(intake.flags) is Severity.INFORMATION
        and not intake.risk.is_open
        and all(
            one.severity is Severity.INFORMATION
            for one in _cautions(intake, schedule, record, now, policy.zone)
        )
    )


def approved(
    intake: Intake, wish: Wish, approval: Approval, now: datetime
) -> tuple[Intake, PlanApproved]:
    """The intake with its plan, if nothing stands against it."""
    schedule = intake.pack.schedule(wish.schedule or intake.pack.default_schedule)
    computed = _computed(intake, wish, now)
    must_not_be_blocked(intake, now)
    if faults := tuple(_faults(intake, wish, computed)):
        raise Invalid("INVALID_ASSESSMENT", "The plan needs a written rationale.", faults)
    order = _ordered(intake, wish, computed)
    plan = Plan(
        plan_id(intake.intake_id),
        schedule,
        approval,
        order.dose_micrograms,
        order,
        now,
        wish.rationale,
        wish.individual,
        wish.signed_by,
    )
    planned_ = intake._replace(
        revision=intake.revision + 1,
        status=Status.PLANNED,
        plan=plan,
        eligibility=_decided(intake, wish, approval, now),
        update_time=now,
    )
    return planned_, PlanApproved(planned_, plan)


def must_be_ready(
    intake: Intake, wish: Wish, record: Record, now: datetime, zone: tzinfo | None
) -> None:
    """What must be in order before a specialist may sign."""
    decision, found = intake.eligibility, intake.assessment
    if decision and decision.outcome is Outcome.DEFERRED:
        raise NotAllowed("DEFERRED", "The patient is deferred.")
    if found and too_old(found.physical.weight_date, intake.pack, day_of(now, zone)):
        raise NotAllowed("MEASURES_OUTDATED", "The weight was measured too long ago.")
    must_be_agreed(intake, wish.signed_by)
    schedule = intake.pack.schedule(wish.schedule or intake.pack.default_schedule)
    must_be_safe(_cautions(intake, schedule, record, now, zone), wish.rationale)


def must_be_safe(found: tuple[Caution, ...], rationale: str) -> None:
    """The longitudinal rules: an absolute one refuses, a relative one asks for a reason."""
    if refused := [one.rule_id for one in found if one.severity is Severity.ABSOLUTE]:
        rules = {"rules": ",".join(refused)}
        raise NotAllowed("SAFETY_RULE_BROKEN", "A longitudinal safety rule is broken.", rules)
    if not rationale.strip() and any(one.severity is Severity.RELATIVE for one in found):
        fault = Violation("rationale", "is needed where a longitudinal rule is relative")
        raise Invalid("INVALID_ASSESSMENT", "The plan needs a written rationale.", (fault,))


def is_the_plan(intake: Intake, wish: Wish) -> bool:
    """Whether the plan that stands is the one asked for."""
    plan = intake.plan
    return plan is not None and (
        wish.schedule in (None, plan.schedule.name)
        and wish.individual in (AS_THE_PACK_SAYS, plan.individual)
        and plan.starting_micrograms
        == (wish.dose_micrograms or _computed(intake, wish, plan.approve_time).dose_micrograms)
    )


def must_be_within_caps(intake: Intake, dose: int, grams: int) -> None:
    """No order leaves the caps, whoever signs it."""
    rules = intake.pack.dosing
    if not lowest(rules, grams) <= dose <= highest(rules, grams):
        fault = Violation("dose_micrograms", "must lie within the protocol's limits")
        raise Invalid("DOSE_OUT_OF_RANGE", "The dose is outside the protocol's limits.", (fault,))


def individual_faults(intake: Intake, asked: Individual) -> Iterator[Violation]:
    """What a plan asks for and the pack does not have."""
    terms, minutes = intake.pack.terms, asked.infusion_minutes
    within = range(terms.infusion_minutes_at_least, terms.infusion_minutes_at_most + 1)
    if minutes is not None and minutes not in within:
        yield Violation("infusion_minutes", "must lie within the protocol's limits")
    if asked.antiemetic is not None and asked.antiemetic not in terms.antiemetics:
        yield Violation("antiemetic", "must be one of the pack's orders")


def _cautions(
    intake: Intake, schedule: Schedule, record: Record, now: datetime, zone: tzinfo | None
) -> tuple[Caution, ...]:
    if not (record.sessions or record.scores):
        return ()
    return cautions(intake.pack, record, planned(schedule, day_of(now, zone)), now, zone)


def _computed(intake: Intake, wish: Wish, now: datetime) -> DoseOrder:
    """The pack's starting dose for this patient."""
    rules, plan = intake.pack.dosing, plan_id(intake.intake_id)
    weight = dosing_weight(rules.weighing, intake.body, wish.individual.weight_basis)
    first = start(rules, intake.need.age_years, weight.grams, intake.earlier)
    return DoseOrder(
        dose_order_id(plan, 1),
        1,
        first.micrograms,
        weight.grams,
        weight.basis.value,
        first.reasons,
        now,
        wish.signed_by,
    )


def _faults(intake: Intake, wish: Wish, computed: DoseOrder) -> Iterator[Violation]:
    yield from individual_faults(intake, wish.individual)
    decision = intake.eligibility
    reasoned = wish.rationale.strip() or (decision and decision.rationale.strip())
    if not reasoned and at(Severity.RELATIVE, intake.flags):
        yield Violation("rationale", "is needed where a flag is relative")
    if wish.rationale.strip():
        return
    if wish.dose_micrograms not in (None, computed.dose_micrograms):
        yield Violation("rationale", "is needed where the dose is not the computed one")
    if wish.individual.weight_basis is not None:
        yield Violation("rationale", "is needed where the weight is not the pack's")


def _ordered(intake: Intake, wish: Wish, computed: DoseOrder) -> DoseOrder:
    dose, grams = wish.dose_micrograms, computed.dosing_weight_grams
    if dose is None or dose == computed.dose_micrograms:
        if wish.individual.weight_basis is None:
            return computed
        return replace(computed, reasons=(*computed.reasons, "weight_override"))
    must_be_within_caps(intake, dose, grams)
    above = dose > highest_unsigned(intake.pack.dosing, grams)
    more = ("prescriber_override", "above_soft_cap") if above else ("prescriber_override",)
    return replace(computed, dose_micrograms=dose, reasons=("starting_dose", *more))


def _decided(intake: Intake, wish: Wish, approval: Approval, now: datetime) -> Eligibility | None:
    """Signing a plan without another decision is the decision that the patient is eligible."""
    if intake.eligibility or approval is Approval.STANDING_ORDER:
        return intake.eligibility
    return Eligibility(
        Outcome.ELIGIBLE, rationale=wish.rationale, decided_by=wish.signed_by, decide_time=now
    )
