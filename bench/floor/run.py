"""Measure the floor: `python -m bench.floor.run` prints its figures."""

import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg
import grpc
import nats
from nats.js.api import AckPolicy, ConsumerConfig, StorageType, StreamConfig

from bench.floor.__main__ import METHOD
from bench.floor.lean import Bus
from bench.floor.steps import LAST, STEPS, SUBJECTS, Step
from bench.load import Load, Notices, closed_loop, open_loop
from bench.usage import Meter
from chassis.children import Child
from chassis.embedded import Servers, embedded, remove
from chassis.ports import free_port

ROOT = Path(__file__).parents[2]
_FILLER = bytes(range(64))


class Plan(NamedTuple):
    """How much load; a rate of 0 leaves the open loop out."""

    flows: int = 3000
    in_flight: int = 64
    rate: float = 20
    open_flows: int = 300
    rounds: int = 3


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


def measure(
    servers: Servers,
    *,
    flows: int = 3000,
    in_flight: int = 64,
    rate: float = 20,
    open_flows: int = 300,
    rounds: int = 3,
) -> dict[str, Any]:
    """The figures of the floor, each the median of its rounds, and proof that it kept its word."""
    for step in STEPS.values():
        servers.postgres.create_database(step.database)
    asyncio.run(_prepare(servers))
    port = free_port()
    with _running(servers, port) as children:
        pids = [servers.postgres.pid, servers.nats.pid, *(child.pid for child in children)]
        plan = Plan(flows, in_flight, rate, open_flows, rounds)
        return asyncio.run(_measure(servers, port, pids, plan))


async def _measure(
    servers: Servers,
    port: int,
    pids: list[int],
    plan: Plan,
) -> dict[str, Any]:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        driver = Driver(
            channel, bus := await Bus.connect(servers.nats.url, servers.nats.credentials)
        )
        warm = driver.more(max(200, plan.flows // 4))
        await closed_loop(warm, plan.in_flight, driver.submit, driver.ended)
        runs: list[tuple[Load, float, float]] = []
        for _ in range(plan.rounds):
            flows = driver.more(plan.flows)
            with Meter([*pids, os.getpid()], memory_of=pids) as used:
                load = await closed_loop(flows, plan.in_flight, driver.submit, driver.ended)
            runs.append((load, used.cpu_s, used.peak_pss_mb))
        slow = [
            await open_loop(driver.more(plan.open_flows), plan.rate, driver.submit, driver.ended)
            for _ in range(plan.rounds if plan.rate else 0)
        ]
        bus.close()
    return _figures(runs, slow, plan.rate) | await _proof(servers, driver.submitted)


def _figures(
    runs: list[tuple[Load, float, float]], slow: list[Load], rate: float
) -> dict[str, Any]:
    median = statistics.median
    figures = {
        "floor_flows_per_s": round(median(load.flows_per_s for load, _, _ in runs), 1),
        "floor_flows_per_s_rounds": [round(load.flows_per_s, 1) for load, _, _ in runs],
        "floor_closed_p50_ms": round(median(load.p50_ms for load, _, _ in runs), 2),
        "floor_closed_p99_ms": round(median(load.p99_ms for load, _, _ in runs), 2),
        "floor_cpu_ms_per_flow": round(median(1000 * cpu / load.flows for load, cpu, _ in runs), 3),
        "floor_peak_pss_mb": round(max(memory for _, _, memory in runs)),
    }
    if slow:
        name = f"floor_open{rate:g}"
        figures[f"{name}_p50_ms"] = round(median(load.p50_ms for load in slow), 2)
        figures[f"{name}_p99_ms"] = round(median(load.p99_ms for load in slow), 2)
    return figures


async def _proof(servers: Servers, submitted: int) -> dict[str, Any]:
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


def main() -> None:
    directory = Path(tempfile.mkdtemp(prefix="halcyon-floor-"))
    try:
        with embedded(directory) as servers:
            began = time.monotonic()
            plan = Plan(*(int(word) for word in sys.argv[1:]))
            figures = measure(servers, **plan._asdict())
            print(json.dumps(figures | {"took_s": round(time.monotonic() - began, 1)}, indent=2))
    finally:
        remove(directory)


if __name__ == "__main__":
    main()
