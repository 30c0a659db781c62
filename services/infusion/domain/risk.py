"""The suicide-risk screener that intake told of: a bad one keeps infusions from starting."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class RiskScreening:
    """The last screener that a patient answered, whoever asked."""

    patient_id: UUID
    screen_time: datetime
    block_until: datetime | None
    """Until when nobody treats the patient; None where the answer lets everybody."""


def newest_screening(known: RiskScreening | None, told: RiskScreening) -> RiskScreening:
    """The last answer holds, in whichever order words come."""
    return known if known and known.screen_time > told.screen_time else told


def risk_findings(known: RiskScreening | None, now: datetime) -> Iterator[tuple[str, str]]:
    """What the screener holds against a start."""
    if known and known.block_until and now < known.block_until:
        yield "suicide_risk_high", "no infusion today after a screener at high risk"
