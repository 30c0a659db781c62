"""What a session costs: the clinic's own price, else the price list's, within the list's bounds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol, TypeVar

from chassis.refusal import Invalid, NotFound, Violation
from services.billing.domain.money import Money


@dataclass(frozen=True, slots=True)
class Term:
    """When a rule is in force: from its first day to its last, or for good."""

    first: date
    last: date | None = None

    def covers(self, day: date) -> bool:
        """Whether the rule is in force on that day."""
        return self.first <= day and (self.last is None or day <= self.last)


class Dated(Protocol):
    """Anything that is in force for a term."""

    @property
    def term(self) -> Term:
        """When."""


D = TypeVar("D", bound=Dated)


@dataclass(frozen=True, slots=True)
class PriceList:
    """The network's default price of one infusion session, and what a clinic may ask."""

    term: Term
    default: Money
    lowest: Money
    highest: Money
    source: str


def in_force(rules: Sequence[D], day: date) -> tuple[D, ...]:
    """The rules that hold on a day."""
    return tuple(rule for rule in rules if rule.term.covers(day))


def price_list(lists: Sequence[PriceList], day: date) -> PriceList:
    """The price list of a day."""
    for one in in_force(lists, day):
        return one
    raise NotFound("PRICE_NOT_FOUND", "No price list is in force on that day.")


def check_price(price: Money, allowed: PriceList) -> None:
    """A clinic's price is in the list's currency and within its bounds."""
    faults = []
    if price.currency_code != allowed.default.currency_code:
        wanted = f"must be {allowed.default.currency_code}"
        faults.append(Violation("price.infusion_price.currency_code", wanted))
    lowest, highest = allowed.lowest.minor_units, allowed.highest.minor_units
    if not lowest <= price.minor_units <= highest:
        wanted = f"must be from {lowest} to {highest} minor units"
        faults.append(Violation("price.infusion_price.minor_units", wanted))
    if faults:
        raise Invalid("INVALID_PRICE", "The price breaks the price list's rules.", tuple(faults))
