"""The versioned infusion protocol: every clinical number, with its source, as data."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from services.infusion.domain import Gate, Pack, Windows

__all__ = ["PackBroken", "current", "read"]

_CURRENT = Path(__file__).parent / "halcyon-default-1.yaml"


class PackBroken(ValueError):
    """A pack file that must not be used; the message says where it is wrong."""


@cache
def current() -> Pack:
    """The protocol in force."""
    return read(yaml.safe_load(_CURRENT.read_text("utf-8")))


def read(file: Mapping[str, Any]) -> Pack:
    """The pack in a file's text; a number without a source, or one too many, is no pack."""
    try:
        gate, windows = Gate(**_numbers(file["start_gate"])), Windows(**_numbers(file["readings"]))
        return Pack(file["name"], file["version"], gate, windows)
    except (KeyError, TypeError, AttributeError) as error:
        raise PackBroken(f"not the form of a pack: {error}") from error


def _numbers(node: Mapping[str, Any]) -> dict[str, int]:
    return {name: _number(name, told) for name, told in node.items()}


def _number(name: str, told: Mapping[str, Any]) -> int:
    value, source = told["value"], told.get("source")
    if not (isinstance(source, str) and source.strip()):
        raise PackBroken(f"{name}: says no source")
    if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
        raise PackBroken(f"{name}: must be a whole number above zero")
    return value
