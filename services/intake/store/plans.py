"""What is particular to a plan, its former versions and every dose order of it."""

from collections.abc import Sequence

from pydantic import TypeAdapter
from sqlalchemy import select
from sqlmodel import col

from chassis.database import Tx
from chassis.plans import made
from services.intake import domain
from services.intake.store.rows import DoseOrderRow, FindingReviewRow, PlanVersionRow

INDIVIDUAL: TypeAdapter[domain.Individual] = TypeAdapter(domain.Individual)
PROPOSED: TypeAdapter[domain.Proposed] = TypeAdapter(domain.Proposed)
ELIGIBILITY: TypeAdapter[domain.Eligibility] = TypeAdapter(domain.Eligibility)
_PLAN: TypeAdapter[domain.Plan] = TypeAdapter(domain.Plan)


def keep_version(tx: Tx, superseded: domain.PlanSuperseded) -> None:
    """A version that is no longer in force, as it was."""
    intake, plan = superseded.intake, superseded.plan
    tx.put(
        made(
            PlanVersionRow,
            intake_id=intake.intake_id,
            version=plan.version,
            content=_PLAN.dump_python(plan, mode="json"),
            rationale=superseded.rationale,
            supersede_time=intake.update_time,
        )
    )


def keep_review(tx: Tx, review: domain.FindingsReviewed) -> None:
    """A second specialist's word."""
    intake = review.intake
    tx.put(
        made(
            FindingReviewRow,
            intake_id=intake.intake_id,
            assessment_number=intake.assessment_number,
            reviewed_by=review.reviewed_by,
            rule_ids=list(review.rule_ids),
            rationale=review.rationale,
            review_time=intake.update_time,
        )
    )


def order(row: DoseOrderRow) -> domain.DoseOrder:
    """A dose order in a row."""
    return domain.DoseOrder(
        row.dose_order_id,
        row.number,
        row.dose_micrograms,
        row.dosing_weight_grams,
        row.weight_basis,
        tuple(row.reasons),
        row.order_time,
        row.ordered_by,
        row.previous_micrograms,
        row.percent_change,
    )


async def orders_of(tx: Tx, intake: domain.Intake) -> Sequence[domain.DoseOrder]:
    """Every dose order of an intake's plan, in order."""
    asked = select(DoseOrderRow).where(col(DoseOrderRow.intake_id) == intake.intake_id)
    return [order(row) for row in await tx.rows(asked.order_by(col(DoseOrderRow.number)))]
