"""What care costs and why: one table for each rule of the price book."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.refusal import Invalid, NotFound
from services.billing import domain, packs
from services.billing.domain import Money, book
from services.billing.packs import PackBroken
from services.billing.packs.reading import read

DAY = date(2026, 11, 23)
BOOK = book.in_force(packs.BOOKS, DAY)
BOUNDS = domain.price_list(packs.PRICE_LISTS, DAY)
BASE = Money(45000)


def wanted(sessions: int = 8, packages: bool = True, **care: Any) -> book.Wanted:
    described: dict[str, Any] = {"condition": "F33.2", "minutes": 45, **care}
    return book.Wanted(
        care=book.Care(**described),
        sessions=sessions,
        with_packages=packages,
    )


def lines(asked: book.Wanted, base: Money = BASE) -> list[tuple[str, int, int]]:
    quote = book.quote(asked, BOOK, base, BOUNDS)
    return [(line.item, line.quantity, line.unit_price.minor_units) for line in quote.lines]


def test_an_eight_session_taper_is_a_six_pack_and_two_single_sessions() -> None:
    assert lines(wanted(8)) == [("six-pack", 1, 243000), ("infusion", 2, 45000)]
    quote = book.quote(wanted(8), BOOK, BASE, BOUNDS)
    assert quote.total == Money(333000)
    assert sum(line.quantity * line.sessions for line in quote.lines) == 8
    assert quote.lines[0].because[-1] == (
        "six-pack: 6 sessions less 10 per cent, good for 365 days, whatever the schedule"
    )
    assert quote.book == "network/1"


@pytest.mark.parametrize(
    ("sessions", "expected"),
    [
        (1, [("infusion", 1, 45000)]),
        (3, [("infusion", 3, 45000)]),
        (4, [("four-pack", 1, 171000)]),
        (5, [("four-pack", 1, 171000), ("infusion", 1, 45000)]),
        (6, [("six-pack", 1, 243000)]),
        (10, [("six-pack", 1, 243000), ("four-pack", 1, 171000)]),
        (12, [("six-pack", 2, 243000)]),
    ],
)
def test_packages_wherever_they_are_cheaper(
    sessions: int, expected: list[tuple[str, int, int]]
) -> None:
    assert lines(wanted(sessions)) == expected
    assert lines(wanted(sessions, packages=False)) == [("infusion", sessions, 45000)]


@pytest.mark.parametrize(
    ("care", "price"),
    [
        ({}, 45000),
        ({"minutes": 60}, 45000),
        ({"minutes": 61}, 60000),
        ({"minutes": 120}, 60000),
        ({"minutes": 121}, 85000),
        ({"condition": "G90.50"}, 50000),
        ({"condition": "M79.7", "minutes": 121}, 90000),
        ({"condition": "F43.10"}, 45000),
        ({"milligrams": Decimal("100")}, 45000),
        ({"milligrams": Decimal("100.001")}, 48000),
        ({"milligrams": None}, 45000),
        ({"kind": book.SessionKind.MAINTENANCE}, 40000),
    ],
)
def test_what_makes_an_infusion_dearer_or_cheaper(care: dict[str, Any], price: int) -> None:
    ((_, _, unit),) = lines(wanted(1, **care))
    assert unit == price


@pytest.mark.parametrize(
    ("base", "care", "price"),
    [
        (40000, {"kind": book.SessionKind.MAINTENANCE}, 40000),
        (200000, {"minutes": 121}, 200000),
        (60000, {"condition": "G90.50", "minutes": 121}, 105000),
    ],
)
def test_a_clinics_own_price_is_the_base_within_the_bounds(
    base: int, care: dict[str, Any], price: int
) -> None:
    quote = book.quote(wanted(1, **care), BOOK, Money(base), BOUNDS)
    assert quote.total == Money(price)
    if price in {40000, 200000}:
        assert quote.lines[0].because[-1].startswith("held at the bound of the price list")


def test_every_line_says_what_it_is_made_of() -> None:
    asked = replace(wanted(1, condition="G90.50", minutes=90), others=(("kap", 2),))
    infusion, kap = book.quote(asked, BOOK, BASE, BOUNDS).lines
    assert infusion.because == (
        "one infusion 450.00 USD",
        "minutes-61-120 +150.00 USD",
        "pain +50.00 USD",
    )
    assert kap.because == ("price book network/1 200.00 USD",)
    assert (kap.quantity, kap.amount) == (2, Money(40000))


def test_an_item_that_nobody_sells_is_refused() -> None:
    with pytest.raises(Invalid) as refused:
        book.quote(replace(wanted(0), others=(("massage", 1),)), BOOK, BASE, BOUNDS)
    assert refused.value.reason == "UNKNOWN_ITEM"
    with pytest.raises(NotFound):
        book.in_force(packs.BOOKS, date(2019, 12, 31))


@given(st.integers(1, 60), st.integers(40000, 200000))
def test_a_cover_is_exact_and_never_dearer_than_single_sessions(count: int, unit: int) -> None:
    found = book.cover(count, BOOK.packages, unit)
    covered = sum(package.count * bought for package, bought in found.packages)
    price = sum(package.price(unit) * bought for package, bought in found.packages)
    assert covered + found.singles == count
    assert price + found.singles * unit <= count * unit
    assert price + found.singles * unit == min(
        six * BOOK.packages[1].price(unit) + four * BOOK.packages[0].price(unit)
        + (count - 6 * six - 4 * four) * unit
        for six in range(count // 6 + 1)
        for four in range((count - 6 * six) // 4 + 1)
    )  # fmt: skip


GOOD = """
packages:
  - id: pair
    item: infusion
    count: 2
    percent_off: 5
    valid_days: 30
    source: a test
"""


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("count: 2", "count: 2.5", 5),
        ("percent_off: 5", "percent_off: none", 6),
        ("valid_days: 30", "valid_daze: 30", 3),
        ("source: a test", "source: a test\n    colour: red", 9),
    ],
)
def test_a_broken_pack_names_the_line(tmp_path: Path, old: str, new: str, line: int) -> None:
    file = tmp_path / "book.yaml"
    file.write_text(GOOD)
    assert read(file, "packages", book.Package)[0].count == 2
    file.write_text(GOOD.replace(old, new))
    with pytest.raises(PackBroken, match=f"book.yaml, line {line}:"):
        read(file, "packages", book.Package)
