"""Reading a pack: whatever is missing or wrong is named with its line."""

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, NoReturn

import yaml

from services.scheduling.domain import Policy

_PACK = Path(__file__).with_name("policy.yaml")
_RULES = tuple(one.name for one in fields(Policy) if one.type in {int, "int"})


class BadPack(Exception):
    """A pack that cannot be used, and where."""


def read_policy(path: Path = _PACK) -> Policy:
    """The policy of a pack."""
    text = path.read_text()
    pack: dict[str, Any] = yaml.safe_load(text)
    lines = _lines(text)
    rules = {name: _rule(pack.get("rules", {}), name, path, lines) for name in _RULES}
    patterns = _sourced(pack, "patterns", path, lines)["value"]
    return Policy(
        pack=f"{pack['name']}@{pack['version']}",
        patterns=tuple(tuple(map(int, weeks)) for weeks in patterns),
        **rules,
    )


def _rule(rules: Mapping[str, Any], name: str, path: Path, lines: Mapping[str, int]) -> int:
    value = _sourced(rules, name, path, lines)["value"]
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        _bad(path, name, lines, "must be a whole number, not negative")
    return value


def _sourced(
    among: Mapping[str, Any], name: str, path: Path, lines: Mapping[str, int]
) -> Mapping[str, Any]:
    found = among.get(name)
    if not isinstance(found, dict) or "value" not in found:
        _bad(path, name, lines, "is missing, or has no value")
    if not str(found.get("source") or "").strip():
        _bad(path, name, lines, "has no source")
    return found


def _bad(path: Path, name: str, lines: Mapping[str, int], what: str) -> NoReturn:
    raise BadPack(f"{path.name}:{lines.get(name, 1)}: {name} {what}")


def _lines(text: str) -> dict[str, int]:
    """The line of each name, counted from 1."""
    found: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        name, colon, _ = line.strip().partition(":")
        if colon:
            found.setdefault(name, number)
    return found
