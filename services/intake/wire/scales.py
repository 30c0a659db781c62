"""Questionnaires as they are told and as they are answered for."""

from datetime import UTC
from uuid import UUID

from halcyon.intake.v1 import scale_pb2 as nouns
from services.intake import domain
from services.intake.wire.words import stamp


def questionnaire(request: nouns.RecordScaleRequest, who: str) -> domain.Questionnaire:
    """What was answered."""
    timed = request.HasField("measure_time")
    return domain.Questionnaire(
        UUID(request.request_id),
        request.scale,
        tuple((answer.item, answer.value) for answer in request.answers),
        request.total if request.HasField("total") else None,
        request.measure_time.ToDatetime(UTC) if timed else None,
        who,
    )


def score(compared: domain.Comparison) -> nouns.Score:
    """A score beside its baseline."""
    told = compared.score
    made_up = nouns.PRORATING_PRORATED if told.rating.prorated else nouns.PRORATING_NONE
    percent = compared.percent
    return nouns.Score(
        score_id=str(told.score_id),
        intake_id=str(told.intake_id),
        scale=told.scale,
        total=told.rating.total,
        band=told.rating.band,
        prorating=made_up,
        answers=[nouns.ItemAnswer(item=item, value=value) for item, value in told.answers],
        origin=nouns.ScoreOrigin.Value(f"SCORE_ORIGIN_{told.origin.name}"),
        measure_time=stamp(told.measure_time),
        pack=told.pack,
        percent_change=domain.decimal(percent) if percent is not None else None,
        outcome=_outcome(compared.outcome),
    )


def _outcome(found: domain.Outcome) -> nouns.ScoreOutcome.ValueType:
    name = "UNSPECIFIED" if found is domain.Outcome.UNKNOWN else found.name
    return nouns.ScoreOutcome.Value(f"SCORE_OUTCOME_{name}")
