"""YAML that remembers its lines, so that a fault in a pack is named by the line it stands in."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml

T = TypeVar("T")
Node = Mapping[str, Any]

_LINE = "__line__"


class PackBroken(ValueError):
    """A pack file that must not be used; the message says the file, the line and the fault."""


class _Lined(yaml.SafeLoader):
    """A loader whose mappings know where they stand."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """The mapping, with the line of its first key."""
        return {**super().construct_mapping(node, deep=deep), _LINE: node.start_mark.line + 1}


def rows(path: Path, name: str, read: Callable[[Node], T]) -> tuple[T, ...]:
    """Every row of one list in a file, read by `read`; the first fault ends it."""
    file = yaml.load(path.read_text("utf-8"), Loader=_Lined)  # noqa: S506 - it is a SafeLoader
    return tuple([_row(path, row, read) for row in file[name]])


def numbered(node: Node, name: str) -> int:
    """A whole number, not negative, that says where it comes from."""
    told = part(node, name)
    value = told.get("number", 0)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise fault(told, f"{name}: must be a whole number, not negative")
    sourced(told, name)
    return value


def part(node: Node, name: str) -> Node:
    """A mapping inside a mapping."""
    if not isinstance(node.get(name), dict):
        raise fault(node, f"{name}: is missing")
    inner: Node = node[name]
    return inner


def sourced(node: Node, name: str) -> None:
    """A number without a source is no rule."""
    source = node.get("source")
    if not (isinstance(source, str) and source.strip()):
        raise fault(node, f"{name}: says no source")


def named(node: Node) -> dict[str, Any]:
    """A mapping without our own mark."""
    return {name: value for name, value in node.items() if name != _LINE}


def fault(node: Node, words: str) -> PackBroken:
    """What is wrong, and where."""
    return PackBroken(f"line {node.get(_LINE, '?')}: {words}")


def _row(path: Path, row: Node, read: Callable[[Node], T]) -> T:
    try:
        return read(row)
    except PackBroken as broken:
        raise PackBroken(f"{path.name} {broken}") from None
    except (KeyError, TypeError, ValueError, AttributeError) as broken:
        where = row.get(_LINE, "?") if isinstance(row, dict) else "?"
        raise PackBroken(f"{path.name} line {where}: not the form of a rule: {broken}") from broken
