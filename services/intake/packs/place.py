"""A place in a pack file, which knows its line: what is wrong is told where it stands."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import yaml

_LONGEST, _DEEPEST = 400_000, 12
_WHOLE = re.compile(r"\d{1,9}")
_DECIMAL = re.compile(r"\d{1,6}(\.\d{1,6})?")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a pack."""

    line: int
    path: str
    description: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.path}: {self.description}"


class PackBroken(ValueError):
    """A pack file that must not be used; each fault says on which line."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__("; ".join(map(str, faults)))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Place:
    """A node of the file and the way to it."""

    node: yaml.Node
    path: str
    key: yaml.Node | None = None

    @property
    def line(self) -> int:
        """Where it begins, counted from 1."""
        return _line(self.node.start_mark)

    def fault(self, description: str) -> Fault:
        """Something that is wrong here."""
        return Fault(self.line, self.path, description)

    def broken(self, description: str) -> PackBroken:
        """Something that is wrong here and leaves nothing to read on."""
        return PackBroken(self.fault(description))

    def entries(self) -> Mapping[str, "Place"]:
        """The parts of a mapping by name; the same name twice is a contradiction."""
        if not isinstance(self.node, yaml.MappingNode):
            raise self.broken("must be a mapping")
        found: dict[str, Place] = {}
        for key, value in self.node.value:
            here = Place(key, f"{self.path}.{getattr(key, 'value', '?')}".lstrip("."))
            name = here.word()
            if name in found:
                raise here.broken("is said twice")
            found[name] = Place(value, here.path, key)
        return found

    def fields(self, *needed: str, optional: Collection[str] = ()) -> Mapping[str, "Place"]:
        """The entries of a mapping that must have these and may have those."""
        found = self.entries()
        for name, place in found.items():
            if name not in needed and name not in optional:
                raise Place(place.key or place.node, place.path).broken("is not known here")
        if missing := [name for name in needed if name not in found]:
            raise self.broken(f"lacks {', '.join(missing)}")
        return found

    def items(self) -> Iterator["Place"]:
        """The parts of a list."""
        if not isinstance(self.node, yaml.SequenceNode):
            raise self.broken("must be a list")
        for number, node in enumerate(self.node.value):
            yield Place(node, f"{self.path}[{number}]")

    def word(self) -> str:
        """A text that is not empty."""
        if not isinstance(self.node, yaml.ScalarNode) or not self.node.value.strip():
            raise self.broken("must be a text")
        return str(self.node.value)

    def words(self) -> tuple[str, ...]:
        """A list of texts."""
        return tuple(item.word() for item in self.items())

    def whole(self, lowest: int = 1) -> int:
        """A whole number."""
        word = self.word()
        if not _WHOLE.fullmatch(word) or int(word) < lowest:
            raise self.broken(f"must be a whole number from {lowest}")
        return int(word)

    def wholes(self, lowest: int = 1) -> tuple[int, ...]:
        """A list of whole numbers."""
        return tuple(item.whole(lowest) for item in self.items())

    def sourced(self, *needed: str, optional: Collection[str] = ()) -> Mapping[str, "Place"]:
        """Fields of something that says where it comes from."""
        found = self.fields(*needed, "source", optional=optional)
        found["source"].word()
        return found

    def number(self, unit: str, per_unit: int = 1, lowest: int = 1) -> int:
        """A number with its UCUM unit and source, as a whole count of a part of that unit."""
        exact = self.exact(unit) * per_unit
        if exact.denominator != 1 or exact < lowest:
            raise self.broken(f"must be at least {Fraction(lowest, per_unit)} and no finer")
        return int(exact)

    def count(self, lowest: int = 1) -> int:
        """A sourced count; it has no unit."""
        return self.sourced("value")["value"].whole(lowest)

    def exact(self, unit: str) -> Fraction:
        """A number with its UCUM unit and source, exactly."""
        found = self.sourced("value", "unit")
        if found["unit"].word() != unit:
            raise found["unit"].broken(f"must be {unit}")
        word = found["value"].word()
        if not _DECIMAL.fullmatch(word):
            raise found["value"].broken("must be a number")
        return Fraction(word)


def parsed(text: str) -> Place:
    """The root of a file's text, without aliases and not too deep."""
    try:
        _shape(text)
        root = yaml.compose(text, yaml.CSafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = min(_line(mark), text.count("\n") + 1) if mark else 1
        raise PackBroken(Fault(line, "", "is not YAML")) from None
    if root is None:
        raise PackBroken(Fault(1, "", "is empty"))
    return Place(root, "")


def _shape(text: str) -> None:
    """What could cost more than reading it is refused before it is built."""
    if len(text) > _LONGEST:
        raise PackBroken(Fault(1, "", f"is longer than {_LONGEST} characters"))
    depth = 0
    for event in yaml.parse(text, yaml.CSafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > _DEEPEST or isinstance(event, yaml.AliasEvent):
            raise PackBroken(Fault(_line(event.start_mark), "", "is too deep or an alias"))


def _line(mark: Any) -> int:
    return int(mark.line) + 1
