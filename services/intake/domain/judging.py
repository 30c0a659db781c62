"""What was decided on an assessed patient."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum


class Outcome(Enum):
    """Not being eligible is a decline, which closes the referral's loop."""

    ELIGIBLE = "eligible"
    ELIGIBLE_WITH_CONDITIONS = "eligible_with_conditions"
    DEFERRED = "deferred"


@dataclass(frozen=True, slots=True)
class Eligibility:
    """A decision, with what must hold on each day of treatment."""

    outcome: Outcome
    conditions: tuple[str, ...] = ()
    defer_until: date | None = None
    rationale: str = field(default="", repr=False)
    decided_by: str = ""
    decide_time: datetime | None = field(default=None, compare=False)
