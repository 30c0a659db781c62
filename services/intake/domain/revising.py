"""What a prescriber may do to a plan that stands: sign a dose, revise, resume, stop."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from chassis.refusal import Invalid, NotAllowed
from services.intake.domain.approving import individual_faults, must_be_within_caps
from services.intake.domain.dosing import highest_unsigned
from services.intake.domain.eligibility import must_be_agreed, must_not_be_blocked
from services.intake.domain.events import (
    DoseAdjusted,
    Event,
    PlanResumed,
    PlanRevised,
    PlanStopped,
    PlanSuperseded,
)
from services.intake.domain.intake import Intake, Status
from services.intake.domain.ordering import next_order
from services.intake.domain.plan import Individual, Plan, State
from services.intake.domain.titration import Direction

Decision = tuple[Intake, tuple[Event, ...]]


@dataclass(frozen=True, slots=True)
class Revision:
    """What to change of which version; None stays as it is."""

    version: int
    revised_by: str
    rationale: str = field(repr=False)
    dose_micrograms: int | None = None
    infusion_minutes: int | None = None
    kap: bool | None = None
    antiemetic: str | None = None


def sign_dose(intake: Intake, session_id: UUID, signed_by: str | None, now: datetime) -> Decision:
    """The proposal of that session is signed, or refused when nobody signs."""
    plan = _active(intake)
    proposed = plan.proposed
    if proposed is None or proposed.session_id != session_id:
        raise NotAllowed("NO_PROPOSAL", "No such dose waits for a signature.")
    if signed_by is None:
        cleared = replace(plan, proposed=None)
        return intake._replace(plan=cleared, update_time=now), ()
    must_be_within_caps(intake, proposed.dose_micrograms, plan.dose.dosing_weight_grams)
    reasons = (*proposed.reasons, "signed")
    order = next_order(plan, proposed.dose_micrograms, reasons, signed_by, "", now)
    ordered = replace(plan, dose=order, proposed=None)
    after = _changed(intake, ordered, now)
    return after, (_dose_stated(after, plan, reasons, session_id),)


def revise(intake: Intake, asked: Revision, now: datetime) -> Decision:
    """The next version of the plan; asking for what stands changes nothing."""
    plan = _active(intake)
    wanted = _wanted(plan, asked)
    if wanted == (plan.individual, plan.dose.dose_micrograms):
        return intake, ()
    if asked.version != plan.version:
        raise NotAllowed("PLAN_NOT_ACTIVE", "Another version of the plan is in force.")
    individual, dose = wanted
    if faults := tuple(individual_faults(intake, individual)):
        raise Invalid("INVALID_PLAN", "The pack does not know such a plan.", faults)
    must_be_within_caps(intake, dose, plan.dose.dosing_weight_grams)
    reasons = _reasons(intake, plan, dose)
    order = next_order(plan, dose, reasons, asked.revised_by, "", now)
    revised = replace(
        plan,
        version=plan.version + 1,
        individual=individual,
        dose=order,
        proposed=None,
        signed_by=asked.revised_by,
    )
    after = _changed(intake, revised, now)
    events = PlanSuperseded(after, plan, asked.rationale), PlanRevised(after, revised)
    if order == plan.dose:
        return after, events
    dosed = _changed(after, revised, now)
    return dosed, (*events, _dose_stated(dosed, plan, reasons, None))


def resume(intake: Intake, rationale: str, signed_by: str, now: datetime) -> Decision:
    """Only after a new assessment, and only where nothing blocks."""
    plan = intake.plan
    if plan is None or intake.status is not Status.PLANNED or plan.state is State.STOPPED:
        raise _not_active()
    if plan.state is State.ACTIVE:
        return intake, ()
    if intake.assessment_number <= plan.paused_at_assessment:
        raise NotAllowed("REASSESSMENT_NEEDED", "A new assessment comes first.")
    must_not_be_blocked(intake, now)
    must_be_agreed(intake, signed_by)
    resumed = replace(
        plan, state=State.ACTIVE, state_reason="", version=plan.version + 1, signed_by=signed_by
    )
    after = _changed(intake, resumed, now)
    return after, (PlanSuperseded(after, plan, rationale), PlanResumed(after, resumed))


def stop(intake: Intake, reason: str, now: datetime) -> Decision:
    """A plan ends once."""
    plan = intake.plan
    if plan is None or intake.status is not Status.PLANNED:
        raise _not_active()
    if plan.state is State.STOPPED:
        if plan.state_reason == reason:
            return intake, ()
        raise _not_active()
    stopped = replace(plan, state=State.STOPPED, state_reason=reason, proposed=None)
    after = _changed(intake, stopped, now)
    return after, (PlanStopped(after, stopped),)


def _wanted(plan: Plan, asked: Revision) -> tuple[Individual, int]:
    own = plan.individual
    individual = replace(
        own,
        infusion_minutes=asked.infusion_minutes or own.infusion_minutes,
        kap=own.kap if asked.kap is None else asked.kap,
        antiemetic=asked.antiemetic or own.antiemetic,
    )
    return individual, asked.dose_micrograms or plan.dose.dose_micrograms


def _reasons(intake: Intake, plan: Plan, dose: int) -> tuple[str, ...]:
    soft = highest_unsigned(intake.pack.dosing, plan.dose.dosing_weight_grams)
    if dose > soft:
        return "prescriber_revision", "above_soft_cap"
    return ("prescriber_revision",)


def _dose_stated(
    intake: Intake, before: Plan, reasons: tuple[str, ...], session_id: UUID | None
) -> DoseAdjusted:
    plan, previous = intake.plan, before.dose.dose_micrograms
    assert plan
    higher = plan.dose.dose_micrograms > previous
    direction = Direction.UP if higher else Direction.DOWN
    return DoseAdjusted(intake, plan, previous, direction, reasons, session_id, by_person=True)


def _changed(intake: Intake, plan: Plan, now: datetime) -> Intake:
    return intake._replace(revision=intake.revision + 1, plan=plan, update_time=now)


def _active(intake: Intake) -> Plan:
    plan = intake.plan
    if plan is None or intake.status is not Status.PLANNED or plan.state is not State.ACTIVE:
        raise _not_active()
    return plan


def _not_active() -> NotAllowed:
    return NotAllowed("PLAN_NOT_ACTIVE", "The plan is not one on which this may be done.")
