"""The scores of one patient over time, each compared with the baseline."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from fractions import Fraction
from uuid import UUID

from chassis.ids import named
from services.intake.domain.intake import Intake
from services.intake.domain.scale import PHQ9
from services.intake.domain.scoring import Outcome, Rating, outcome, percent_change, rated


class Origin(Enum):
    """Where a score comes from."""

    REFERRAL = "referral"
    ASSESSMENT = "assessment"
    SESSION = "session"
    RECORDED = "recorded"


@dataclass(frozen=True, slots=True)
class Score:
    """A rated questionnaire; rows are added, never changed."""

    score_id: UUID
    intake_id: UUID
    patient_id: UUID
    clinic_id: UUID
    scale: str
    rating: Rating
    origin: Origin
    measure_time: datetime
    pack: str
    answers: tuple[tuple[int, int], ...] = ()
    recorded_by: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """A score beside the baseline: what of it has gone, and what that means."""

    score: Score
    percent: Fraction | None
    outcome: Outcome


def score_id(intake_id: UUID, key: str) -> UUID:
    """The same cause gives the same score."""
    return named(intake_id, f"score/{key}")


@dataclass(frozen=True, slots=True)
class Occasion:
    """What a score came along with, which of those, and when."""

    origin: Origin
    key: str
    moment: datetime


def score_of(intake: Intake, scale: str, rating: Rating, occasion: Occasion) -> Score:
    """A score that came along with something else."""
    need, origin = intake.need, occasion.origin
    return Score(
        score_id(intake.intake_id, f"{origin.value}/{occasion.key}/{scale}"),
        intake.intake_id,
        need.patient_id,
        need.clinic_id,
        scale,
        rating,
        origin,
        occasion.moment,
        intake.pack.label,
    )


def told_by_referral(intake: Intake) -> Iterator[Score]:
    """The referral's PHQ-9, kept with the intake and not a second time."""
    total, scale = intake.need.phq9_score, intake.pack.scales.get(PHQ9)
    if scale and total is not None and 0 <= total <= scale.highest_total:
        occasion = Occasion(Origin.REFERRAL, "", intake.open_time)
        yield score_of(intake, scale.name, rated(scale, total), occasion)


def baseline(scores: Iterable[Score], treated_since: datetime | None) -> int | None:
    """The last total before the first infusion; before any infusion, the last total."""
    before = [
        score
        for score in scores
        if score.rating.total is not None
        and (treated_since is None or score.measure_time <= treated_since)
    ]
    return max(before, key=_moment).rating.total if before else None


def compared(
    intake: Intake, scores: Sequence[Score], told: Iterable[Score]
) -> Iterator[Comparison]:
    """Each score told beside the baseline of its own scale among all scores."""
    since = intake.treated_since
    for score in told:
        total, scale = score.rating.total, intake.pack.scales.get(score.scale)
        if total is None or scale is None:
            yield Comparison(score, None, Outcome.UNKNOWN)
            continue
        of_scale = [other for other in scores if other.scale == score.scale]
        known = baseline(of_scale, since)
        before = since is None or score.measure_time <= since
        compared_with = None if before else known
        percent = percent_change(compared_with, total) if compared_with is not None else None
        yield Comparison(score, percent, outcome(scale, compared_with, total))


def later(scores: Sequence[Score], place: tuple[datetime, UUID] | None) -> Sequence[Score]:
    """The scores after a place in their order."""
    return [score for score in scores if place is None or _moment(score) > place]


def _moment(score: Score) -> tuple[datetime, UUID]:
    return score.measure_time, score.score_id


def decimal(percent: Fraction) -> str:
    """A percentage with one decimal, rounded half away from zero."""
    tenths = int(abs(percent) * 10 + Fraction(1, 2))
    sign = "-" if percent < 0 and tenths else ""
    return f"{sign}{tenths // 10}.{tenths % 10}"
