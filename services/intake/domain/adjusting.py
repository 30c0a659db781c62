"""What an ended infusion decides: the dose of the next one, or that the series waits."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeAlias

from chassis.refusal import Reject
from services.intake.domain.events import (
    DoseAdjusted,
    Event,
    PlanPaused,
    ScoreTaken,
    SessionGiven,
)
from services.intake.domain.intake import Intake, Status
from services.intake.domain.ordering import next_order
from services.intake.domain.plan import Plan, State
from services.intake.domain.record import Given, Record
from services.intake.domain.reviewing import non_response
from services.intake.domain.scale import PHQ9
from services.intake.domain.scores import (
    Occasion,
    Origin,
    Score,
    baseline,
    decimal,
    score_of,
    told_by_referral,
)
from services.intake.domain.scoring import percent_change, rated
from services.intake.domain.titration import Course, Response, propose

TITRATION = "titration"
Judged: TypeAlias = tuple[int | None, int | None]
"""The total before the first infusion, and the last one."""


def adjust(
    intake: Intake | None, record: Record, response: Response, now: datetime
) -> tuple[Intake, tuple[Event, ...]]:
    """Each ended infusion decides the dose once; an earlier one only counts and is scored."""
    if intake is None:
        raise Reject("no such intake")
    plan = intake.plan
    if plan is None or plan.plan_id != response.plan_id:
        return intake, ()
    known = [one for one in record.sessions if one.intake_id == intake.intake_id]
    news = _is_news(intake, plan, known, response)
    response = _counted(known, response)
    begun = _treated_since(response)
    since = min(intake.treated_since or begun, begun)
    treated = intake._replace(treated_since=since)
    taken = tuple(_score(treated, record, response))
    kept: tuple[Event, ...] = (*_session(treated, record, response), *taken)
    if not news:
        return treated, kept
    mine = [one for one in record.scores if one.intake_id == intake.intake_id]
    scores = (*told_by_referral(treated), *mine, *(one.score for one in taken))
    before = baseline(_of_scale(treated, scores), since)
    judged = before, _current(treated, record, response)
    adjusted, stated = _titrated(treated, plan, judged, response, now)
    paused, waits = _reviewed(adjusted, judged, response, now)
    return paused, (*kept, stated, *waits)


def _counted(known: Sequence[Given], response: Response) -> Response:
    """Numbers begin anew in each round of maintenance; the course of the plan is counted on."""
    before = sum(one.begin_time < response.begin_time for one in known)
    return replace(response, number=max(response.number, before + 1))


def _treated_since(response: Response) -> datetime:
    """Only the score before session 1 is one from before the treatment, in whatever order told."""
    later = response.number > 1
    return response.begin_time - timedelta.resolution if later else response.begin_time


def _current(intake: Intake, record: Record, response: Response) -> int | None:
    """The last total of the pack's response scale that speaks of the infusion before this one."""
    scale = intake.pack.response_scale
    if scale == PHQ9:
        return response.phq9_score
    begun = [
        one.begin_time
        for one in record.sessions
        if one.intake_id == intake.intake_id and one.begin_time < response.begin_time
    ]
    since = max(begun, default=None)
    taken = [
        one
        for one in record.scores
        if (one.intake_id, one.scale) == (intake.intake_id, scale)
        and one.measure_time <= response.begin_time
        and (since is None or one.measure_time > since)
    ]
    return max(taken, key=lambda one: one.measure_time).rating.total if taken else None


def _titrated(
    intake: Intake, plan: Plan, judged: Judged, response: Response, now: datetime
) -> tuple[Intake, DoseAdjusted]:
    dose, (before, total) = plan.dose, judged
    course = Course(
        dose.dose_micrograms, dose.dosing_weight_grams, before, total, plan.starting_micrograms
    )
    proposal = propose(intake.pack, course, response)
    change = percent_change(before, total) if before is not None and total is not None else None
    percent = decimal(change) if change is not None else ""
    order = next_order(plan, proposal.dose_micrograms, proposal.reasons, TITRATION, percent, now)
    ordered = replace(plan, dose=order, proposed=proposal.unsigned(response.session_id))
    adjusted = intake._replace(
        revision=intake.revision + 1,
        plan=ordered,
        decided_number=max(intake.decided_number, response.number),
        update_time=now,
    )
    return adjusted, DoseAdjusted(
        adjusted,
        ordered,
        dose.dose_micrograms,
        proposal.direction,
        proposal.reasons,
        response.session_id,
        percent,
    )


def _reviewed(
    intake: Intake, judged: Judged, response: Response, now: datetime
) -> tuple[Intake, tuple[Event, ...]]:
    """Without a response at a review point the series waits for a new assessment."""
    plan = intake.plan
    if plan is None or not non_response(intake, plan, judged, response.number):
        return intake, ()
    paused = replace(
        plan,
        state=State.PAUSED,
        state_reason="non_response",
        paused_at_assessment=intake.assessment_number,
        proposed=None,
    )
    after = intake._replace(revision=intake.revision + 1, plan=paused, update_time=now)
    return after, (PlanPaused(after, paused, response.session_id),)


def _session(intake: Intake, record: Record, response: Response) -> Iterator[SessionGiven]:
    if any(one.session_id == response.session_id for one in record.sessions):
        return
    given = Given(
        response.session_id,
        intake.intake_id,
        intake.need.patient_id,
        intake.need.clinic_id,
        response.begin_time,
        response.given_micrograms,
    )
    yield SessionGiven(intake, given)


def _score(intake: Intake, record: Record, response: Response) -> Iterator[ScoreTaken]:
    """The score taken before the infusion, once."""
    scale, total = intake.pack.scales.get(PHQ9), response.phq9_score
    if scale is None or total is None or not 0 <= total <= scale.highest_total:
        return
    occasion = Occasion(Origin.SESSION, str(response.session_id), response.begin_time)
    score = score_of(intake, scale.name, rated(scale, total), occasion)
    if all(one.score_id != score.score_id for one in record.scores):
        yield ScoreTaken(intake, score)


def _of_scale(intake: Intake, scores: tuple[Score, ...]) -> Iterator[Score]:
    return (score for score in scores if score.scale == intake.pack.response_scale)


def _is_news(intake: Intake, plan: Plan, known: Sequence[Given], response: Response) -> bool:
    """An infusion decides when it is told first and none that began later was told before."""
    running = intake.status is Status.PLANNED and plan.state is State.ACTIVE
    told = any(one.session_id == response.session_id for one in known)
    return running and not told and all(one.begin_time <= response.begin_time for one in known)
