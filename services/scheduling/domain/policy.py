"""The numbers of scheduling that are nobody's law: data, kept in a pack with its sources."""

from dataclasses import dataclass
from datetime import timedelta

Limits = tuple[tuple[int, int], ...]
"""At most so many sessions in so many days that follow one another."""


@dataclass(frozen=True, slots=True)
class Policy:
    """How one network keeps its books of time."""

    pack: str
    prepare_minutes: int
    turnover_minutes: int
    lead_minutes: int
    unit_minutes: int
    horizon_days: int
    most_in_7_days: int
    most_in_30_days: int
    most_in_90_days: int
    maintenance_days: int
    maintenance_lead_days: int
    least_gap_hours: int
    reminder_hours: tuple[int, ...] = ()
    patterns: tuple[tuple[int, ...], ...] = ()

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

    @property
    def limits(self) -> Limits:
        """The most sessions of one patient, by length of the time looked at."""
        most = (self.most_in_7_days, self.most_in_30_days, self.most_in_90_days)
        return tuple(zip(most, (7, 30, 90), strict=True))
