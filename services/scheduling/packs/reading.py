"""Reading a pack: whatever is missing or wrong is named with its line."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import yaml

from services.scheduling.domain import Charge, Clock, Fee, FeePolicy, Policy, Window

E = TypeVar("E", bound=StrEnum)

_HERE = Path(__file__).parent
_RULES = tuple(one.name for one in fields(Policy) if one.type in {int, "int"})


class BadPack(Exception):
    """A pack that cannot be used, and where."""


@dataclass(frozen=True)
class _Page:
    """A pack's file and the line of each name in it."""

    path: Path
    lines: Mapping[str, int]

    def bad(self, name: str, what: str) -> NoReturn:
        raise BadPack(f"{self.path.name}:{self.lines.get(name, 1)}: {name} {what}")


def read_policy(path: Path = _HERE / "policy.yaml") -> Policy:
    """The policy of a pack."""
    pack, page = _read(path)
    rules = {name: _number(pack.get("rules", {}), name, page) for name in _RULES}
    return Policy(
        pack=f"{pack['name']}@{pack['version']}",
        reminder_hours=tuple(map(int, _sourced(pack, "reminders", page))),
        patterns=tuple(tuple(map(int, weeks)) for weeks in _sourced(pack, "patterns", page)),
        **rules,
    )


def read_fees(path: Path = _HERE / "cancellation.yaml") -> tuple[FeePolicy, ...]:
    """Every version of the cancellation policy."""
    pack, page = _read(path)
    return tuple(_version(pack["name"], one, page) for one in pack["versions"])


def _version(name: str, one: Mapping[str, Any], page: _Page) -> FeePolicy:
    if not isinstance(one.get("effective"), date):
        page.bad("effective", "must be a date")
    return FeePolicy(
        pack=f"{name}@{one['version']}",
        effective=one["effective"],
        clock=_word(Clock, _sourced(one, "clock", page), "clock", page),
        windows=tuple(_window(given, page) for given in _sourced(one, "windows", page)),
        no_show=_fee(_sourced(one, "no_show", page), "no_show", page),
        late_minutes=_number(one, "late_minutes", page),
        grace_count=_number(one, "grace_count", page),
        waivers=tuple(_sourced(one, "waivers", page)),
    )


def _window(given: Mapping[str, Any], page: _Page) -> Window:
    return Window(int(given["under_hours"]), _fee(given, "windows", page))


def _fee(given: Mapping[str, Any], name: str, page: _Page) -> Fee:
    fee = Fee(
        _word(Charge, given.get("charge"), name, page),
        given.get("minor_units", 0),
        given.get("currency_code", ""),
        given.get("percent", 0),
    )
    flat, percent = fee.charge == Charge.FLAT, fee.charge == Charge.PERCENT
    if flat != (fee.minor_units > 0 and len(fee.currency_code) == 3):
        page.bad(name, "must say minor_units and currency_code when flat, and only then")
    if percent != (0 < fee.percent <= 100):
        page.bad(name, "must say a percent from 1 to 100 when percent, and only then")
    return fee


def _word(kind: type[E], given: object, name: str, page: _Page) -> E:
    try:
        return kind(str(given))
    except ValueError:
        page.bad(name, f"must be one of {', '.join(kind)}")


def _number(among: Mapping[str, Any], name: str, page: _Page) -> int:
    value = _sourced(among, name, page)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        page.bad(name, "must be a whole number, not negative")
    return value


def _sourced(among: Mapping[str, Any], name: str, page: _Page) -> Any:
    found = among.get(name)
    if not isinstance(found, dict) or "value" not in found:
        page.bad(name, "is missing, or has no value")
    if not str(found.get("source") or "").strip():
        page.bad(name, "has no source")
    return found["value"]


def _read(path: Path) -> tuple[Mapping[str, Any], _Page]:
    text = path.read_text()
    lines: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        name, colon, _ = line.strip().removeprefix("- ").partition(":")
        if colon:
            lines.setdefault(name, number)
    return yaml.safe_load(text), _Page(path, lines)
