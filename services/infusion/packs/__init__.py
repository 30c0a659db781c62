"""The versioned infusion protocols: every clinical number, with its source, as data."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from services.infusion.domain import Pack, Publication
from services.infusion.packs.lines import PackBroken
from services.infusion.packs.reading import read

__all__ = ["CURRENT", "PackBroken", "current", "named", "read", "shipped"]

CURRENT = "halcyon-default@2"
_FOLDER = Path(__file__).parent


def current() -> Pack:
    """The protocol of clinics that have not chosen one."""
    return named(CURRENT)


def named(label: str) -> Pack:
    """A protocol that comes with the platform."""
    return shipped()[label][0]


@cache
def shipped() -> Mapping[str, tuple[Pack, Publication]]:
    """The protocols that come with the platform, by name and version."""
    found = {}
    for file in sorted(_FOLDER.glob("*.yaml")):
        text = file.read_text("utf-8")
        pack = read(text)
        published = Publication(pack.name, pack.version, pack.effective_date, text)
        found[pack.label] = pack, published
    return found
