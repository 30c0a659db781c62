"""Dose orders: numbered from 1, superseded by the next, never edited."""

from dataclasses import replace
from datetime import datetime

from services.intake.domain.plan import DoseOrder, Plan, dose_order_id


def next_order(  # noqa: PLR0913, PLR0917
    plan: Plan,
    micrograms: int,
    reasons: tuple[str, ...],
    ordered_by: str,
    percent_change: str,
    now: datetime,
) -> DoseOrder:
    """An unchanged dose needs no new order."""
    if micrograms == plan.dose.dose_micrograms:
        return plan.dose
    number = plan.dose.number + 1
    return replace(
        plan.dose,
        dose_order_id=dose_order_id(plan.plan_id, number),
        number=number,
        dose_micrograms=micrograms,
        previous_micrograms=plan.dose.dose_micrograms,
        reasons=reasons,
        ordered_by=ordered_by,
        percent_change=percent_change,
        order_time=now,
    )
