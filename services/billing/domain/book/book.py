"""One version of the price book: items, what makes an infusion dearer or cheaper, packages."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache

from chassis.refusal import Invalid, NotFound, Violation
from services.billing.domain.pricing import Term

INFUSION = "infusion"


class SessionKind(StrEnum):
    """What an infusion is for."""

    SERIES = "series"
    MAINTENANCE = "maintenance"


@dataclass(frozen=True, slots=True)
class Item:
    """Something that can be charged; an infusion's price is the clinic's own."""

    item: str
    words: str
    price: int | None
    codes: tuple[str, ...]
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustment:
    """What one circumstance adds to a session's price; bounds are included, None is no bound."""

    id: str
    item: str
    add: int
    source: str
    conditions: tuple[str, ...] = ()
    """ICD-10-CM categories; any when empty."""
    minutes: tuple[int | None, int | None] = (None, None)
    milligrams: tuple[Decimal | None, Decimal | None] = (None, None)
    kinds: tuple[SessionKind, ...] = ()

    def applies(
        self, condition: str, minutes: int, milligrams: Decimal | None, kind: SessionKind
    ) -> bool:
        """Whether it holds here; a dose that is not known yet meets no dose band."""
        banded = self.milligrams != (None, None)
        return (
            (not self.conditions or condition.startswith(self.conditions))
            and _within(minutes, self.minutes)
            and (not banded or (milligrams is not None and _within(milligrams, self.milligrams)))
            and (not self.kinds or kind in self.kinds)
        )


@dataclass(frozen=True, slots=True)
class Package:
    """Sessions sold together beforehand; they are used by whatever schedule there is."""

    id: str
    item: str
    count: int
    percent_off: int
    valid_days: int
    source: str

    def unit(self, single: int) -> int:
        """Minor units of one of its sessions; a fraction of a minor unit is let go."""
        return single * (100 - self.percent_off) // 100

    def price(self, single: int) -> int:
        """Minor units of the whole: each session has the same price, to be earned one by one."""
        return self.count * self.unit(single)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Book:
    """One version of the network's prices; it is looked up by what it is, not by what it says."""

    name: str
    version: int
    first: date
    last: date | None
    currency_code: str
    source: str
    items: tuple[Item, ...]
    adjustments: tuple[Adjustment, ...]
    packages: tuple[Package, ...]

    @property
    def label(self) -> str:
        """Name and version, as decisions record it."""
        return f"{self.name}/{self.version}"

    @property
    def term(self) -> Term:
        """When it is in force."""
        return Term(self.first, self.last)

    def get(self, item: str) -> Item:
        """An item by its name."""
        for one in self.items:
            if one.item == item:
                return one
        known = ", ".join(one.item for one in self.items)
        wanted = (Violation("item", f"must be one of {known}"),)
        raise Invalid("UNKNOWN_ITEM", "The price book has no such item.", wanted)

    def package(self, name: str) -> Package:
        """A package by its name."""
        for one in self.packages:
            if one.id == name:
                return one
        known = ", ".join(one.id for one in self.packages)
        wanted = (Violation("package", f"must be one of {known}"),)
        raise Invalid("UNKNOWN_ITEM", "The price book has no such package.", wanted)


@lru_cache(maxsize=64)
def in_force(books: tuple[Book, ...], day: date) -> Book:
    """The newest book of a day."""
    found = [book for book in books if book.term.covers(day)]
    if not found:
        raise NotFound("PRICE_NOT_FOUND", "No price book is in force on that day.")
    return max(found, key=lambda book: book.version)


def _within(value: int | Decimal, bounds: tuple[int | Decimal | None, ...]) -> bool:
    lowest, highest = bounds
    return (lowest is None or value >= lowest) and (highest is None or value <= highest)
