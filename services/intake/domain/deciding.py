"""What may happen to an intake; each decision twice states nothing new."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import TypeAlias

from chassis.refusal import NotAllowed
from services.intake.domain.approving import (
    STANDING_ORDER,
    approved,
    is_the_plan,
    must_be_ready,
    standing_order_covers,
)
from services.intake.domain.assessment import Assessment
from services.intake.domain.checking import check
from services.intake.domain.events import (
    AssessmentRecorded,
    Event,
    IntakeOpened,
    ReferralDeclined,
    ScoreTaken,
)
from services.intake.domain.intake import Intake, Status
from services.intake.domain.need import Need, Supplement
from services.intake.domain.pack import Pack
from services.intake.domain.plan import Approval, Policy, Wish, intake_id
from services.intake.domain.record import Record
from services.intake.domain.risk import asked
from services.intake.domain.scale import PHQ9
from services.intake.domain.scores import Occasion, Origin, Score, score_of
from services.intake.domain.scoring import rated, score
from services.intake.domain.screening import Finding, screen

Decision: TypeAlias = tuple[Intake, tuple[Event, ...]]


def open_for(
    need: Need, existing: Intake | None, policy: Policy, record: Record, now: datetime
) -> Decision:
    """A routed referral opens one intake; a standing order approves what has no flag."""
    if existing and existing.need.is_told:
        return existing, ()
    pack = policy.pack
    flags = screen(pack, need)
    if existing:
        return existing._replace(need=need, pack=pack, flags=flags), ()
    identity = intake_id(need.referral_id)
    opened = Intake(identity, 1, Status.OPEN, need, pack, flags, open_time=now, update_time=now)
    intake = _with_risk(opened, flags, now)
    if not standing_order_covers(intake, policy, record, now):
        return intake, (IntakeOpened(intake),)
    wish = Wish(policy.schedule, signed_by=STANDING_ORDER)
    planned, stated = approved(intake, wish, Approval.STANDING_ORDER, now)
    return planned, (IntakeOpened(intake), stated)


def supplement(intake: Intake, more: Supplement, now: datetime) -> Decision:
    """What the referrer tells later is screened like what was told first, and shown as flags.

    A finding that this raises was weighed by nobody, so before a plan is approved agreements and
    the decision on the patient fall. A plan that is approved keeps its pack, and its specialist
    sees the flags; an intake that has ended stays as it ended.
    """
    need = intake.need.supplemented(more)
    if need == intake.need or intake.status in (Status.DECLINED, Status.CLOSED):
        return intake, ()
    flags = screen(intake.pack, need, intake.assessment)
    told = intake._replace(need=need, flags=flags, update_time=now)
    if flags != intake.flags and intake.status is not Status.PLANNED:
        told = told._replace(agreed=(), eligibility=None)
    return _with_risk(told, tuple(one for one in flags if one not in intake.flags), now), ()


def close(need: Need, existing: Intake | None, pack: Pack, now: datetime) -> Decision:
    """A withdrawn referral closes its intake, even one that is not open yet."""
    if existing is None:
        identity = intake_id(need.referral_id)
        return Intake(identity, 0, Status.CLOSED, need, pack, (), now, now), ()
    if existing.status in (Status.CLOSED, Status.DECLINED):
        return existing, ()
    return existing._replace(status=Status.CLOSED, update_time=now), ()


def record_assessment(intake: Intake, found: Assessment, policy: Policy, now: datetime) -> Decision:
    """The latest one is in force; a plan that waits for one keeps its pack."""
    if intake.assessment == found and not _is_awaited(intake):
        return intake, ()
    if intake.status not in (Status.OPEN, Status.ASSESSED) and not intake.is_paused:
        raise _ended()
    planned = intake.status is Status.PLANNED
    pack = intake.pack if planned else policy.pack
    check(found, pack, policy.day(now))
    recorded = intake._replace(
        revision=intake.revision + 1,
        status=Status.PLANNED if planned else Status.ASSESSED,
        agreed=(),
        eligibility=intake.eligibility if planned else None,
        assessment=found,
        assessment_number=intake.assessment_number + 1,
        pack=pack,
        flags=screen(pack, intake.need, found),
        update_time=now,
    )
    assessed = _with_risk(recorded, recorded.flags, now)
    scores = [ScoreTaken(assessed, score) for score in _scores(assessed, found, now)]
    return assessed, (AssessmentRecorded(assessed, found.present.phq9_score), *scores)


def approve_plan(
    intake: Intake, wish: Wish, policy: Policy, record: Record, now: datetime
) -> Decision:
    """A specialist approves what was assessed; the same approval again changes nothing."""
    match intake.status:
        case Status.OPEN:
            raise NotAllowed("NOT_ASSESSED", "A plan needs an assessment first.")
        case Status.ASSESSED:
            chosen = replace(wish, schedule=wish.schedule or policy.schedule)
            must_be_ready(intake, chosen, record, now, policy.zone)
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
    declined = intake._replace(
        revision=intake.revision + 1,
        status=Status.DECLINED,
        decline_reason=reason,
        update_time=now,
    )
    return declined, (ReferralDeclined(declined, reason),)


def _scores(intake: Intake, found: Assessment, now: datetime) -> Iterator[Score]:
    """The PHQ-9 and whatever else was answered at the assessment."""
    pack = intake.pack
    occasion = Occasion(Origin.ASSESSMENT, str(intake.assessment_number), now)
    answered = {one.scale: one.answers for one in found.present.scales}
    if (scale := pack.scales.get(PHQ9)) and PHQ9 not in answered:
        rating = rated(scale, found.present.phq9_score)
        yield score_of(intake, PHQ9, rating, occasion)
    for name, answers in answered.items():
        rating = score(pack.scale(name), dict(answers))
        kept = score_of(intake, name, rating, occasion)
        yield replace(kept, answers=tuple(sorted(answers)))


def _with_risk(intake: Intake, flags: tuple[Finding, ...], now: datetime) -> Intake:
    """A flag that asks for it opens the suicide-risk step."""
    if any(flag.rule_id in intake.pack.risk.opened_by for flag in flags):
        return intake._replace(risk=asked(intake.risk, now))
    return intake


def _is_awaited(intake: Intake) -> bool:
    """A paused plan waits for the assessment after the one that it was paused at."""
    plan = intake.plan
    return (
        intake.is_paused
        and plan is not None
        and plan.paused_at_assessment == intake.assessment_number
    )


def _ended() -> NotAllowed:
    return NotAllowed("INTAKE_CLOSED", "The intake has ended: planned, declined or closed.")
