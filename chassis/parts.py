"""What stands in a message: the messages in its fields, and every kind that may be in it."""

from collections.abc import Iterable, Mapping
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor


def parts(field: FieldDescriptor, value: Any) -> Iterable[Any]:
    """One, many or mapped: the values in a field that is set."""
    if not field.is_repeated:
        return (value,)
    return value.values() if isinstance(value, Mapping) else value


def within(of: Descriptor) -> set[Descriptor]:
    """The message and every message that may stand in it, at any depth."""
    found, left = {of}, [of]
    while left:
        kinds = {field.message_type for field in left.pop().fields if field.message_type}
        left += kinds - found
        found |= kinds
    return found
