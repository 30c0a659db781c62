"""Toy databases, and what a message looks like on the wire."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from chassis import outbox
from chassis.absence import BusAway
from chassis.bus import Bus
from chassis.consumers import STREAM
from chassis.database import Database
from chassis.embedded import Nats, Servers
from chassis.facts import identity
from chassis.migrate import upgrade
from chassis.publisher import Publisher
from chassis.puller import Delivery

MIGRATIONS = Path(__file__).parent / "migrations"


@pytest.fixture(scope="session")
async def toy_template(servers: Servers) -> str:
    servers.postgres.create_database("toy_template")
    postgres = servers.postgres
    as_service = postgres.service_url("toy_template", "toy")
    await upgrade(MIGRATIONS, postgres.url("toy_template"), service_url=as_service)
    return "toy_template"


@pytest.fixture
async def toy_url(servers: Servers, toy_template: str) -> str:
    name = f"toy_{uuid4().hex[:12]}"
    line = await asyncpg.connect(servers.postgres.url())
    await line.execute(f'CREATE DATABASE "{name}" TEMPLATE "{toy_template}"')
    await line.close()
    return servers.postgres.url(name)


@pytest.fixture
def rows_url(servers: Servers, toy_url: str) -> str:
    """The same as a service has it: under the role that owns nothing."""
    return servers.postgres.service_url(toy_url.rpartition("/")[2], "toy")


@pytest.fixture
async def db(toy_url: str) -> AsyncIterator[Database]:
    database = Database(toy_url, lease=0.5)
    yield database
    await database.close()


@pytest.fixture
async def nats(tmp_path: Path) -> AsyncIterator[Nats]:
    """A broker of one's own, to be killed at will."""
    server = Nats(tmp_path)
    await asyncio.to_thread(server.start)
    yield server
    await asyncio.to_thread(server.stop)


@pytest.fixture
async def bus(nats: Nats) -> AsyncIterator[Bus]:
    line = Bus(nats.url, "test", credentials=nats.credentials, ack_wait=3)
    await line.connect()
    await line.jetstream.provision()
    yield line
    await line.close()


def wired(fact, seq=1, delivered=1, **headers) -> Delivery:
    """A delivery as the server would make it."""
    names = {"Nats-Msg-Id": str(identity(fact).event_id)} | headers
    lines = "".join(f"{name}: {value}\r\n" for name, value in names.items() if value)
    return Delivery(
        fact.DESCRIPTOR.full_name,
        f"$JS.ACK.{STREAM}.toy.{delivered}.{seq}.{seq}.0.0",
        fact.SerializeToString(),
        f"NATS/1.0\r\n{lines}\r\n".encode(),
    )


async def publish(bus: Bus, *facts) -> None:
    """Put facts on the stream as another service would: until the stream says that it has them."""
    publisher = Publisher(bus, "test")
    await publisher.start()
    left = {(one := outbox.entry(fact, datetime.now(UTC))).event_id: one for fact in facts}
    while left:
        try:
            for event_id in await publisher.publish(list(left.values())):
                del left[event_id]
        except BusAway:
            await asyncio.sleep(0.1)
