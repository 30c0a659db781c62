"""The gRPC server: our methods behind the middleware, health, reflection, limits, a calm end."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from chassis import shown
from chassis.config import Settings
from chassis.database import Database
from chassis.interceptors import Edge, middleware
from chassis.papers import guard
from chassis.tokens import Tokens

_MAX_REQUEST = 1024 * 1024
_MAX_AT_ONCE = 512
"""Calls of one connection at a time; a client keeps the rest until one ends. A call that is asked
and taken back counts until we have seen it: nobody can put ten thousand before the others'."""
_MAX_WAITING = 10_000
"""Calls of all before we look at them: who finds us full is told so by us, with a time to come
again. Beyond it gRPC cuts calls off without a word."""
_OPTIONS = (
    ("grpc.so_reuseport", 0),
    ("grpc.max_receive_message_length", _MAX_REQUEST),
    ("grpc.max_concurrent_streams", _MAX_AT_ONCE),
    # Would turn away, by chance and without a word, those who keep to what they were told.
    ("grpc.http.overload_protection", 0),
    ("grpc.server.max_pending_requests", _MAX_WAITING),
    ("grpc.server.max_pending_requests_hard_limit", 2 * _MAX_WAITING),
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
)


@dataclass(frozen=True)
class Server:
    """A server that is answering at `address`."""

    address: str
    _grpc: grpc.aio.Server
    _health: health.aio.HealthServicer

    async def drain(self, grace: float) -> None:
        """Say so, take nothing new, finish what was begun within the grace."""
        await self._health.enter_graceful_shutdown()
        await self._grpc.stop(grace)


async def serve(
    settings: Settings,
    add_servicers: Callable[[grpc.aio.Server], None],
    service_names: Sequence[str],
    db: Database | None = None,
) -> Server:
    """Answer at the settings' address; port 0 asks the system for a free one."""
    room = settings.max_calls, settings.max_streams
    edge = Edge(middleware(Tokens(settings), room, db))
    server = grpc.aio.server(interceptors=[edge], options=_OPTIONS)
    add_servicers(server)
    state = await _add_health(server, service_names)
    reflected = (*service_names, health.SERVICE_NAME, reflection.SERVICE_NAME)
    reflection.enable_server_reflection(reflected, server)
    port = _open(server, settings)
    await server.start()
    return Server(f"{settings.listen.rpartition(':')[0]}:{port}", server, state)


def _open(server: grpc.aio.Server, settings: Settings) -> int:
    """With papers, only to those who show papers too."""
    guard(settings.listen, settings.papers)
    if papers := settings.papers:
        return server.add_secure_port(settings.listen, shown.credentials(papers))
    return server.add_insecure_port(settings.listen)


async def _add_health(server: grpc.aio.Server, names: Sequence[str]) -> health.aio.HealthServicer:
    state = health.aio.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(state, server)
    for name in names:
        await state.set(name, health_pb2.HealthCheckResponse.SERVING)
    return state
