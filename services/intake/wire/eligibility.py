"""Screenings, second opinions and decisions as they are told and as they are answered for."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

from chassis.refusal import Invalid, Violation
from halcyon.intake.v1 import eligibility_pb2 as rpc
from halcyon.intake.v1 import intake_pb2 as nouns
from services.intake import domain
from services.intake.wire.assessments import assessment_reply
from services.intake.wire.replies import flag, severity
from services.intake.wire.words import stamp


def opinion(request: rpc.ReviewFindingsRequest, who: str) -> domain.SecondOpinion:
    """What a second specialist agrees to."""
    return domain.SecondOpinion(tuple(request.rule_ids), who, request.rationale)


def decision(request: rpc.DecideEligibilityRequest, who: str) -> domain.Eligibility:
    """What is decided."""
    name = nouns.EligibilityOutcome.Name(request.outcome).removeprefix("ELIGIBILITY_OUTCOME_")
    return domain.Eligibility(
        domain.EligibilityOutcome[name],
        tuple(request.conditions),
        _day(request.defer_until_date) if request.defer_until_date else None,
        request.rationale,
        who,
    )


def moments(request: rpc.CheckSafetyRequest) -> Sequence[datetime]:
    """The sessions asked about."""
    return [moment.ToDatetime(UTC) for moment in request.session_times]


def caution(found: domain.Caution) -> nouns.Flag:
    """A longitudinal rule that speaks."""
    return nouns.Flag(
        rule_id=found.rule_id,
        severity=severity(found.severity),
        finding=found.finding,
        evidence=[found.evidence],
    )


def assessed(screening: domain.Screening, pack: domain.Pack) -> rpc.AssessmentRecord:
    """An assessment as the pack of its time judged it."""
    evidence = dict(screening.findings)
    rules = pack.rules.named(evidence)
    return rpc.AssessmentRecord(
        number=screening.number,
        assessment=assessment_reply(screening.assessment),
        flags=[flag(rule, evidence[rule.rule_id]) for rule in rules],
        measures=screening.measures,
        pack=screening.pack,
        record_time=stamp(screening.record_time),
    )


def _day(said: str) -> date:
    try:
        return date.fromisoformat(said)
    except ValueError:
        fault = Violation("defer_until_date", "must be a day of the calendar")
        raise Invalid("INVALID_PLAN", "There is no such day.", (fault,)) from None
