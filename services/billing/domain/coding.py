"""Which procedures a session is billed as: read from running minutes and the codes in force."""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from services.billing.domain.pricing import Term, in_force


@dataclass(frozen=True, slots=True, eq=False)
class CodeRule:
    """A code is billed from so many running minutes on, once, or again every so many.

    It is looked up by what it is, not by what it says.
    """

    code: str
    term: Term
    least_minutes: int = 0
    most_minutes: int | None = None
    every_minutes: int | None = None

    def units(self, running_minutes: int) -> int:
        """How often it is billed."""
        beyond = running_minutes - self.least_minutes
        if beyond < 0 or (self.most_minutes is not None and running_minutes > self.most_minutes):
            return 0
        return 1 + (beyond // self.every_minutes if self.every_minutes else 0)


@lru_cache(maxsize=1024)
def procedure_codes(
    rules: tuple[CodeRule, ...], running_minutes: int, day: date
) -> tuple[str, ...]:
    """The codes of one session, in the table's order; a code stands once for each of its units."""
    return tuple(
        rule.code for rule in in_force(rules, day) for _ in range(rule.units(running_minutes))
    )
