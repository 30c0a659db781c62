"""Review points: whether a series has done enough for the patient to go on."""

from services.intake.domain.intake import Intake
from services.intake.domain.plan import Plan
from services.intake.domain.scoring import Outcome, outcome, percent_change
from services.intake.domain.terms import review_points
from services.intake.domain.titration import Response


def non_response(intake: Intake, plan: Plan, before: int | None, response: Response) -> bool:
    """Too little change at a review point; without a score nobody can say so."""
    total, pack = response.phq9_score, intake.pack
    if response.number not in review_points(intake, plan) or before is None or total is None:
        return False
    if outcome(pack.measured_by, before, total) is Outcome.REMISSION:
        return False
    change = percent_change(before, total)
    return change is not None and change < pack.review.stop_below_percent
