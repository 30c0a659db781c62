"""Review points: whether a series has done enough for the patient to go on."""

from services.intake.domain.intake import Intake
from services.intake.domain.plan import Plan
from services.intake.domain.scoring import Outcome, outcome, percent_change
from services.intake.domain.terms import review_points


def non_response(
    intake: Intake, plan: Plan, scores: tuple[int | None, int | None], number: int
) -> bool:
    """Too little change at a review point; without a score nobody can say so."""
    (before, total), pack = scores, intake.pack
    if number not in review_points(intake, plan) or before is None or total is None:
        return False
    if outcome(pack.measured_by, before, total) is Outcome.REMISSION:
        return False
    change = percent_change(before, total)
    return change is not None and change < pack.review.stop_below_percent
