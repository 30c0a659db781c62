"""The versioned protocol packs: every clinical number, with its source, as data."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from services.intake.domain import Pack, Publication
from services.intake.packs.place import Fault, PackBroken
from services.intake.packs.reading import read

__all__ = ["CURRENT", "Fault", "PackBroken", "current", "named", "read", "shipped"]

CURRENT = "halcyon-default@1"
_FOLDER = Path(__file__).parent


def current() -> Pack:
    """The pack of clinics that have not chosen one."""
    return named(CURRENT)


def named(label: str) -> Pack:
    """A pack that comes with the platform."""
    return shipped()[label][0]


@cache
def shipped() -> Mapping[str, tuple[Pack, Publication]]:
    """The packs that come with the platform, by name and version."""
    found = {}
    for file in sorted(_FOLDER.glob("*.yaml")):
        text = file.read_text("utf-8")
        pack = read(text)
        told = pack.name, pack.version, pack.effective_date, text, None, "", None
        found[pack.label] = pack, Publication(*told)
    return found
