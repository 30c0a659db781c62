"""Dose orders as intake gave them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class DoseOrder:
    """A dose as intake ordered it; the highest number of a plan is in force."""

    plan_id: UUID
    number: int
    dose_order_id: UUID
    dose_micrograms: int
    order_time: datetime
