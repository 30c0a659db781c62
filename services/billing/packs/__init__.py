"""Versioned rules as data: prices, codes, estimates, each with its source and dates."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from services.billing.domain import CodeRule, Money, PriceList, Term
from services.billing.domain.book import Book
from services.billing.domain.card import Consent
from services.billing.domain.estimate import Calendar, Holiday, Policy
from services.billing.domain.instalments import PlanPolicy
from services.billing.packs.reading import PackBroken, read

__all__ = [
    "BOOKS",
    "CALENDAR",
    "CARD_CONSENTS",
    "CODES",
    "ESTIMATES",
    "PLANS",
    "PRICE_LISTS",
    "PackBroken",
]

_FOLDER = Path(__file__).parent


def _rows(file: str, name: str) -> tuple[Mapping[str, Any], ...]:
    return tuple(yaml.safe_load((_FOLDER / file).read_text("utf-8"))[name])


def _term(row: Mapping[str, Any]) -> Term:
    return Term(row["first"], row["last"])


def _price_list(row: Mapping[str, Any]) -> PriceList:
    default, lowest, highest = (
        Money(row[name], row["currency_code"]) for name in ("default", "lowest", "highest")
    )
    return PriceList(_term(row), default, lowest, highest, row["source"])


def _code_rule(row: Mapping[str, Any]) -> CodeRule:
    return CodeRule(
        row["code"],
        _term(row),
        row.get("least_minutes", 0),
        row.get("most_minutes"),
        row.get("every_minutes"),
    )


PRICE_LISTS = tuple(map(_price_list, _rows("prices.yaml", "price_lists")))
CODES = tuple(map(_code_rule, _rows("codes.yaml", "procedures")))
BOOKS = read(_FOLDER / "book.yaml", "books", Book)
ESTIMATES = read(_FOLDER / "estimates.yaml", "policies", Policy)
CALENDAR = Calendar(read(_FOLDER / "estimates.yaml", "holidays", Holiday))
PLANS = read(_FOLDER / "plans.yaml", "policies", PlanPolicy)
CARD_CONSENTS = read(_FOLDER / "cards.yaml", "policies", Consent)
