"""What a screen at the bedside sees as it comes."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from grpc.aio import AioRpcError

from clients.sdk import Halcyon
from clients.sdk.errors import typed
from halcyon.infusion.v1 import monitoring_calls_pb2 as monitoring
from halcyon.infusion.v1.monitoring_pb2 import Alert


async def watching(
    watcher: Halcyon, session_id: str
) -> AsyncGenerator[monitoring.WatchSessionResponse, None]:
    """How a session stands, and then every reading, alert and move until it is over."""
    call = watcher.infusion.WatchSession(monitoring.WatchSessionRequest(session_id=session_id))
    try:
        async for told in call:
            yield told
    except AioRpcError as fault:
        raise typed(fault) from None
    finally:
        call.cancel()


async def alerts(watcher: Halcyon, session_id: str) -> AsyncGenerator[Alert, None]:
    """The alerts of a session as they come."""
    async with aclosing(watching(watcher, session_id)) as news:
        async for told in news:
            if told.HasField("alert"):
                yield told.alert
