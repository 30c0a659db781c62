"""A gateway's stream: each message answered in its order, while later ones are already read."""

import asyncio
from collections.abc import AsyncIterator
from typing import TypeAlias
from uuid import UUID

from chassis.principal import Principal
from chassis.refusal import Busy, Invalid, Refusal
from halcyon.infusion.v1 import monitoring_calls_pb2 as calls
from services.infusion import wire
from services.infusion.api.monitor import Lot, Monitor

Answer: TypeAlias = "asyncio.Task[calls.StreamVitalsResponse]"
AHEAD = 64
"""Messages of one stream that may wait for their commit."""


async def answers(
    monitor: Monitor, requests: AsyncIterator[calls.StreamVitalsRequest], who: Principal
) -> AsyncIterator[calls.StreamVitalsResponse]:
    """One answer a message: it is durable now, or why it was not kept."""
    waiting: asyncio.Queue[Answer | None] = asyncio.Queue(AHEAD)
    reading = asyncio.create_task(_read(monitor, requests, who, waiting))
    try:
        while task := await waiting.get():
            yield await task
        await reading
    finally:
        reading.cancel()


async def _read(
    monitor: Monitor,
    requests: AsyncIterator[calls.StreamVitalsRequest],
    who: Principal,
    waiting: "asyncio.Queue[Answer | None]",
) -> None:
    """To the end of the stream, or to the message that its contract does not allow."""
    try:
        async for request in requests:
            await waiting.put(asyncio.create_task(_answer(monitor, request, who)))
    finally:
        await waiting.put(None)


async def _answer(
    monitor: Monitor, request: calls.StreamVitalsRequest, who: Principal
) -> calls.StreamVitalsResponse:
    """A message that is refused ends nothing: the gateway goes on with the next."""
    answer = calls.StreamVitalsResponse(sequence=request.sequence)
    try:
        lot = Lot(UUID(request.session_id), wire.readings(request.readings), who)
        answer.recorded_count = await monitor.do(lot)
    except Busy:
        raise
    except Refusal as refusal:
        answer.refusal_reason = refusal.reason
        if isinstance(refusal, Invalid):
            answer.refused_fields.extend(fault.field for fault in refusal.violations)
    return answer
