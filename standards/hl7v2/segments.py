"""A message as segments with fields, parsed and held against its structure by hl7apy."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from hl7apy.exceptions import HL7apyException
from hl7apy.parser import parse_message
from hl7apy.validation import Validator

from standards.problems import DocumentError, Findings, Problem

VERSIONS: Final = ("2.5", "2.5.1")
_MOST: Final = 3_000
"""Separators in a message: the parser takes up to a tenth of a millisecond for each."""
_DELIMITERS: Final = "|^~\\&"
_ESCAPES: Final = {"F": "|", "S": "^", "T": "&", "R": "~", "E": "\\"}
_ESCAPE: Final = re.compile(r"\\([FSTRE])\\")
_STRUCTURAL: Final = re.compile(r"(?:Missing required child|Child limit exceeded) [A-Z0-9_.]{1,80}")
_CHARACTERS: Final = {"", "ASCII", "UNICODE UTF-8"}


class Hl7Error(DocumentError):
    """The message is no referral."""

    kind = "HL7 v2"


findings = partial(Findings, Hl7Error)


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment: of each field its repetitions, of each of those its components."""

    path: str
    fields: dict[int, list[list[str]]]

    def all(self, field: int) -> Sequence[Sequence[str]]:
        """The repetitions of a field."""
        return self.fields.get(field, [])

    def text(self, field: int, component: int = 1) -> str:
        """A component of the first repetition; '' when it is absent."""
        repetitions = self.all(field)
        return part(repetitions[0], component) if repetitions else ""


def part(components: Sequence[str], number: int) -> str:
    """One component, of which the first subcomponent counts; the null of HL7 is nothing."""
    found = components[number - 1] if len(components) >= number else ""
    return "" if found == '""' else found.strip()


@dataclass(frozen=True, slots=True)
class Parsed:
    """A message of the structure that we read."""

    segments: tuple[Segment, ...]

    def of(self, name: str) -> list[Segment]:
        """The segments of a name, in order."""
        return [one for one in self.segments if one.path.partition("[")[0] == name]

    def one(self, name: str) -> Segment:
        """The first of a name, or an empty one."""
        return next(iter(self.of(name)), Segment(name, {}))


def parsed(document: bytes) -> Parsed:
    """The message; refused when it is no REF^I12 of a version that we read."""
    text = _text(document)
    _must_be_readable(text)
    try:
        message = parse_message(text)
        _must_be_structured(partial(Validator.validate, message))
        return Parsed(tuple(_segments(message, {})))
    except (HL7apyException, AttributeError, LookupError, TypeError, ValueError) as fault:
        if isinstance(fault, Hl7Error):
            raise
        raise _refused("MSH", "is not a message of the structure REF_I12") from None


def first(document: bytes, name: str) -> Segment:
    """The first segment of a name in a message that was read before: no parser is needed."""
    lines = (line for line in _text(document).split("\r") if line.startswith(f"{name}|"))
    fields = next(lines, name).split("|")[1:]
    told = {at: [_components(one) for one in text.split("~")] for at, text in enumerate(fields, 1)}
    return Segment(name, told)


def _text(document: bytes) -> str:
    try:
        text = document.decode()
    except UnicodeDecodeError:
        raise _refused("MSH-18", "only UTF-8 is read") from None
    return "\r".join(line for line in re.split(r"[\r\n]+", text.strip("\x0b\x1c\r\n ")) if line)


def _must_be_readable(text: str) -> None:
    """Before the parser, which is slow, sees any of it."""
    head = text.partition("\r")[0].split("|")
    if head[0] != "MSH" or text[3:8] != _DELIMITERS:
        raise _refused("MSH", f"the message begins with MSH{_DELIMITERS}")
    kind, version = (head[at] if len(head) > at else "" for at in (8, 11))
    if kind.split("^")[:2] != ["REF", "I12"]:
        raise _refused("MSH-9", "only REF^I12 is read")
    if version.split("^")[0] not in VERSIONS:
        raise _refused("MSH-12", f"only the versions {', '.join(VERSIONS)} are read")
    if (head[17] if len(head) > 17 else "") not in _CHARACTERS:
        raise _refused("MSH-18", "only UTF-8 is read")
    if sum(map(text.count, "|^~&\r")) > _MOST:
        raise _refused("MSH", f"more than {_MOST} fields and components")


def _must_be_structured(validate: Callable[[], Any]) -> None:
    """The validator's own text is passed on only where it names an element, never a value."""
    try:
        validate()
    except HL7apyException as fault:
        told = _STRUCTURAL.fullmatch(str(fault))
        raise _refused("MSH", told[0] if told else "is not of the structure REF_I12") from None


def _segments(parent: Any, seen: dict[str, int]) -> Sequence[Segment]:
    found: list[Segment] = []
    for child in parent.children:
        if child.classname == "Group":
            found += _segments(child, seen)
            continue
        number = seen[child.name] = seen.get(child.name, 0) + 1
        fields: dict[int, list[list[str]]] = {}
        for field in child.children:
            text = field.to_er7()
            fields.setdefault(int(field.name.rpartition("_")[2]), []).append(_components(text))
        found.append(Segment(f"{child.name}[{number}]", fields))
    return found


def _components(text: str) -> list[str]:
    return [_unescaped(one.partition("&")[0]) for one in text.split("^")]


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda match: _ESCAPES[match[1]], text)


def _refused(path: str, message: str) -> Hl7Error:
    return Hl7Error((Problem(path, message),))
