"""`python -m chassis.streams`: the stream of facts, and a consumer for each service that hears.

A deploy step, with credentials of its own; the services that come after it only bind.
"""

import asyncio
import importlib
from collections.abc import Iterable

from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_random_exponential

from chassis.absence import BusAway
from chassis.bus import Bus
from chassis.catching_up import CatchingUp
from chassis.config import Settings
from chassis.consumers import STREAM
from chassis.residents import discovered
from chassis.subscriptions import Subscriptions


@retry(
    stop=stop_after_delay(60),
    wait=wait_random_exponential(0.1, max=2),
    retry=retry_if_exception_type(BusAway),
    reraise=True,
)
async def make(bus: Bus, services: Iterable[str]) -> None:
    """What is there is brought up to date, and what was read from it stays read."""
    if not bus.alive:
        await bus.connect()
    await bus.jetstream.provision()
    for name in services:
        hears: Subscriptions = importlib.import_module(f"services.{name}.handlers").on
        if hears:
            await CatchingUp(bus, name).prepare(hears.subjects)
            await bus.jetstream.subscribe(STREAM, name, hears.subjects)


async def _make() -> None:
    settings = Settings()
    bus = Bus(
        settings.nats_url,
        "deploy",
        credentials=settings.nats_credentials,
        papers=settings.papers,
        ack_wait=settings.ack_wait_seconds,
        replicas=settings.stream_replicas,
    )
    try:
        await make(bus, discovered())
    finally:
        await bus.close()


if __name__ == "__main__":
    asyncio.run(_make())
