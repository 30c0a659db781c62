"""The minimum necessary: a reply without what the contract keeps from all of the caller's roles."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from chassis.parts import parts, within
from chassis.principal import roles_of
from halcyon.options.v1.options_pb2 import Data, data, shown_to

Reply = TypeVar("Reply", bound=Message)


class _Mask(NamedTuple):
    """What one kind of message loses, and the fields behind which something else loses some."""

    hidden: tuple[str, ...]
    leading: tuple[FieldDescriptor, ...]


def shown(reply: Reply, roles: frozenset[str]) -> Reply:
    """The reply itself, or a copy where something is left out."""
    if not any(_mask(reply.DESCRIPTOR, roles)):
        return reply
    copy = type(reply)()
    copy.CopyFrom(reply)
    _strip(copy, roles)
    return copy


def _strip(message: Message, roles: frozenset[str]) -> None:
    mask = _mask(message.DESCRIPTOR, roles)
    for name in mask.hidden:
        message.ClearField(name)
    for field, value in message.ListFields():
        if field in mask.leading:
            for part in parts(field, value):
                _strip(part, roles)


@lru_cache(maxsize=4096)
def _mask(of: Descriptor, roles: frozenset[str]) -> _Mask:
    hidden = tuple(_hidden(of, roles))
    leading = tuple(
        field
        for field in of.fields
        if field.name not in hidden
        and field.message_type is not None
        and any(any(_hidden(one, roles)) for one in within(field.message_type))
    )
    return _Mask(hidden, leading)


def _hidden(of: Descriptor, roles: frozenset[str]) -> Iterator[str]:
    kinds: Any = Data.DESCRIPTOR.values_by_number
    for field in of.fields:
        kind = kinds[field.GetOptions().Extensions[data]].GetOptions()
        if kind.HasExtension(shown_to) and not roles & roles_of(kind.Extensions[shown_to]):
            yield field.name
