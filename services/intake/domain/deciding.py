"""What may happen to an intake; each decision twice states nothing new."""

from dataclasses import replace
from datetime import datetime
from typing import TypeAlias

from chassis.refusal import NotAllowed, Reject
from services.intake.domain.approving import approved, is_the_plan, standing_order_covers
from services.intake.domain.assessment import Assessment, Need, check
from services.intake.domain.events import (
    AssessmentRecorded,
    DoseAdjusted,
    Event,
    IntakeOpened,
    ReferralDeclined,
)
from services.intake.domain.intake import Intake, Status
from services.intake.domain.pack import Pack
from services.intake.domain.plan import (
    Approval,
    DoseOrder,
    Plan,
    Policy,
    Wish,
    dose_order_id,
    intake_id,
)
from services.intake.domain.screening import screen
from services.intake.domain.titration import Course, Proposal, Response, propose

Decision: TypeAlias = tuple[Intake, tuple[Event, ...]]


def open_for(
    need: Need, existing: Intake | None, policy: Policy, pack: Pack, now: datetime
) -> Decision:
    """A routed referral opens one intake; a standing order approves what has no flag."""
    if existing and existing.need.is_told:
        return existing, ()
    flags = screen(pack.rules, need)
    if existing:
        return replace(existing, need=need, pack=pack, flags=flags), ()
    identity = intake_id(need.referral_id)
    intake = Intake(identity, 1, Status.OPEN, need, pack, flags, open_time=now, update_time=now)
    if not standing_order_covers(intake, policy):
        return intake, (IntakeOpened(intake),)
    planned, stated = approved(intake, Wish(policy.schedule), Approval.STANDING_ORDER, now)
    return planned, (IntakeOpened(intake), stated)


def close(need: Need, existing: Intake | None, pack: Pack, now: datetime) -> Decision:
    """A withdrawn referral closes its intake, even one that is not open yet."""
    if existing is None:
        identity = intake_id(need.referral_id)
        return Intake(identity, 0, Status.CLOSED, need, pack, (), now, now), ()
    if existing.status in (Status.CLOSED, Status.DECLINED):
        return existing, ()
    return replace(existing, status=Status.CLOSED, update_time=now), ()


def record_assessment(intake: Intake, found: Assessment, pack: Pack, now: datetime) -> Decision:
    """Recording again before a decision replaces what was recorded."""
    if intake.assessment == found:
        return intake, ()
    if intake.status not in (Status.OPEN, Status.ASSESSED):
        raise _ended()
    check(found)
    assessed = replace(
        intake,
        revision=intake.revision + 1,
        status=Status.ASSESSED,
        assessment=found,
        pack=pack,
        flags=screen(pack.rules, intake.need, found),
        update_time=now,
    )
    return assessed, (AssessmentRecorded(assessed, found.phq9_score),)


def approve_plan(intake: Intake, wish: Wish, policy: Policy, now: datetime) -> Decision:
    """A specialist approves what was assessed; the same approval again changes nothing."""
    match intake.status:
        case Status.OPEN:
            raise NotAllowed("NOT_ASSESSED", "A plan needs an assessment first.")
        case Status.ASSESSED:
            chosen = replace(wish, schedule=wish.schedule or policy.schedule)
            planned, stated = approved(intake, chosen, Approval.SPECIALIST, now)
            return planned, (stated,)
        case Status.PLANNED if is_the_plan(intake, wish):
            return intake, ()
        case Status.PLANNED | Status.DECLINED | Status.CLOSED:
            raise _ended()


def decline(intake: Intake, reason: str, now: datetime) -> Decision:
    """The clinic says no, once, with a reason for the referrer."""
    if intake.status is Status.DECLINED and intake.decline_reason == reason:
        return intake, ()
    if intake.status not in (Status.OPEN, Status.ASSESSED):
        raise _ended()
    declined = replace(
        intake,
        revision=intake.revision + 1,
        status=Status.DECLINED,
        decline_reason=reason,
        update_time=now,
    )
    return declined, (ReferralDeclined(declined, reason),)


def adjust(intake: Intake | None, response: Response, now: datetime) -> Decision:
    """Each ended infusion decides the dose once; news of an earlier one comes too late."""
    if intake is None:
        raise Reject("no such intake")
    plan = intake.plan
    if plan is None or plan.plan_id != response.plan_id or not _is_news(intake, response):
        return intake, ()
    dose = plan.dose
    course = Course(dose.dose_micrograms, dose.dosing_weight_grams, intake.baseline_score)
    proposal = propose(intake.pack, course, response)
    ordered = replace(plan, dose=_next_order(plan, proposal, now))
    adjusted = replace(
        intake,
        revision=intake.revision + 1,
        plan=ordered,
        decided_number=response.number,
        update_time=now,
    )
    stated = DoseAdjusted(adjusted, ordered, dose.dose_micrograms, proposal, response)
    return adjusted, (stated,)


def _is_news(intake: Intake, response: Response) -> bool:
    return intake.status is Status.PLANNED and response.number > intake.decided_number


def _next_order(plan: Plan, proposal: Proposal, now: datetime) -> DoseOrder:
    """An unchanged dose needs no new order."""
    if proposal.dose_micrograms == plan.dose.dose_micrograms:
        return plan.dose
    number = plan.dose.number + 1
    return replace(
        plan.dose,
        dose_order_id=dose_order_id(plan.plan_id, number),
        number=number,
        dose_micrograms=proposal.dose_micrograms,
        reasons=proposal.reasons,
        order_time=now,
    )


def _ended() -> NotAllowed:
    return NotAllowed("INTAKE_CLOSED", "The intake has ended: planned, declined or closed.")
