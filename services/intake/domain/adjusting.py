"""What an ended infusion decides: the dose of the next one, in a new order or the old."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from chassis.refusal import Reject
from services.intake.domain.events import DoseAdjusted, Event, ScoreTaken
from services.intake.domain.intake import Intake, Status
from services.intake.domain.plan import DoseOrder, Plan, dose_order_id
from services.intake.domain.scores import (
    Occasion,
    Origin,
    Score,
    baseline,
    score_of,
    told_by_referral,
)
from services.intake.domain.scoring import rated
from services.intake.domain.titration import Course, Proposal, Response, propose


def adjust(
    intake: Intake | None, kept: Sequence[Score], response: Response, now: datetime
) -> tuple[Intake, tuple[Event, ...]]:
    """Each ended infusion decides the dose once; of an earlier one only the score is kept."""
    if intake is None:
        raise Reject("no such intake")
    plan = intake.plan
    if plan is None or plan.plan_id != response.plan_id:
        return intake, ()
    since = min(intake.treated_since or response.begin_time, response.begin_time)
    treated = replace(intake, treated_since=since)
    taken = _score(treated, kept, response)
    if not _is_news(intake, response):
        return treated, taken
    scores = (*told_by_referral(treated), *kept, *(one.score for one in taken))
    adjusted, stated = _titrated(treated, plan, scores, response, now)
    return adjusted, (*taken, stated)


def _titrated(
    intake: Intake, plan: Plan, scores: Sequence[Score], response: Response, now: datetime
) -> tuple[Intake, DoseAdjusted]:
    dose, since = plan.dose, intake.treated_since
    course = Course(dose.dose_micrograms, dose.dosing_weight_grams, baseline(scores, since))
    proposal = propose(intake.pack, course, response)
    ordered = replace(plan, dose=_next_order(plan, proposal, now))
    adjusted = replace(
        intake,
        revision=intake.revision + 1,
        plan=ordered,
        decided_number=response.number,
        update_time=now,
    )
    return adjusted, DoseAdjusted(adjusted, ordered, dose.dose_micrograms, proposal, response)


def _score(intake: Intake, kept: Sequence[Score], response: Response) -> tuple[ScoreTaken, ...]:
    """The score taken before the infusion, once."""
    scale, total = intake.pack.measured_by, response.phq9_score
    if total is None or not 0 <= total <= scale.highest_total:
        return ()
    occasion = Occasion(Origin.SESSION, str(response.session_id), response.begin_time)
    score = score_of(intake, scale.name, rated(scale, total), occasion)
    if any(one.score_id == score.score_id for one in kept):
        return ()
    return (ScoreTaken(intake, score),)


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
