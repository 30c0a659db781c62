"""A request is read strictly: bytes, known fields, then the rules in its contract."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from typing import Any, cast

import protovalidate
from google.protobuf.message import DecodeError, Message
from google.protobuf.unknown_fields import UnknownFieldSet

from chassis.calls import Answer, Call
from chassis.refusal import Invalid, Violation
from chassis.sound import unsound

_REASON = "INVALID_REQUEST"
_MESSAGE = "The request does not satisfy its contract."


async def validation(call: Call, answer: Answer) -> Any:
    """Nothing behind this point sees a message that its contract does not allow."""
    if call.method.streams_requests:
        call.request = _each(call.method.parse, cast("AsyncIterator[bytes]", call.request))
    else:
        call.request = read(call.method.parse, cast("bytes", call.request))
    return await answer(call)


async def _each(
    parse: Callable[[bytes], Message], stream: AsyncIterator[bytes]
) -> AsyncIterator[Message]:
    async for data in stream:
        yield read(parse, data)


def read(parse: Callable[[bytes], Message], data: bytes) -> Message:
    """The message in the bytes, or every fault in it."""
    try:
        message = parse(data)
    except DecodeError:
        raise Invalid("MALFORMED_REQUEST", "The request cannot be decoded.") from None
    if _has_unknown(message):
        faults = tuple(_unknown(parse(data), ""))
        raise Invalid("UNKNOWN_FIELDS", "The request has fields nobody knows.", faults)
    if faults := unsound(message, data):
        raise Invalid("INVALID_REQUEST", "The request holds what nobody can keep.", faults)
    if broken := protovalidate.collect_violations(message):
        faults = tuple(Violation(_path(one), one.proto.message) for one in broken)
        raise Invalid("INVALID_REQUEST", "The request breaks the rules of its contract.", faults)
    return message


def _has_unknown(message: Message) -> bool:
    """A field of the wrong wire type is unknown too, so it cannot slip by as absent."""
    size = message.ByteSize()
    message.DiscardUnknownFields()
    return message.ByteSize() != size


def _unknown(message: Message, path: str) -> Iterator[Violation]:
    fields = UnknownFieldSet(message)
    for index in range(len(fields)):
        number = f"{path}{fields[index].field_number}"
        yield Violation(number, "Unknown field, or known by another type.")
    for field, value in message.ListFields():
        if field.message_type is not None:
            for name, part in _parts(field.name, value):
                yield from _unknown(part, f"{path}{name}.")


def _parts(name: str, value: Any) -> Iterator[tuple[str, Message]]:
    if isinstance(value, Message):
        yield name, value
    elif isinstance(value, Mapping):
        yield from ((f"{name}[]", part) for part in value.values() if isinstance(part, Message))
    else:
        yield from ((f"{name}[{index}]", part) for index, part in enumerate(value))


def _path(violation: protovalidate.Violation) -> str:
    """Where in the request, as its author would write it; a map's key stays unsaid."""
    path = violation.proto.field
    return ".".join(_element(element) for element in path.elements) if path else ""


def _element(element: protovalidate.FieldPathElementPb) -> str:
    match element.subscript:
        case None:
            return element.field_name
        case subscript if subscript.field == "index":
            return f"{element.field_name}[{subscript.value}]"
        case _:
            return f"{element.field_name}[]"
