"""One delivery understood: its fact, its place in the stream, and what it may be refused for."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid5

from google.protobuf.message import DecodeError, Message

from chassis.facts import NAMESPACE, Identity, identity
from chassis.puller import Delivery
from chassis.refusal import Reject
from chassis.subscriptions import Subscription, Subscriptions

_HEADER = re.compile(r"([^\r\n:]+): *([^\r\n]*)\r\n")


@dataclass(slots=True, eq=False)
class Heard:
    """A message on its way to its handler."""

    subject: str
    reply: str
    data: bytes
    block: str
    """Its headers as they came."""
    stream: str
    stream_seq: int
    delivered: int
    about: Identity = field(init=False)
    """What the message says it is, once that was found true."""
    fact: Message = field(init=False)
    subscription: Subscription = field(init=False)

    @property
    def headers(self) -> dict[str, str]:
        """All of them, which is wanted only when it is put aside."""
        return dict(_HEADER.findall(self.block))

    @property
    def traceparent(self) -> str:
        """The trace of whoever stated the fact."""
        return self._header("traceparent") or ""

    def understand(self, on: Subscriptions) -> None:
        """Decode, and see that the message is what it says it is."""
        self.subscription = on[self.subject]
        if self._header("ce-type") not in (self.subject, None):
            raise Reject("type")
        try:
            self.fact = self.subscription.fact.FromString(self.data)
        except DecodeError:
            raise Reject("undecodable") from None
        about = identity(self.fact)
        if self._header("Nats-Msg-Id") != str(about.event_id):
            raise Reject("event id")
        self.about = about

    @property
    def event_id(self) -> UUID:
        """The id of a fact that was understood."""
        return self.about.event_id

    @property
    def parking_id(self) -> UUID:
        """The event's id if it is known to be its own, else one made of its place."""
        named: Any = getattr(self, "event_id", None)
        return named or uuid5(NAMESPACE, f"{self.stream}/{self.stream_seq}")

    def _header(self, name: str) -> str | None:
        _, found, rest = self.block.rpartition(f"\r\n{name}:")
        return rest.partition("\r\n")[0].lstrip(" ") if found else None


def heard(delivery: Delivery) -> Heard:
    """Read the place from the reply subject, in its old form or the one with a domain."""
    tokens = delivery.reply.split(".")
    at = 4 if len(tokens) > 9 else 2
    return Heard(
        delivery.subject,
        delivery.reply,
        delivery.data,
        (delivery.headers or b"").decode("utf-8", "replace"),
        stream=tokens[at],
        stream_seq=int(tokens[at + 3]),
        delivered=int(tokens[at + 2]),
    )


def block(headers: Mapping[str, str]) -> str:
    """Headers as they stand on the wire."""
    return "".join([f"\r\n{name}: {value}" for name, value in headers.items()]) + "\r\n"
