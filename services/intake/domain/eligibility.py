"""The decision on an assessed patient, and the second specialist's word that some findings need."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, tzinfo

from chassis.refusal import Invalid, NotAllowed, Violation
from services.intake.domain.days import day_of
from services.intake.domain.events import EligibilityDecided, Event, FindingsReviewed
from services.intake.domain.intake import Agreement, Intake, Status
from services.intake.domain.judging import Eligibility, Outcome
from services.intake.domain.risk import against
from services.intake.domain.rules import Severity
from services.intake.domain.screening import at


@dataclass(frozen=True, slots=True)
class SecondOpinion:
    """What a second specialist agrees to, and why."""

    rule_ids: tuple[str, ...]
    reviewed_by: str
    rationale: str = field(repr=False)


def review(intake: Intake, told: SecondOpinion, now: datetime) -> tuple[Intake, tuple[Event, ...]]:
    """A second specialist agrees to findings of the assessment in force."""
    if not (intake.status is Status.ASSESSED or intake.is_paused):
        raise NotAllowed("NOT_ASSESSED", "Findings are reviewed after an assessment.")
    if unknown := set(told.rule_ids) - set(_needing(intake)):
        fault = Violation("rule_ids", f"need no second reviewer: {', '.join(sorted(unknown))}")
        raise Invalid("INVALID_PLAN", "These findings ask for no second reviewer.", (fault,))
    agreed = {Agreement(rule_id, told.reviewed_by) for rule_id in told.rule_ids}
    if agreed <= set(intake.agreed):
        return intake, ()
    every = tuple(sorted(agreed | set(intake.agreed)))
    reviewed = intake._replace(agreed=every, update_time=now)
    return reviewed, (FindingsReviewed(reviewed, told.rule_ids, told.reviewed_by, told.rationale),)


def awaited(intake: Intake, approver: str) -> tuple[str, ...]:
    """Findings that nobody but the approver has agreed to."""
    agreed = {one.rule_id for one in intake.agreed if one.reviewed_by != approver}
    return tuple(rule_id for rule_id in _needing(intake) if rule_id not in agreed)


def decide(
    intake: Intake, wanted: Eligibility, now: datetime, zone: tzinfo | None = None
) -> tuple[Intake, tuple[Event, ...]]:
    """The same decision again changes nothing; another one replaces it until a plan stands."""
    if intake.eligibility == wanted:
        return intake, ()
    if intake.status is Status.OPEN and wanted.outcome is not Outcome.DEFERRED:
        raise NotAllowed("NOT_ASSESSED", "A decision needs an assessment first.")
    if intake.status not in (Status.OPEN, Status.ASSESSED):
        raise NotAllowed("INTAKE_CLOSED", "The intake has ended: planned, declined or closed.")
    if faults := tuple(_faults(intake, wanted, day_of(now, zone))):
        raise Invalid("INVALID_PLAN", "The decision leaves something open.", faults)
    if wanted.outcome is not Outcome.DEFERRED:
        must_not_be_blocked(intake, now)
    decided = intake._replace(
        revision=intake.revision + 1,
        eligibility=replace(wanted, decide_time=now),
        update_time=now,
    )
    return decided, (EligibilityDecided(decided, wanted),)


def must_be_agreed(intake: Intake, approver: str) -> None:
    """Where a finding asks for it, somebody else has agreed."""
    if missing := awaited(intake, approver):
        rules = {"rules": ",".join(missing)}
        raise NotAllowed("SECOND_REVIEWER_NEEDED", "Another specialist must agree first.", rules)


def must_not_be_blocked(intake: Intake, now: datetime) -> None:
    """Absolute findings and the suicide-risk step block; there is no override."""
    blocking = *at(Severity.ABSOLUTE, intake.flags), *against(intake.risk, intake.pack, now)
    if blocking:
        rules = {"rules": ",".join(blocking)}
        raise NotAllowed("TREATMENT_BLOCKED", "A flag blocks treatment.", rules)


def _needing(intake: Intake) -> Iterator[str]:
    yield from (flag.rule_id for flag in intake.flags if flag.rule.second_reviewer)


def _faults(intake: Intake, wanted: Eligibility, today: date) -> Iterator[Violation]:
    conditional = wanted.outcome is Outcome.ELIGIBLE_WITH_CONDITIONS
    if conditional != bool(wanted.conditions):
        yield Violation("conditions", "belong to an eligibility with conditions, at least one")
    if unknown := set(wanted.conditions) - intake.pack.terms.conditions:
        yield Violation("conditions", f"are not in the pack: {', '.join(sorted(unknown))}")
    deferred = wanted.outcome is Outcome.DEFERRED
    if deferred != (wanted.defer_until is not None):
        yield Violation("defer_until_date", "belongs to a deferral")
    if wanted.defer_until and wanted.defer_until <= today:
        yield Violation("defer_until_date", "must lie ahead")
    if not wanted.rationale.strip() and (deferred or at(Severity.RELATIVE, intake.flags)):
        yield Violation("rationale", "is needed for a deferral and where a flag is relative")
