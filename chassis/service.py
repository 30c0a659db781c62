"""One process of the platform: it answers, listens, keeps its deadlines and runs its errands."""

import asyncio
import contextlib
import gc
import json
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Collection, Coroutine
from dataclasses import dataclass, field
from functools import partial

import grpc
import structlog
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_random_exponential

from chassis import failpoints, operations, telemetry, vault
from chassis.absence import BusAway
from chassis.admitting import Unbound, be_bound
from chassis.audit import api as audit
from chassis.audit.sealing import Sealer
from chassis.bus import Bus
from chassis.catching_up import CatchingUp, Earlier
from chassis.config import Settings
from chassis.consumer import Consumer
from chassis.database import Database
from chassis.deadlines import Deadlines, Sweeper
from chassis.ending import end
from chassis.errands import Errands, Runner
from chassis.flows import Flows
from chassis.gauges import Gauges
from chassis.mishaps import DatabaseAway
from chassis.operations import Operable
from chassis.pauses import Pauses
from chassis.publisher import Publisher
from chassis.reconciling import Reconciler
from chassis.relay import Relay
from chassis.server import Server, serve
from chassis.subscriptions import Subscriptions

log = structlog.get_logger()

_patiently = retry(
    stop=stop_after_delay(60),
    wait=wait_random_exponential(0.1, max=2),
    retry=retry_if_exception_type((DatabaseAway, BusAway)),
    reraise=True,
)


class BusLost(Exception):
    """The client closed for good: only a new process can connect again."""


@dataclass(frozen=True)
class Service:
    """What a service is, as a value."""

    name: str
    answers: Callable[[grpc.aio.Server, Database], None]
    listens: Subscriptions
    due: Deadlines = field(default_factory=Deadlines)
    errands: Errands = field(default_factory=Errands)
    tends: Callable[[Database], Coroutine[None, None, None]] | None = None
    """A loop of its own, for those who neither call nor speak as we do: a door for webhooks."""
    parts: Callable[[Database], Awaitable[Collection[str]]] | None = None
    """Names of consumers that `tends` looks after, each of which can be paused alone."""
    weighty: bool = False
    """It keeps money or drugs: two persons skip a step of it, not one."""
    flows: Flows = field(default_factory=Flows)
    """How its entities belong to flows, for the person on call."""
    beside: tuple[str, ...] = ()
    """What it answers beside its own gRPC service, of the same package: "Custody", for one."""

    @property
    def packages(self) -> tuple[str, ...]:
        """Full names of what it answers: its own contracts, by the layout, and the operations."""
        words = self.name.capitalize(), *self.beside
        return (
            *(f"halcyon.{self.name}.v1.{word}Service" for word in words),
            operations.NAME,
            audit.NAME,
        )


def run(service: Service) -> None:
    """Until told to stop; leaves with an error when it cannot go on."""
    settings = Settings()
    failpoints.choose(settings.failpoint)
    if settings.vault_keys:
        vault.use(vault.read(settings.vault_keys))
    telemetry.start(settings, service.name)
    try:
        asyncio.run(_live(service, settings))
    except* (BusLost, BusAway, DatabaseAway, Unbound) as lost:
        log.error("service.lost", error_class=type(lost.exceptions[0]).__qualname__)
        sys.exit(1)
    finally:
        telemetry.stop()


async def _live(service: Service, settings: Settings) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    lease, errand_lease = settings.lease_seconds, settings.errand_lease_seconds
    authority = settings.database_authority
    db = Database(settings.database_url, authority, lease=lease, errand_lease=errand_lease)
    bus = Bus(
        settings.nats_url,
        service.name,
        credentials=settings.nats_credentials,
        papers=settings.papers,
        ack_wait=settings.ack_wait_seconds,
        replicas=settings.stream_replicas,
        binds=settings.bind_only,
    )
    try:
        await _patiently(db.tell_time)()
        await _patiently(be_bound)(db)
        await _patiently(bus.connect)()
        await _work(service, settings, db, bus, stop)
    finally:
        await bus.close()
        await db.close()


async def _work(
    service: Service, settings: Settings, db: Database, bus: Bus, stop: asyncio.Event
) -> None:
    publisher = Publisher(bus, service.name)
    relay = Relay(db, bus, publisher, lease=settings.lease_seconds)
    limits = settings.batch, settings.max_deliver
    pauses = Pauses(db, service.name, service.flows)
    await _patiently(pauses.heed)()
    consumer = Consumer(service.name, service.listens, db, bus, *limits, pauses=pauses)
    reconciler = Reconciler(db, bus, service.name, consumer.provision if service.listens else None)
    await _patiently(bus.jetstream.provision)()
    await publisher.start()
    async with asyncio.TaskGroup() as tasks:
        loops = [tasks.create_task(loop) for loop in (relay.run(), db.keep_time(), _watch(bus))]
        loops.append(tasks.create_task(pauses.run(service.listens)))
        if telemetry.measured():
            hears, every = bool(service.listens), settings.count_seconds
            gauges = Gauges(db, bus, service.name, service.flows, hears=hears, count_every=every)
            loops.append(tasks.create_task(gauges.run()))
            reconciler.observe()
        sealer = Sealer(db, service.name, settings.audit_anchors, settings.audit_key)
        loops.append(tasks.create_task(sealer.run()))
        if service.due:
            loops.append(tasks.create_task(Sweeper(service.due, db, pauses=pauses).run()))
        if service.errands:
            loops.append(tasks.create_task(Runner(service.errands, db, pauses=pauses).run()))
        if service.tends:
            loops.append(tasks.create_task(service.tends(db)))
        if service.listens:
            catching = CatchingUp(bus, service.name)
            if await _patiently(catching.prepare)(service.listens.subjects):
                known = service.listens, db, bus, *limits
                earlier = Earlier(catching.durable, *known, pauses=pauses)
                loops.append(tasks.create_task(catching.run(earlier)))
            await _patiently(consumer.provision)()
            consuming = tasks.create_task(consumer.run())
        loops.append(tasks.create_task(reconciler.run()))
        operable = Operable(
            service.name,
            service.listens,
            service.flows,
            pauses,
            reconciler,
            parts=service.parts,
            weighty=service.weighty,
        )
        answers = partial(_answer, service, db, operable)
        server = await serve(settings, answers, service.packages, db)
        _settle()
        _say_ready(settings, service.name, server)
        await stop.wait()
        await server.drain(settings.drain_seconds)
        if service.listens:
            consumer.stop()
            await consuming
        await relay.flush(settings.drain_seconds)
        await sealer.close()
        await end(loops)


def _answer(service: Service, db: Database, this: Operable, server: grpc.aio.Server) -> None:
    service.answers(server, db)
    operations.answer(server, db, this)
    audit.answer(server, db)


async def _watch(bus: Bus) -> None:
    await bus.closed.wait()
    raise BusLost


def _settle() -> None:
    """What start-up made stays for good: the collector need not walk it with every batch."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)


def _say_ready(settings: Settings, name: str, server: Server) -> None:
    log.info("service.ready", address=server.address)
    if path := settings.ready_file:
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        draft.write_text(
            json.dumps({"service": name, "pid": os.getpid(), "address": server.address})
        )
        with contextlib.suppress(FileNotFoundError):
            draft.replace(path)
