"""The ids that a message or a row names; where they may stand is found once for each kind."""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from sqlmodel import SQLModel

from chassis.parts import parts, within

_WHOSE = frozenset({"clinic_id", "patient_id", "referral_id"})
_NOT_TOLD = frozenset({"request_id", "event_id", "trace_id"})


def ids(message: Message) -> Iterator[tuple[FieldDescriptor, Any]]:
    """Every id in a message, and its field."""
    for described in _naming(message.DESCRIPTOR):
        if described.has_presence and not message.HasField(described.name):
            continue
        for one in parts(described, getattr(message, described.name)):
            if described.message_type:
                yield from ids(one)
            elif one:
                yield described, one


def whose(message: Message) -> Iterator[tuple[str, str]]:
    """The own id of each thing in a message, and whose it is."""
    for described, value in ids(message):
        if described.number == 1 or described.name in _WHOSE:
            yield described.name, value


@cache
def columns(row: type[SQLModel]) -> Sequence[str]:
    """The columns of a table that hold ids."""
    return [name for name in row.model_fields if name.endswith("_id") and name not in _NOT_TOLD]


@cache
def _naming(of: Descriptor) -> Sequence[FieldDescriptor]:
    """The fields where ids may stand, in order; readings and the like are not looked through."""
    fields = sorted(of.fields, key=lambda one: one.number)
    return [one for one in fields if any(map(_is_id, _names(one)))]


def _names(field: FieldDescriptor) -> Iterator[str]:
    yield field.name
    for kind in within(field.message_type) if field.message_type else ():
        yield from kind.fields_by_name


def _is_id(name: str) -> bool:
    return name.endswith(("_id", "_ids")) and name not in _NOT_TOLD
