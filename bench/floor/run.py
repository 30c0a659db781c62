"""Measure the floor: `python -m bench.floor.run` prints its figures."""

import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import asyncpg
import grpc
import nats
from nats.js.api import AckPolicy, ConsumerConfig, StorageType, StreamConfig

from bench.floor.__main__ import METHOD
from bench.floor.lean import Bus
from bench.floor.steps import LAST, STEPS, SUBJECTS, Step
from bench.load import Notices
from bench.turns import Plan, Side, by_turns
from chassis.children import Child
from chassis.embedded import Servers, embedded, remove
from chassis.ports import free_port

ROOT = Path(__file__).parents[2]
_FILLER = bytes(range(64))


class Driver:
    """The client of the floor: submits by gRPC, hears of payments by NATS."""

    def __init__(self, channel: grpc.aio.Channel, bus: Bus) -> None:
        self._call: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(METHOD)
        self._submitted = 0
        self.ended = Notices()
        bus.subscribe(LAST, self._hear)

    def more(self, count: int) -> range:
        """The next flows; no two runs share one."""
        first, self._submitted = self._submitted, self._submitted + count
        return range(first, self._submitted)

    @property
    def submitted(self) -> int:
        return self._submitted

    async def submit(self, index: int) -> None:
        await self._call(index.to_bytes(16, "big") + _FILLER, wait_for_ready=True, timeout=30)

    def _hear(self, _subject: bytes, _reply: bytes, _headers: bytes, body: bytes) -> None:
        self.ended.note(int.from_bytes(body[:16], "big"))


@asynccontextmanager
async def floor(servers: Servers) -> AsyncIterator[Side]:
    """A process for each step, and the client that speaks to them."""
    for step in STEPS.values():
        await asyncio.to_thread(servers.postgres.create_database, step.database)
    await _prepare(servers)
    port = free_port()
    with _running(servers, port) as children:
        pids = [servers.postgres.pid, servers.nats.pid, *(child.pid for child in children)]
        bus = await Bus.connect(servers.nats.url, servers.nats.credentials)
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            driver = Driver(channel, bus)
            yield Side(driver, pids)
        bus.close()


async def counted_rows(servers: Servers, submitted: int) -> dict[str, Any]:
    """Count every row of every table: what is missing, and what is there twice."""
    lost = doubled = 0
    for step in STEPS.values():
        database = await asyncpg.connect(servers.postgres.url(step.database))
        for table, each in step.rows.items():
            rows, flows = await database.fetchrow(
                f"select count(*), count(distinct flow) from {table}"
            )
            lost += max(0, submitted - flows) + max(0, each * flows - rows)
            doubled += max(0, rows - each * flows)
        for table in ("outbox", "inbox") if step.hears else ("outbox",):
            rows = await database.fetchval(f"select count(*) from {table}")
            lost += max(0, submitted - rows)
            doubled += max(0, rows - submitted)
        await database.close()
    return {"flows": submitted, "lost": lost, "doubled": doubled}


async def _prepare(servers: Servers) -> None:
    """Empty tables, an empty stream, and the consumers before anything is stated."""
    for step in STEPS.values():
        database = await asyncpg.connect(servers.postgres.url(step.database))
        await database.execute("drop schema public cascade; create schema public")
        await database.execute(step.schema)
        await database.close()
    client = await nats.connect(servers.nats.url, user_credentials=str(servers.nats.credentials))
    streams = client.jetstream()
    for each in await streams.streams_info():
        if (each.config.name or "").startswith("FLOOR"):
            await streams.delete_stream(each.config.name or "")
    for name, subjects in SUBJECTS.items():
        await streams.add_stream(
            StreamConfig(name, subjects=subjects, storage=StorageType.FILE, allow_atomic=True)
        )
    for step in STEPS.values():
        if step.hears:
            await streams.add_consumer(step.stream, _consumer(step))
    await client.close()


def _consumer(step: Step) -> ConsumerConfig:
    return ConsumerConfig(
        durable_name=step.name,
        filter_subject=step.hears,
        ack_policy=AckPolicy.EXPLICIT,
        max_ack_pending=4096,
    )


@contextmanager
def _running(servers: Servers, port: int) -> Iterator[list[Child]]:
    with tempfile.TemporaryDirectory() as logs, ExitStack() as stack:
        children = []
        for step in STEPS.values():
            env = os.environ | {
                "FLOOR_POSTGRES": servers.postgres.url(step.database),
                "FLOOR_NATS": servers.nats.url,
                "FLOOR_CREDENTIALS": str(servers.nats.credentials),
                "FLOOR_PORT": str(port),
            }
            argv = [sys.executable, "-m", "bench.floor", step.name]
            child = Child(argv, env=env, cwd=ROOT, log=Path(logs, f"{step.name}.log")).start()
            stack.callback(_show, child)
            stack.callback(child.kill)
            children.append(child)
        yield children


def _show(child: Child) -> None:
    if tail := child.tail():
        print(tail, file=sys.stderr)


async def _alone(servers: Servers, plan: Plan) -> dict[str, Any]:
    async with floor(servers) as side:
        await by_turns([side], plan)
    return side.figures() | await counted_rows(servers, side.driver.submitted)


def main() -> None:
    directory = Path(tempfile.mkdtemp(prefix="halcyon-floor-"))
    try:
        with embedded(directory) as servers:
            began = time.monotonic()
            plan = Plan(*(int(word) for word in sys.argv[1:]))
            figures = asyncio.run(_alone(servers, plan))
            print(json.dumps(figures | {"took_s": round(time.monotonic() - began, 1)}, indent=2))
    finally:
        remove(directory)


if __name__ == "__main__":
    main()
