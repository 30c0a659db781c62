"""The map of facts, read from the code: `python -m tools.factmap write | check`."""

import ast
import importlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from google.protobuf.descriptor import Descriptor

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
START, END = "<!-- facts:start (make map) -->\n", "<!-- facts:end -->"
SERVICES = tuple(sorted(path.parent.name for path in (ROOT / "services").glob("*/__main__.py")))


@dataclass(frozen=True)
class Route:
    """One fact, who states it and who hears it (and what they do about it)."""

    fact: Descriptor
    stated: bool
    heard: tuple[tuple[str, str], ...]
    """(service, handler) pairs, by service."""


def facts_of(service: str) -> tuple[Descriptor, ...]:
    """Every fact in the service's contracts; a message used inside a fact is not one."""
    files = [contract.DESCRIPTOR for contract in contracts_of(service, "events.v1")]
    messages = [message for file in files for message in file.message_types_by_name.values()]
    return tuple(message for message in messages if "revision" in message.fields_by_name)


def contracts_of(service: str, package: str) -> list[ModuleType]:
    """The generated modules of one of a service's packages, its main contract first."""
    folder = ROOT / "proto" / "halcyon" / service / Path(*package.split("."))
    names = sorted(
        (path.stem for path in folder.glob("*.proto")), key=lambda n: (service not in n, n)
    )
    return [importlib.import_module(f"halcyon.{service}.{package}.{name}_pb2") for name in names]


def subjects_of(service: str) -> frozenset[str]:
    """What a service listens to."""
    subjects: frozenset[str] = importlib.import_module(f"services.{service}.handlers").on.subjects
    return subjects


def routes() -> Iterator[Route]:
    """Every fact of the platform, in the order of the services and their contracts."""
    hearing = {name: importlib.import_module(f"services.{name}.handlers").on for name in SERVICES}
    for service in SERVICES:
        spoken = _names_in(ROOT / "services" / service)
        for fact in facts_of(service):
            heard = tuple(
                (name, on[fact.full_name].handle.__name__)
                for name, on in hearing.items()
                if fact.full_name in on.subjects
            )
            yield Route(fact, fact.name in spoken, heard)


def _names_in(folder: Path) -> set[str]:
    """Names that wire.py uses: a fact that is never built there is never stated."""
    files = [*folder.glob("wire.py"), *folder.glob("wire/**/*.py")]
    trees = [ast.walk(ast.parse(file.read_text())) for file in files]
    return {
        node.attr if isinstance(node, ast.Attribute) else node.id
        for tree in trees
        for node in tree
        if isinstance(node, ast.Attribute | ast.Name)
    }


def table() -> str:
    """The map as Markdown."""
    lines = ["| fact | stated by | heard by |", "|---|---|---|"]
    for route in routes():
        service = route.fact.full_name.split(".")[1]
        heard = ", ".join(f"{name} `{handler}`" for name, handler in route.heard) or "partners"
        lines.append(f"| `{route.fact.name}` | {service} | {heard} |")
    return "\n".join(lines) + "\n"


def _with_map(text: str) -> str:
    before, rest = text.split(START)
    return before + START + table() + END + rest.split(END)[1]


if __name__ == "__main__":
    written = README.read_text()
    if sys.argv[1] == "write":
        print(table())
        README.write_text(_with_map(written))
    elif written != _with_map(written):
        sys.exit("The map of facts in README.md is not what the code says; run `make map`.")
