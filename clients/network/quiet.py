"""Whether a network has finished what was asked of it: nothing to publish, to hear or to do."""

import asyncio
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Protocol

import asyncpg
import nats
from nats.aio.client import Client
from nats.js.errors import NotFoundError, ServiceUnavailableError

from chassis.papers import Papers

_STREAM = "HALCYON"
_POLL = 0.05
_WAITING = """
SELECT (SELECT count(*) FROM outbox WHERE published_at IS NULL)
     + (SELECT count(*) FROM errand) + (SELECT count(*) FROM due WHERE due_at <= now())
"""


class Broker(Protocol):
    """Where the facts are, and who we are there; a broker without accounts asks for nobody."""

    @property
    def url(self) -> str:
        """Where it is."""
        ...

    @property
    def credentials(self) -> Path | None:
        """Our .creds file."""
        ...

    @property
    def papers(self) -> Papers | None:
        """Papers of the authority that signed the broker's; None where it speaks no TLS."""
        ...


async def dial(broker: Broker) -> Client:
    """A connection of our own."""
    us, tls = broker.credentials, broker.papers and broker.papers.dialling()
    return await nats.connect(broker.url, user_credentials=str(us) if us else None, tls=tls)


async def settle(databases: Mapping[str, str], server: Broker, patience: float) -> bool:
    """Wait until two looks in a row find nothing in motion and nothing new in the stream."""
    until = time.monotonic() + patience
    connections = {name: await asyncpg.connect(url) for name, url in databases.items()}
    broker = await dial(server)
    try:
        before = -1
        while time.monotonic() < until:
            now = await _look(connections, broker)
            if now >= 0 and now == before:
                return True
            before = now
            await asyncio.sleep(_POLL)
        return False
    finally:
        await broker.close()
        for connection in connections.values():
            await connection.close()


async def _look(connections: Mapping[str, asyncpg.Connection], broker: Client) -> int:
    """The last sequence of the stream when all is at rest, -1 otherwise."""
    for connection in connections.values():
        if await connection.fetchval(_WAITING):
            return -1
    try:
        if await _unheard(connections, broker):
            return -1
        return int((await broker.jetstream().stream_info(_STREAM)).state.last_seq)
    except (ServiceUnavailableError, TimeoutError):  # a cluster that is choosing its leader
        return -1


async def _unheard(services: Iterable[str], broker: Client) -> int:
    waiting = 0
    for service in services:
        try:
            heard = await broker.jetstream().consumer_info(_STREAM, service)
        except NotFoundError:
            continue
        waiting += (heard.num_pending or 0) + (heard.num_ack_pending or 0)
    return waiting
