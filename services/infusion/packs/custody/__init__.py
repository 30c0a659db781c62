"""The controlled-drug rules and the drug list, from their file; a wrong line is named."""

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from typing import Any

from services.infusion.domain.custody import Drug, Rules
from services.infusion.packs.lines import Lines, parse
from services.infusion.packs.lines import Path as Place

_CURRENT = Path(__file__).parent / "custody-us-1.yaml"
_NDC = re.compile(r"\d{5}-\d{4}-\d{2}")
_NUMBERS = (
    "incident_business_days", "inventory_months", "inventory_warning_days", "witness_minutes",
    "retention_years",
)  # fmt: skip
_HEADING = {"name", "version", "effective_date", "holidays", "drugs", *_NUMBERS}
_DRUG = {"ndc", "substance", "form", "schedule", "milligrams_per_millilitre", "millilitres"}
_FINEST = Decimal("0.000001")


@cache
def current() -> Rules:
    """The rules in force."""
    return read(_CURRENT.read_text("utf-8"))


def read(text: str) -> Rules:
    """The rules in a file's text, or the line that is wrong."""
    file = parse(text)
    _only(file, (), file.values, _HEADING)
    drugs: dict[str, Drug] = {}
    for index, node in enumerate(_list(file, ("drugs",))):
        drug = _drug(file, ("drugs", index), node)
        if drug.ndc in drugs:
            raise file.broken(("drugs", index, "ndc"), "is listed twice")
        drugs[drug.ndc] = drug
    return Rules(
        _word(file, (), "name"),
        _positive(file, ("version",), file.values["version"]),
        **{name: _number(file, name) for name in _NUMBERS},
        holidays=_holidays(file),
        drugs=drugs,
    )


def _drug(file: Lines, place: Place, node: Any) -> Drug:
    _only(file, place, node, _DRUG | {"source"})
    ndc, substance, form, schedule, _ = (
        _word(file, place, name) for name in ("ndc", "substance", "form", "schedule", "source")
    )
    if not _NDC.fullmatch(ndc):
        raise file.broken((*place, "ndc"), "must be eleven digits as 5-4-2")
    strength = _decimal(file, (*place, "milligrams_per_millilitre"))
    volume = _decimal(file, (*place, "millilitres"))
    if (Decimal("0.001") / strength) % _FINEST:
        raise file.broken((*place, "milligrams_per_millilitre"), "must divide a microgram exactly")
    return Drug(ndc, substance, form, schedule, strength, strength * volume)


def _holidays(file: Lines) -> frozenset[date]:
    place = ("holidays",)
    _only(file, place, file.values["holidays"], {"source", "days"})
    _word(file, place, "source")
    days = _list(file, (*place, "days"))
    for index, day in enumerate(days):
        if type(day) is not date:
            raise file.broken((*place, "days", index), "must be a date")
    return frozenset(days)


def _number(file: Lines, name: str) -> int:
    node = file.values[name]
    _only(file, (name,), node, {"value", "source"})
    _word(file, (name,), "source")
    return _positive(file, (name, "value"), node["value"])


def _only(file: Lines, place: Place, node: Any, names: set[str]) -> None:
    """A field too many or too few is no pack: nobody would notice a misspelt number."""
    if not isinstance(node, Mapping):
        raise file.broken(place, "must be a mapping")
    for name in node:
        if name not in names:
            raise file.broken((*place, name), "is not known")
    if missing := sorted(names - set(node)):
        raise file.broken(place, f"lacks {', '.join(missing)}")


def _at(file: Lines, place: Place) -> Any:
    node: Any = file.values
    for step in place:
        node = node[step]
    return node


def _list(file: Lines, place: Place) -> list[Any]:
    if isinstance(node := _at(file, place), list) and node:
        return node
    raise file.broken(place, "must be a list")


def _word(file: Lines, place: Place, name: str) -> str:
    if isinstance(word := _at(file, place)[name], str) and word.strip():
        return word
    raise file.broken((*place, name), "must be some words")


def _positive(file: Lines, place: Place, value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    raise file.broken(place, "must be a whole number above zero")


def _decimal(file: Lines, place: Place) -> Decimal:
    told = _at(file, place)
    try:
        value = Decimal(told) if isinstance(told, str) else Decimal("NaN")
    except InvalidOperation:
        value = Decimal("NaN")
    if value.is_finite() and value > 0:
        return value
    raise file.broken(place, "must be a decimal number above zero, in quotes")
