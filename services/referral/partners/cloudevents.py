"""One message of a partner as a CloudEvent 1.0, in binary or structured mode (NATS binding)."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import unquote_to_bytes

from chassis.refusal import Invalid

_STRUCTURED = "application/cloudevents"
_JSON = "application/cloudevents+json"
_REQUIRED = ("specversion", "id", "source", "type")
_LONGEST = 256


@dataclass(frozen=True, slots=True)
class Event:
    """What was said, by whom in the partner's house, and how it is written."""

    id: str
    source: str
    type: str
    subject: str
    format: str
    data: bytes

    @property
    def digest(self) -> bytes:
        """Of everything that could change its meaning: a repeat has the same, in either mode."""
        parts = (self.type, self.subject, self.format)
        head = b"\0".join(part.encode() for part in parts)
        return sha256(head + b"\0" + self.data).digest()


def read(headers: Mapping[str, str], payload: bytes) -> Event:
    """The event in a message; refused with what it lacks."""
    named = {name.lower(): value for name, value in headers.items()}
    kind = named.get("content-type", "")
    if not kind.startswith(_STRUCTURED):
        return _binary(named, kind, payload)
    if kind.partition(";")[0].strip() != _JSON:
        raise Invalid("FORMAT_UNKNOWN", f"Of structured events only {_JSON} is read.")
    return _structured(payload)


def identity(headers: Mapping[str, str], payload: bytes) -> tuple[str, str]:
    """Source and id as far as they can be made out, to name them in a rejection."""
    try:
        event = read(headers, payload)
    except Invalid:
        found = {name.lower(): value for name, value in headers.items()}
        return found.get("ce-source", "")[:_LONGEST], found.get("ce-id", "")[:_LONGEST]
    return event.source, event.id


def _binary(headers: Mapping[str, str], kind: str, payload: bytes) -> Event:
    told = {
        name.removeprefix("ce-"): _decoded(value)
        for name, value in headers.items()
        if name.startswith("ce-")
    }
    told.setdefault("datacontenttype", kind)
    return _event(told, payload)


def _structured(payload: bytes) -> Event:
    try:
        told = json.loads(payload)
    except (ValueError, RecursionError):
        raise Invalid("EVENT_UNREADABLE", "The event is not JSON.") from None
    if not isinstance(told, dict):
        raise Invalid("EVENT_UNREADABLE", "The event is not a JSON object.")
    return _event(told, _data(told))


def _data(told: Mapping[str, Any]) -> bytes:
    if "data_base64" in told:
        try:
            return base64.b64decode(told["data_base64"], validate=True)
        except (ValueError, TypeError):
            raise Invalid("EVENT_UNREADABLE", "data_base64 is not base64.") from None
    data = told.get("data")
    if isinstance(data, str):
        return data.encode()
    return json.dumps(data, separators=(",", ":"), sort_keys=True).encode()


def _event(told: Mapping[str, Any], data: bytes) -> Event:
    for name in _REQUIRED:
        if not isinstance(told.get(name), str) or not told[name]:
            raise Invalid("ATTRIBUTE_MISSING", f"The attribute {name} is required.")
    for name in (*_REQUIRED, "subject", "datacontenttype"):
        value = told.get(name, "")
        if not isinstance(value, str) or len(value) > _LONGEST or "\0" in value:
            raise Invalid("ATTRIBUTE_INVALID", f"The attribute {name} is too long or no text.")
    if told["specversion"] != "1.0":
        raise Invalid("SPECVERSION_UNKNOWN", "Only CloudEvents 1.0 is read.")
    written = told.get("datacontenttype") or "application/json"
    kind = written.partition(";")[0].strip().lower()
    return Event(told["id"], told["source"], told["type"], told.get("subject") or "", kind, data)


def _decoded(value: str) -> str:
    try:
        return unquote_to_bytes(value).decode()
    except UnicodeDecodeError:
        raise Invalid("ATTRIBUTE_INVALID", "An attribute is not percent-encoded UTF-8.") from None
