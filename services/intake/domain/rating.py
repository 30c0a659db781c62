"""A questionnaire is recorded: it is rated, kept, and what it asks for happens at once."""

from dataclasses import dataclass
from datetime import datetime, tzinfo
from uuid import UUID

from chassis.refusal import AlreadyExists, Invalid, Violation
from services.intake.domain import risk
from services.intake.domain.days import day_end
from services.intake.domain.events import Event, ScoreTaken, SuicideRiskScreened
from services.intake.domain.intake import Intake
from services.intake.domain.scores import Origin, Score, score_id
from services.intake.domain.scoring import Rating, rated, score


@dataclass(frozen=True, slots=True)
class Questionnaire:
    """What was answered: items one by one, or a total that was added up elsewhere."""

    request_id: UUID
    scale: str
    answers: tuple[tuple[int, int], ...]
    total: int | None
    measure_time: datetime | None
    recorded_by: str = ""


def recorded_id(intake_id: UUID, told: Questionnaire) -> UUID:
    """One score for a request."""
    return score_id(intake_id, f"{Origin.RECORDED.value}/{told.request_id}")


def record_scale(
    intake: Intake,
    existing: Score | None,
    told: Questionnaire,
    now: datetime,
    zone: tzinfo | None = None,
) -> tuple[Intake, Score, tuple[Event, ...]]:
    """The same request again is the same score; a risky answer opens the suicide-risk step."""
    fresh = _score(intake, told, now)
    if existing:
        if not _same(existing, fresh, told):
            raise AlreadyExists("REQUEST_REUSED", "The request id was used for something else.")
        return intake, existing, ()
    if fresh.measure_time > now:
        fault = Violation("measure_time", "must not be in the future")
        raise Invalid("INVALID_ANSWERS", "A score cannot come from the future.", (fault,))
    after, stated = _heeded(intake, fresh, now, zone)
    return after, fresh, (ScoreTaken(after, fresh), *stated)


def heed_alerts(intake: Intake, alerts: tuple[int, ...], at: datetime) -> Intake:
    """An answer that asks for a suicide-risk screener."""
    if not alerts:
        return intake
    return intake._replace(risk=risk.asked(intake.risk, at))


def _heeded(
    intake: Intake, fresh: Score, now: datetime, zone: tzinfo | None
) -> tuple[Intake, tuple[Event, ...]]:
    if fresh.scale != intake.pack.risk.scale:
        return heed_alerts(intake, fresh.rating.alerts, fresh.measure_time), ()
    until = day_end(fresh.measure_time, intake.pack.risk.block_days, zone)
    known = risk.screened(intake.risk, fresh.rating.band, fresh.measure_time, until)
    if known == intake.risk:
        return intake, ()
    after = intake._replace(revision=intake.revision + 1, risk=known, update_time=now)
    return after, (SuicideRiskScreened(after, known),)


def _score(intake: Intake, told: Questionnaire, now: datetime) -> Score:
    need = intake.need
    return Score(
        recorded_id(intake.intake_id, told),
        intake.intake_id,
        need.patient_id,
        need.clinic_id,
        told.scale,
        _rating(intake, told),
        Origin.RECORDED,
        told.measure_time or now,
        intake.pack.label,
        tuple(sorted(told.answers)),
        told.recorded_by,
    )


def _rating(intake: Intake, told: Questionnaire) -> Rating:
    scale, answers = intake.pack.scale(told.scale), dict(told.answers)
    if len(answers) < len(told.answers):
        fault = Violation("answers", "must name each item once")
        raise Invalid("INVALID_ANSWERS", "An item is answered twice.", (fault,))
    if (told.total is None) == (not answers):
        fault = Violation("answers", "must be given, or a total in place of them")
        raise Invalid("INVALID_ANSWERS", "Either answers or a total make a score.", (fault,))
    return rated(scale, told.total) if told.total is not None else score(scale, answers)


def _same(existing: Score, fresh: Score, told: Questionnaire) -> bool:
    moment = told.measure_time is None or existing.measure_time == fresh.measure_time
    same = existing.scale == fresh.scale and existing.answers == fresh.answers
    return moment and same and existing.rating.total == fresh.rating.total
