"""A message as JSON Schema, by the JSON mapping of proto3.

Source: protobuf.dev/programming-guides/json.
"""

from collections.abc import Callable
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorSet

Schema = dict[str, Any]
Comments = dict[str, str]
"""By full name; what the contract says above each message and field."""

_WHOLE: Schema = {"type": "integer"}
_LARGE: Schema = {"type": "string", "pattern": "^-?[0-9]+$"}
_REAL: Schema = {"type": "number"}
_KINDS: dict[int, Schema] = {
    FieldDescriptor.TYPE_STRING: {"type": "string"},
    FieldDescriptor.TYPE_BYTES: {"type": "string", "contentEncoding": "base64"},
    FieldDescriptor.TYPE_BOOL: {"type": "boolean"},
    FieldDescriptor.TYPE_INT32: _WHOLE,
    FieldDescriptor.TYPE_SINT32: _WHOLE,
    FieldDescriptor.TYPE_UINT32: _WHOLE,
    FieldDescriptor.TYPE_INT64: _LARGE,
    FieldDescriptor.TYPE_SINT64: _LARGE,
    FieldDescriptor.TYPE_UINT64: _LARGE,
    FieldDescriptor.TYPE_DOUBLE: _REAL,
    FieldDescriptor.TYPE_FLOAT: _REAL,
}
_WELL_KNOWN: dict[str, Schema] = {
    "google.protobuf.Timestamp": {"type": "string", "format": "date-time"},
    "google.protobuf.Duration": {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?s$"},
}


def schema(message: Descriptor, comments: Comments, refer: Callable[[Descriptor], str]) -> Schema:
    """One message; those inside it are referred to."""
    return {
        "type": "object",
        "description": comments.get(message.full_name, ""),
        "properties": {field.json_name: _field(field, comments, refer) for field in message.fields},
        "additionalProperties": True,
    }


def inside(message: Descriptor) -> list[Descriptor]:
    """The messages of our own that it is made of, each once, nearest first."""
    found: dict[str, Descriptor] = {}
    waiting = [message]
    while waiting:
        for field in waiting.pop(0).fields:
            part = field.message_type
            if part and part.full_name not in _WELL_KNOWN and part.full_name not in found:
                found[part.full_name] = part
                waiting.append(part)
    return list(found.values())


def comments_of(contracts: FileDescriptorSet) -> Comments:
    """What stands above each top-level message and its fields."""
    said: Comments = {}
    for file in contracts.file:
        for location in file.source_code_info.location:
            path, text = tuple(location.path), " ".join(location.leading_comments.split())
            if text and path[0] == 4 and len(path) in (2, 4):
                message = file.message_type[path[1]]
                name = f"{file.package}.{message.name}"
                if len(path) == 2:
                    said[name] = text
                elif path[2] == 2:
                    said[f"{name}.{message.field[path[3]].name}"] = text
    return said


def _field(
    field: FieldDescriptor, comments: Comments, refer: Callable[[Descriptor], str]
) -> Schema:
    one = _kind(field, refer)
    whole = {"type": "array", "items": one} if field.is_repeated else one
    if "$ref" in whole:
        return {"allOf": [whole], "description": comments.get(field.full_name, "")}
    return whole | {"description": comments.get(field.full_name, "")}


def _kind(field: FieldDescriptor, refer: Callable[[Descriptor], str]) -> Schema:
    if message := field.message_type:
        return _WELL_KNOWN.get(message.full_name) or {"$ref": refer(message)}
    if enumeration := field.enum_type:
        return {"type": "string", "enum": [value.name for value in enumeration.values]}
    return _KINDS[field.type]
