"""The versioned infusion protocols: every clinical number, with its source, as data."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from services.infusion.domain import Pack
from services.infusion.packs.reading import PackBroken, read

__all__ = ["CURRENT", "PackBroken", "current", "named", "read"]

CURRENT = "halcyon-default@2"
_FOLDER = Path(__file__).parent


def current() -> Pack:
    """The protocol that a session takes up when the patient arrives."""
    return named(CURRENT)


def named(label: str) -> Pack:
    """A protocol by its name and version; a session keeps the one that it took up."""
    return _all()[label]


@cache
def _all() -> Mapping[str, Pack]:
    files = sorted(set(_FOLDER.glob("*.yaml")) - set(_FOLDER.glob("custody-*.yaml")))
    packs = [read(file.read_text("utf-8")) for file in files]
    return {pack.label: pack for pack in packs}
