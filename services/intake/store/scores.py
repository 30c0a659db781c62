"""Where scores are kept: rows are added, never changed."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlmodel import col

from chassis.database import Tx
from chassis.plans import made
from services.intake import domain
from services.intake.store.rows import ScoreRow

_MOST = 5000


async def find_score(tx: Tx, score_id: UUID) -> domain.Score | None:
    """A score by its id."""
    row = await tx.find(ScoreRow, score_id)
    return score(row) if row else None


async def scores_of_patient(
    tx: Tx, intake: domain.Intake, clinic_ids: frozenset[UUID] | None
) -> Sequence[domain.Score]:
    """All of a patient's scores in these clinics, the referral's with them, oldest first."""
    asked = select(ScoreRow).where(col(ScoreRow.patient_id) == intake.need.patient_id)
    if clinic_ids is not None:
        asked = asked.where(col(ScoreRow.clinic_id).in_(clinic_ids))
    newest = asked.order_by(col(ScoreRow.measure_time).desc()).limit(_MOST)
    found = [*domain.told_by_referral(intake), *map(score, await tx.rows(newest))]
    return sorted(found, key=_moment)


def keep_score(tx: Tx, taken: domain.Score) -> None:
    """A score from now on."""
    tx.put(_row(taken))


def _moment(one: domain.Score) -> tuple[datetime, UUID]:
    return one.measure_time, one.score_id


def _row(taken: domain.Score) -> ScoreRow:
    return made(
        ScoreRow,
        score_id=taken.score_id,
        intake_id=taken.intake_id,
        patient_id=taken.patient_id,
        clinic_id=taken.clinic_id,
        scale=taken.scale,
        total=taken.rating.total,
        band=taken.rating.band,
        prorated=taken.rating.prorated,
        alerts=list(taken.rating.alerts),
        origin=taken.origin.value,
        items=[item for item, _ in taken.answers],
        answers=[answer for _, answer in taken.answers],
        measure_time=taken.measure_time,
        pack=taken.pack,
        recorded_by=taken.recorded_by,
    )


def score(row: ScoreRow) -> domain.Score:
    """A score in a row."""
    return domain.Score(
        row.score_id,
        row.intake_id,
        row.patient_id,
        row.clinic_id,
        row.scale,
        domain.Rating(row.total, row.band, row.prorated, tuple(row.alerts)),
        domain.Origin(row.origin),
        row.measure_time,
        row.pack,
        tuple(zip(row.items, row.answers, strict=True)),
        row.recorded_by,
    )
