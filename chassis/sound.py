"""What no contract needs to say: a text holds no NUL, a moment is one of ours."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message

from chassis.refusal import Violation

_MOMENT = "google.protobuf.Timestamp"
_SPAN = "google.protobuf.Duration"
_EARLIEST, _LATEST = -2_208_988_800, 7_258_118_400
"""1900 and 2200: between them every calendar and every time zone can say it."""
_LONGEST = 100 * 366 * 24 * 3600


def unsound(message: Message, data: bytes) -> tuple[Violation, ...]:
    """Every fault; most messages are cleared by a look at their bytes and their kind."""
    if b"\x00" not in data and not _tells_time(message.DESCRIPTOR):
        return ()
    return tuple(_faults(message, ""))


@cache
def _tells_time(kind: Descriptor, above: frozenset[str] = frozenset()) -> bool:
    if kind.full_name in {_MOMENT, _SPAN}:
        return True
    known = above | {kind.full_name}
    parts = [field.message_type for field in kind.fields if field.message_type is not None]
    return any(_tells_time(part, known) for part in parts if part.full_name not in known)


def _faults(message: Message, path: str) -> Iterator[Violation]:
    for field, value in message.ListFields():
        name = f"{path}{field.name}"
        for place, one in _each(name, value):
            if isinstance(one, Message):
                yield from _faults_in_part(one, place)
            elif isinstance(one, str) and "\x00" in one:
                yield Violation(place, "A text cannot hold the character NUL.")


def _faults_in_part(part: Any, place: str) -> Iterator[Violation]:
    kind = part.DESCRIPTOR.full_name
    if kind == _MOMENT:
        if not (_EARLIEST <= part.seconds < _LATEST and 0 <= part.nanos < 10**9):
            yield Violation(place, "A moment lies between the years 1900 and 2200.")
    elif kind == _SPAN:
        if abs(part.seconds) > _LONGEST or abs(part.nanos) >= 10**9:
            yield Violation(place, "A duration lasts a century at most.")
    else:
        yield from _faults(part, f"{place}.")


def _each(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Message | str | bytes | int | float):
        yield name, value
    elif isinstance(value, Mapping):
        yield from ((f"{name}[]", one) for pair in value.items() for one in pair)
    else:
        yield from ((f"{name}[{index}]", one) for index, one in enumerate(value))
