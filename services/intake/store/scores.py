"""Where scores are kept: rows are added, never changed."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID
from weakref import WeakKeyDictionary

from sqlalchemy import select
from sqlmodel import col

from chassis.database import Tx
from chassis.plans import made
from services.intake import domain
from services.intake.store.rows import ScoreRow

_loaded: "WeakKeyDictionary[Tx, dict[UUID, list[domain.Score]]]" = WeakKeyDictionary()
_MOST = 5000


async def find_score(tx: Tx, score_id: UUID) -> domain.Score | None:
    """A score by its id."""
    row = await tx.find(ScoreRow, score_id)
    return _score(row) if row else None


async def load_scores(tx: Tx, intake_ids: Iterable[UUID]) -> None:
    """Prefetch the scores of many intakes, in one query and not locked."""
    known = _loaded.setdefault(tx, {})
    if wanted := set(intake_ids) - known.keys():
        known.update({intake_id: [] for intake_id in wanted})
        for row in await tx.rows(select(ScoreRow).where(col(ScoreRow.intake_id).in_(wanted))):
            known[row.intake_id].append(_score(row))


async def scores_of(tx: Tx, intake: domain.Intake | None) -> Sequence[domain.Score]:
    """The scores of an intake with those taken in this transaction."""
    if intake is None:
        return ()
    await load_scores(tx, [intake.intake_id])
    return tuple(_loaded[tx][intake.intake_id])


async def scores_of_patient(
    tx: Tx, intake: domain.Intake, clinic_ids: frozenset[UUID] | None
) -> Sequence[domain.Score]:
    """All of a patient's scores in these clinics, the referral's with them, oldest first."""
    asked = select(ScoreRow).where(col(ScoreRow.patient_id) == intake.need.patient_id)
    if clinic_ids is not None:
        asked = asked.where(col(ScoreRow.clinic_id).in_(clinic_ids))
    newest = asked.order_by(col(ScoreRow.measure_time).desc()).limit(_MOST)
    found = [*domain.told_by_referral(intake), *map(_score, await tx.rows(newest))]
    return sorted(found, key=_moment)


def keep_score(tx: Tx, score: domain.Score) -> None:
    """A score from now on."""
    tx.put(_row(score))
    if (known := _loaded.get(tx)) is not None and score.intake_id in known:
        known[score.intake_id].append(score)


def _moment(score: domain.Score) -> tuple[datetime, UUID]:
    return score.measure_time, score.score_id


def _row(score: domain.Score) -> ScoreRow:
    return made(
        ScoreRow,
        score_id=score.score_id,
        intake_id=score.intake_id,
        patient_id=score.patient_id,
        clinic_id=score.clinic_id,
        scale=score.scale,
        total=score.rating.total,
        band=score.rating.band,
        prorated=score.rating.prorated,
        alerts=list(score.rating.alerts),
        origin=score.origin.value,
        items=[item for item, _ in score.answers],
        answers=[answer for _, answer in score.answers],
        measure_time=score.measure_time,
        pack=score.pack,
        recorded_by=score.recorded_by,
    )


def _score(row: ScoreRow) -> domain.Score:
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
