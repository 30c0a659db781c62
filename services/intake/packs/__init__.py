"""The versioned protocol packs: every clinical number, with its source, as data."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from services.intake.domain import Pack
from services.intake.packs.place import Fault, PackBroken
from services.intake.packs.reading import read

__all__ = ["CURRENT", "Fault", "PackBroken", "current", "named", "read"]

CURRENT = "halcyon-default@1"
_FOLDER = Path(__file__).parent


def current() -> Pack:
    """The pack that new intakes are screened and planned with."""
    return named(CURRENT)


def named(label: str) -> Pack:
    """A pack by its name and version; a plan keeps the pack that it was made with."""
    return _all()[label]


@cache
def _all() -> Mapping[str, Pack]:
    files = sorted(_FOLDER.glob("*.yaml"))
    packs = [read(file.read_text("utf-8")) for file in files]
    return {pack.label: pack for pack in packs}
