"""The rules of the Good Faith Estimate, as data in force for a term."""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from chassis.refusal import NotFound
from services.billing.domain.pricing import Term


@dataclass(frozen=True, slots=True)
class Step:
    """Booked at least so many business days ahead: provided within so many."""

    ahead: int
    within: int
    source: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Policy:
    """One version of the rules; it is looked up by what it is, not by what it says."""

    name: str
    version: int
    first: date
    last: date | None
    currency_code: str
    source: str
    scheduled: tuple[Step, ...]
    """The longest notice first; nearer than the last there is no duty but on request."""
    requested_within: int
    changed_before: int
    series_months: int
    warn_minor_units: int
    dispute_minor_units: int
    dispute_days: int
    separately: tuple[str, ...]
    disclaimers: tuple[str, ...]

    @property
    def label(self) -> str:
        """Name and version, as decisions record it."""
        return f"{self.name}/{self.version}"

    @property
    def term(self) -> Term:
        """When it is in force."""
        return Term(self.first, self.last)


@lru_cache(maxsize=64)
def policy_of(policies: tuple[Policy, ...], day: date) -> Policy:
    """The newest policy of a day."""
    found = [policy for policy in policies if policy.term.covers(day)]
    if not found:
        raise NotFound("POLICY_NOT_FOUND", "No estimate policy is in force on that day.")
    return max(found, key=lambda policy: policy.version)
