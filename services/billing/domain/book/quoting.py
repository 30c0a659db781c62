"""A quote: every line of it says what it is made of."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from services.billing.domain.book.book import INFUSION, Adjustment, Book, Package, SessionKind
from services.billing.domain.book.covering import cover
from services.billing.domain.money import Money
from services.billing.domain.pricing import PriceList


@dataclass(frozen=True, slots=True, kw_only=True)
class Care:
    """What an infusion is, as far as its price goes."""

    condition: str
    minutes: int
    milligrams: Decimal | None = None
    kind: SessionKind = SessionKind.SERIES


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What somebody asks the price of."""

    care: Care
    sessions: int
    with_packages: bool = True
    others: tuple[tuple[str, int], ...] = ()
    """Further items of the book, each with how many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteLine:
    """One line: what, how many, for how much, and why so much."""

    item: str
    words: str
    quantity: int
    unit_price: Money
    sessions: int = 0
    """Infusion sessions that each of it covers."""
    because: tuple[str, ...]

    @property
    def amount(self) -> Money:
        """Quantity times unit price."""
        return self.unit_price.times(self.quantity)


@dataclass(frozen=True, slots=True)
class Quote:
    """The lines, their sum, and the book they were read from."""

    lines: tuple[QuoteLine, ...]
    book: str
    currency_code: str

    @property
    def total(self) -> Money:
        """Sum of the lines."""
        return Money(sum(line.amount.minor_units for line in self.lines), self.currency_code)


def quote(wanted: Wanted, book: Book, base: Money, bounds: PriceList) -> Quote:
    """What was asked for, at the prices of one book; packages wherever they are cheaper."""
    unit = session_price(wanted.care, book, base, bounds)
    because = tuple(_reasons(wanted.care, book, base, unit))
    infusions = _infusions(wanted, book, unit, because) if wanted.sessions else ()
    others = (_other(name, count, book) for name, count in wanted.others)
    return Quote((*infusions, *others), book.label, base.currency_code)


def session_price(care: Care, book: Book, base: Money, bounds: PriceList) -> Money:
    """The price of one session, kept within the price list's bounds."""
    price = base.minor_units + sum(rule.add for rule in _adjusting(care, book))
    kept = min(max(price, bounds.lowest.minor_units), bounds.highest.minor_units)
    return Money(kept, base.currency_code)


def _reasons(care: Care, book: Book, base: Money, unit: Money) -> Iterator[str]:
    """Everything that makes a session's price."""
    price = base.minor_units
    yield f"one infusion {_shown(base)}"
    for rule in _adjusting(care, book):
        price += rule.add
        yield f"{rule.id} {_shown(Money(rule.add, base.currency_code), sign=True)}"
    if price != unit.minor_units:
        yield f"held at the bound of the price list {_shown(Money(unit.minor_units))}"


def _adjusting(care: Care, book: Book) -> Iterator[Adjustment]:
    for rule in book.adjustments:
        if rule.applies(care.condition, care.minutes, care.milligrams, care.kind):
            yield rule


def _infusions(
    wanted: Wanted, book: Book, unit: Money, because: tuple[str, ...]
) -> Iterator[QuoteLine]:
    packages = book.packages if wanted.with_packages else ()
    chosen = cover(wanted.sessions, packages, unit.minor_units)
    words = f"{book.get(INFUSION).words}, {wanted.care.minutes} minutes"
    for package, count in chosen.packages:
        yield _prepaid(package, count, words, unit, because)
    if chosen.singles:
        yield QuoteLine(
            item=INFUSION,
            words=words,
            quantity=chosen.singles,
            unit_price=unit,
            sessions=1,
            because=because,
        )


def _prepaid(
    package: Package, count: int, words: str, unit: Money, because: tuple[str, ...]
) -> QuoteLine:
    why = f"{package.id}: {package.count} sessions less {package.percent_off} per cent, "
    return QuoteLine(
        item=package.id,
        words=f"{package.count} prepaid sessions: {words}",
        quantity=count,
        unit_price=Money(package.price(unit.minor_units), unit.currency_code),
        sessions=package.count,
        because=(*because, f"{why}good for {package.valid_days} days, whatever the schedule"),
    )


def _other(name: str, count: int, book: Book) -> QuoteLine:
    found = book.get(name)
    price = Money(found.price or 0, book.currency_code)
    return QuoteLine(
        item=found.item,
        words=found.words,
        quantity=count,
        unit_price=price,
        because=(f"price book {book.label} {_shown(price)}",),
    )


def _shown(money: Money, *, sign: bool = False) -> str:
    whole, cents = divmod(abs(money.minor_units), 100)
    mark = "-" if money.minor_units < 0 else "+" if sign else ""
    return f"{mark}{whole:,}.{cents:02d} {money.currency_code}"
