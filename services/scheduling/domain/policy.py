"""The numbers of scheduling that are nobody's law: data, kept in a pack with its sources."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Policy:
    """How one network keeps its books of time."""

    pack: str
    turnover_minutes: int
    lead_minutes: int
    unit_minutes: int
    horizon_days: int

    def __post_init__(self) -> None:
        # Zone offsets are multiples of 15 minutes, so units count through every local midnight.
        if self.unit_minutes not in {1, 3, 5, 15}:
            raise ValueError("unit_minutes must divide 15")

    @property
    def lead(self) -> timedelta:
        """Least time between holding a series and its first session."""
        return timedelta(minutes=self.lead_minutes)

    @property
    def horizon(self) -> timedelta:
        """How far ahead sessions are placed."""
        return timedelta(days=self.horizon_days)
