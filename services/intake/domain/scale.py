"""A rating scale as a pack describes it: which items, how they add up, what a total means."""

from collections.abc import Mapping
from dataclasses import dataclass

PHQ9 = "phq9"
"""The name in every pack of the questionnaire whose total comes with referrals and sessions."""


@dataclass(frozen=True, slots=True)
class Band:
    """A range of totals with a name of its own."""

    lowest: int
    highest: int
    name: str


@dataclass(frozen=True, slots=True)
class Level:
    """A band that any of some items reaches by itself; a later level outranks an earlier one."""

    name: str
    items: frozenset[int]


@dataclass(frozen=True, slots=True)
class Alert:
    """An answer that asks for action whatever the total is."""

    item: int
    at_least: int


@dataclass(frozen=True, slots=True)
class Missing:
    """Which answers may be left out."""

    at_most: int = 0
    never: frozenset[int] = frozenset()
    """Items that must be answered even where others may be missing."""
    either: tuple[frozenset[int], ...] = ()
    """Of each of these one answer is enough."""
    unless: Mapping[int, int] | None = None
    """Items that are asked only where another one was answered with more than nothing."""


@dataclass(frozen=True, slots=True)
class Scale:
    """One instrument; items are numbered from 1, answers lie between 0 and `highest_answer`."""

    name: str
    title: str
    item_count: int
    highest_answer: int
    groups: tuple[tuple[int, ...], ...]
    """The total is the sum over groups of the highest answer within each."""
    bands: tuple[Band, ...]
    levels: tuple[Level, ...]
    """Instead of bands: an instrument that adds nothing up."""
    missing: Missing
    implied: Mapping[int, int]
    """Answers that cannot be given without another one."""
    alerts: tuple[Alert, ...]
    response_percent: int | None = None
    response_points: int | None = None
    remission_at_most: int | None = None

    @property
    def highest_total(self) -> int:
        """The total of the worst answers."""
        return len(self.groups) * self.highest_answer

    @property
    def adds_up(self) -> bool:
        """Whether there is a total."""
        return not self.levels

    def band(self, total: int) -> str:
        """The name of the range a total lies in."""
        return next(band.name for band in self.bands if band.lowest <= total <= band.highest)
