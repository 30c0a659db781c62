"""For tests: real servers for the session, a fresh migrated database for each test of a service.

A `house` is one service without its process: `given(fact)` lets it hear, `stated()` tells what it
said since, `call(method, request)` asks it, `meet(name, entity)` lets a deadline come.
"""

import asyncio
import importlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID, uuid4

import asyncpg
import pytest
import structlog
from google.protobuf.descriptor_pool import Default
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from chassis import migrate, sight, vault
from chassis.auth import ALL, Principal, act_as
from chassis.database import Database
from chassis.embedded import Servers, embedded, remove
from chassis.errands import Errand
from chassis.facts import identity
from chassis.refusal import Reject

Reply = TypeVar("Reply")
vault.use(vault.fresh())

_STATED = "SELECT seq, subject, data FROM outbox WHERE seq > $1 ORDER BY seq"


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """PostgreSQL and nats-server, once for each test process."""
    directory = tmp_path_factory.mktemp("servers")
    with embedded(directory) as started:
        yield started
    remove(directory)


@pytest.fixture(autouse=True)
def _speaks_where_it_is_heard() -> Iterator[None]:
    """Logs that a test has sent somewhere do not follow the next test, which may listen to them."""
    yield
    structlog.reset_defaults()


@pytest.fixture
async def house(servers: Servers, request: pytest.FixtureRequest) -> AsyncIterator["House"]:
    """The service in whose folder the test stands, on a database of its own."""
    parts = Path(request.path).parts
    name = parts[len(parts) - parts[::-1].index("services")]
    async with open_house(servers, name) as opened:
        yield opened


@asynccontextmanager
async def open_house(servers: Servers, service: str) -> AsyncIterator["House"]:
    """A house for one test, forgotten afterwards."""
    database = f"{service}_{uuid4().hex[:12]}"
    await _copy(servers, await _template(servers, service), database)
    db = Database(servers.postgres.service_url(database, service))
    try:
        await db.tell_time()
        yield House(service, db, servers.postgres.url(database))
    finally:
        await db.close()
        await _statement(servers, f'DROP DATABASE "{database}" WITH (FORCE)')


class House:
    """One service without its process."""

    def __init__(self, service: str, db: Database, owner_url: str) -> None:
        self.db, self.owner_url = db, owner_url
        self._handlers = importlib.import_module(f"services.{service}.handlers")
        self._told = 0

    async def given(self, *facts: Message) -> None:
        """Hear these facts together, as one batch in one transaction."""
        async with self.db.transaction() as tx:
            by_subject: dict[str, list[Message]] = {}
            for fact in facts:
                by_subject.setdefault(fact.DESCRIPTOR.full_name, []).append(fact)
            for subject, same in by_subject.items():
                if prefetch := self._handlers.on[subject].prefetch:
                    await prefetch(same, tx)
            for fact in facts:
                with suppress(Reject):
                    tx.hearing = identity(fact)
                await self._handlers.on[fact.DESCRIPTOR.full_name].handle(fact, tx)

    async def stated(self) -> list[Any]:
        """What the service has said since it was last asked, in order."""
        found = await self.db.fetch(_STATED, self._told)
        if found:
            self._told = found[-1]["seq"]
        return [_fact(row["subject"], row["data"]) for row in found]

    async def call(
        self,
        method: Callable[[Any, Any], Awaitable[Reply]],
        request: Message,
        principal: Principal | None = None,
    ) -> Reply:
        """Ask as somebody; a refusal comes as it is, before it becomes a status."""
        with sight.nothing():
            act_as(principal or somebody())
            return await method(request, None)

    async def meet(self, name: str, entity_id: UUID) -> None:
        """Let one deadline come now."""
        async with self.db.transaction() as tx:
            await self._handlers.due[name](entity_id, tx)

    async def run_errands(self, name: str) -> None:
        """Run every errand of one name that is asked for."""
        found = await self.db.fetch("SELECT name, entity_id FROM errand WHERE name = $1", name)
        if asked := [Errand(*row) for row in found]:
            await self._handlers.errands[name](asked, self.db)

    async def as_owner(self, sql: str) -> None:
        """What a service may not do to its own database."""
        db = Database(self.owner_url)
        try:
            async with db.transaction() as tx:
                await tx.driver.execute(sql)
        finally:
            await db.close()

    async def count(self, sql: str, *arguments: object) -> int:
        """One number out of the database."""
        ((value,),) = await self.db.fetch(sql, *arguments)
        return int(value)


def somebody(*roles: str, clinics: Any = ALL, npi: str | None = None) -> Principal:
    """A caller; every clinic and every role unless told otherwise."""
    everything = [
        "referrer",
        "coordinator",
        "prescriber",
        "nurse",
        "medical_director",
        "cashier",
        "operator",
    ]
    expires = datetime.now(UTC) + timedelta(hours=1)
    return Principal("test", frozenset(roles or everything), clinics, npi, expires)


async def eventually(
    holds: Callable[[], Awaitable[bool]], within: float = 20, every: float = 0.05
) -> None:
    """Wait until something is so; what is so in another process can only be asked again."""
    async with asyncio.timeout(within):
        while not await holds():  # noqa: ASYNC110
            await asyncio.sleep(every)


def _fact(subject: str, data: bytes) -> Message:
    return GetMessageClass(Default().FindMessageTypeByName(subject)).FromString(data)


async def _template(servers: Servers, service: str) -> str:
    """A migrated database to copy, made once for each test process and service."""
    name = f"template_{service}"
    if not await _exists(servers, name):
        servers.postgres.create_database(name)
        service_url = servers.postgres.service_url(name, service)
        await migrate.upgrade(service, servers.postgres.url(name), service_url=service_url)
    return name


async def _exists(servers: Servers, database: str) -> bool:
    line = await asyncpg.connect(servers.postgres.url())
    try:
        return bool(
            await line.fetchval("SELECT count(*) FROM pg_database WHERE datname = $1", database)
        )
    finally:
        await line.close()


async def _copy(servers: Servers, template: str, database: str) -> None:
    """No test pulls the plug of this database, so none waits for its disk."""
    await _statement(servers, f'CREATE DATABASE "{database}" TEMPLATE "{template}"')
    await _statement(servers, f'ALTER DATABASE "{database}" SET synchronous_commit = off')


async def _statement(servers: Servers, sql: str) -> None:
    line = await asyncpg.connect(servers.postgres.url())
    try:
        await line.execute(sql)
    finally:
        await line.close()
