"""A YAML file as plain values that know on which line each of them stands."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

Path = tuple[str | int, ...]
_LONGEST, _DEEPEST = 200_000, 8


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
        _shape(text)
        tree, values = yaml.compose(text, yaml.CSafeLoader), yaml.load(text, yaml.CSafeLoader)
    except (yaml.YAMLError, ValueError, TypeError) as error:
        if isinstance(error, PackBroken):
            raise
        raise PackBroken(
            f"line {_line(getattr(error, 'problem_mark', None))}: is not YAML"
        ) from None
    if not isinstance(values, dict):
        raise PackBroken("line 1: a pack is a mapping")
    lines: dict[Path, int] = {}
    _walk(tree, (), lines)
    return Lines(values, lines)


def _shape(text: str) -> None:
    """What could cost more than reading it is refused before it is built."""
    if len(text) > _LONGEST:
        raise PackBroken(f"line 1: is longer than {_LONGEST} characters")
    depth = 0
    for event in yaml.parse(text, yaml.CSafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST or isinstance(event, yaml.AliasEvent):
            raise PackBroken(f"line {_line(event.start_mark)}: is too deep or an alias")


def _line(mark: Any) -> int:
    return int(mark.line) + 1 if mark else 1


def _walk(node: Any, path: Path, lines: dict[Path, int]) -> None:
    lines[path] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            line, name = key.start_mark.line + 1, key.value
            if not isinstance(name, str) or (*path, name) in lines:
                raise PackBroken(f"line {line}: a name is no text, or is said twice")
            _walk(value, (*path, name), lines)
            lines[*path, name] = line
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            _walk(value, (*path, index), lines)
