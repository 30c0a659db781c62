"""One step as a process: `python -m bench.floor <step>`."""

import asyncio
import gc
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import asyncpg
import grpc
from asyncpg.pgproto.pgproto import UUID

from bench.floor.lean import Bus, Fact, Publisher, Puller
from bench.floor.steps import MARK, STEPS, UNPUBLISHED, Step

CAP = int(os.environ.get("FLOOR_CAP", "256"))
METHOD = "/floor.Referral/Submit"

Given = tuple[str, bytes]
"""An event's id and its body, which begins with the sixteen bytes of the flow's id."""


class Work:
    """One connection that does the step's statement for a batch, in one transaction."""

    def __init__(self, step: Step, statement: asyncpg.prepared_stmt.PreparedStatement) -> None:
        self._step, self._statement = step, statement

    async def do(self, batch: Sequence[Given]) -> list[Fact]:
        """The facts that this batch, once committed, states."""
        once = dict(batch)
        events = [UUID(event) for event in once]
        flows = [UUID(body[:16]) for body in once.values()]
        bodies = list(once.values())
        ids = [_time_ordered() for _ in events]
        made = await self._statement.fetch(events, flows, ids, bodies)
        stated = {row[0] for row in made} if len(made) != len(ids) else ids
        return [
            Fact(fact.hex, self._step.states, body)
            for fact, body in zip(ids, bodies, strict=True)
            if fact in stated
        ]


class Relay:
    """Publishes what was committed, then marks it; at the start, what a crash left behind."""

    def __init__(self, step: Step, publisher: Publisher, database: asyncpg.Connection) -> None:
        self._step, self._publisher, self._database = step, publisher, database
        self._waiting: list[Fact] = []
        self._some = asyncio.Event()

    def wake(self, facts: Sequence[Fact]) -> None:
        self._waiting += facts
        self._some.set()

    async def run(self) -> None:
        while left := await self._database.fetch(UNPUBLISHED):
            await self._publish([Fact(row[0].hex, self._step.states, row[1]) for row in left])
        while True:
            await self._some.wait()
            self._some.clear()
            facts, self._waiting = self._waiting, []
            await self._publish(facts)

    async def _publish(self, facts: list[Fact]) -> None:
        await self._publisher.publish(facts)
        await self._database.execute(MARK, [UUID(fact.id) for fact in facts])


async def hear(step: Step, bus: Bus, work: Work, relay: Relay) -> None:
    puller = Puller(bus, step.stream, step.name)
    while True:
        messages = await puller.batch(CAP)
        facts = await work.do([(each.id, each.body) for each in messages])
        puller.ack(messages)
        relay.wake(facts)


class Counter:
    """The gRPC side: submissions that wait together are committed together."""

    def __init__(self, work: Work, relay: Relay) -> None:
        self._work, self._relay = work, relay
        self._waiting: list[tuple[bytes, asyncio.Future[None]]] = []
        self._some = asyncio.Event()

    async def submit(self, request: bytes, _context: object) -> bytes:
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((request, done))
        self._some.set()
        await done
        return request[:16]

    async def run(self) -> None:
        while True:
            await self._some.wait()
            self._some.clear()
            batch, self._waiting = self._waiting, []
            facts = await self._work.do([(body[:16].hex(), body) for body, _ in batch])
            self._relay.wake(facts)
            for _, done in batch:
                if not done.done():
                    done.set_result(None)

    async def serve(self, port: str) -> None:
        server = grpc.aio.server()
        handle = grpc.unary_unary_rpc_method_handler
        handler: grpc.RpcMethodHandler[bytes, bytes] = handle(self.submit)
        service, method = METHOD[1:].split("/")
        server.add_generic_rpc_handlers(
            (grpc.method_handlers_generic_handler(service, {method: handler}),)
        )
        server.add_insecure_port(f"127.0.0.1:{port}")
        await server.start()
        await self.run()


async def main(step: Step) -> None:
    """Run until killed."""
    url = os.environ["FLOOR_POSTGRES"]
    working = await asyncpg.connect(url)
    marking = await asyncpg.connect(url, server_settings={"synchronous_commit": "off"})
    bus = await Bus.connect(os.environ["FLOOR_NATS"], Path(os.environ["FLOOR_CREDENTIALS"]))
    work = Work(step, await working.prepare(step.statement))
    relay = Relay(step, Publisher(bus), marking)
    gc.collect()
    gc.freeze()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(relay.run())
        if step.hears:
            tasks.create_task(hear(step, bus, work, relay))
        else:
            tasks.create_task(Counter(work, relay).serve(os.environ["FLOOR_PORT"]))


def _time_ordered() -> UUID:
    return UUID((time.time_ns() // 1_000_000).to_bytes(6, "big") + os.urandom(10))


if __name__ == "__main__":
    asyncio.run(main(STEPS[sys.argv[1]]))
