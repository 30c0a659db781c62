"""One call on its way in: what was asked, of which method, and how it ended."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

import grpc
from google.protobuf.message import Message

from chassis.refusal import Refusal

Reply = TypeVar("Reply")


@dataclass(frozen=True, slots=True)
class Method:
    """What is known of a method before anyone calls it."""

    name: str
    roles: frozenset[str] | None
    parse: Callable[[bytes], Message]
    streams_requests: bool
    streams_replies: bool
    reads: bool = False
    """Its contract says that it changes nothing."""
    purpose: str = "TREAT"
    """Why its contract says that it is called, after HL7 v3 PurposeOfUse."""

    @property
    def domain(self) -> str:
        """Whose reasons its errors carry: `halcyon.referral`."""
        return ".".join(self.name.split(".")[:2])

    @property
    def unary(self) -> bool:
        """One request, one reply."""
        return not (self.streams_requests or self.streams_replies)


@dataclass(slots=True)
class Call:
    """One call; the request is bytes until validation has read it."""

    method: Method
    context: "grpc.aio.ServicerContext[Any, Any]"
    request: bytes | Message | AsyncIterator[bytes] | AsyncIterator[Message]
    metadata: Mapping[str, str | bytes]
    status: str = "OK"
    witness: Callable[[Message], Awaitable[None]] | None = None
    """Told of each message of a stream before the caller is."""

    def header(self, name: str) -> str:
        """One header of the call, '' when absent."""
        value = self.metadata.get(name, "")
        return value if isinstance(value, str) else ""


Answer: TypeAlias = Callable[[Call], Awaitable[Any]]
Middleware: TypeAlias = Callable[[Call, Answer], Awaitable[Any]]


async def within(seconds: float, work: Awaitable[Reply], otherwise: Refusal) -> Reply:
    """Finish the work in time, or refuse; a timeout inside the work stays its own."""
    try:
        async with asyncio.timeout(seconds) as limit:
            return await work
    except TimeoutError:
        if limit.expired():
            raise otherwise from None
        raise
