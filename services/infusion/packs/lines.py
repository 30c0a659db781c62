"""A YAML file as plain values that know on which line each of them stands."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

Path = tuple[str | int, ...]


class PackBroken(ValueError):
    """A pack file that must not be used; the message says on which line it is wrong."""


@dataclass(frozen=True)
class Lines:
    """A file's values, and the line of each by its path."""

    values: Mapping[str, Any]
    lines: Mapping[Path, int] = field(repr=False)

    def broken(self, path: Path, message: str) -> PackBroken:
        """The complaint about what stands at a path, or about the nearest thing around it."""
        near = path
        while near and near not in self.lines:
            near = near[:-1]
        place = ".".join(map(str, path))
        return PackBroken(f"line {self.lines.get(near, 1)}: {place}: {message}")


def parse(text: str) -> Lines:
    """Read a file; what is no YAML at all is no pack."""
    try:
        tree, values = yaml.compose(text, yaml.SafeLoader), yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise PackBroken(str(error)) from error
    lines: dict[Path, int] = {}
    _walk(tree, (), lines)
    if not isinstance(values, dict):
        raise PackBroken("line 1: a pack is a mapping")
    return Lines(values, lines)


def _walk(node: Any, path: Path, lines: dict[Path, int]) -> None:
    lines[path] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            _walk(value, (*path, key.value), lines)
            lines[*path, key.value] = key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            _walk(value, (*path, index), lines)
