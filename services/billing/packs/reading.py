"""From a YAML file straight to the domain's values; what is wrong is named with its line."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import TypeAdapter, ValidationError

T = TypeVar("T")


class PackBroken(ValueError):
    """A pack file that must not be used; the message says where it is wrong."""


def read(path: Path, name: str, kind: type[T]) -> tuple[T, ...]:
    """Every row below a name, each as one value of the domain."""
    text = path.read_text("utf-8")
    rows = yaml.safe_load(text)[name]
    try:
        values = TypeAdapter(tuple[kind, ...]).validate_python(rows)  # type: ignore[valid-type]
    except ValidationError as error:
        fault = error.errors()[0]
        line = _line(yaml.compose(text), (name, *fault["loc"]))
        raise PackBroken(f"{path.name}, line {line}: {fault['msg']}") from None
    for where in _unknown(values, rows, (name,)):
        line = _line(yaml.compose(text), where)
        raise PackBroken(f"{path.name}, line {line}: unknown field")
    return tuple(values)


def _line(node: Any, where: Sequence[Any]) -> int:
    """The line of the deepest part of the path that stands in the file."""
    line = int(node.start_mark.line) + 1
    for part in where:
        if isinstance(node, yaml.MappingNode):
            found = [(key, value) for key, value in node.value if key.value == part]
            if not found:
                return line
            line, node = found[0][0].start_mark.line + 1, found[0][1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            node = node.value[part]
            line = node.start_mark.line + 1
    return line


def _unknown(value: Any, row: Any, where: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    """Fields that the domain has no word for: most likely misspelt."""
    if isinstance(row, list):
        for number, (each, part) in enumerate(zip(value, row, strict=True)):
            yield from _unknown(each, part, (*where, number))
    elif isinstance(row, Mapping) and is_dataclass(value):
        known = {field.name for field in fields(value)}
        for name, part in row.items():
            if name not in known:
                yield (*where, name)
            else:
                yield from _unknown(getattr(value, name), part, (*where, name))
