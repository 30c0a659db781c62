"""kill -9 of every service at every named point, of the broker, of PostgreSQL: no difference."""

import asyncio
import logging
import os
import random
import signal
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from uuid import UUID, uuid4

import nats
import pytest

from chassis.failpoints import NAMES
from clients.network import Network
from clients.network.options import discovered
from clients.network.seed import DemoClinic
from tests.flows import NPI, application, submit_all

pytestmark = [pytest.mark.kill, pytest.mark.xdist_group("kills")]

log = logging.getLogger(__name__)
LEAST = 5
"""Kills at random before a run counts."""

Judge = Callable[[list[str]], Awaitable[None]]


async def submitted(network: Network, clinic: DemoClinic, flows: range, run: UUID) -> list[str]:
    async with network.client("referrer", npi=NPI, timeout=5) as doctor:
        return await submit_all(doctor, [application(n, clinic, run) for n in flows])


@pytest.mark.parametrize("point", sorted(NAMES))
@pytest.mark.parametrize("service", discovered())
async def test_a_service_is_killed_at_a_named_point(
    network: Network, clinic: DemoClinic, judge: Judge, service: str, point: str
) -> None:
    crashes = network.processes[service].restarts
    network.restart(service, {"HALCYON_FAILPOINT": point})
    accepted = await submitted(network, clinic, range(12), uuid4())
    network.wait_restarted(service, crashes + 1)
    await judge(accepted)


async def test_the_broker_is_killed(network: Network, clinic: DemoClinic, judge: Judge) -> None:
    submitting = asyncio.create_task(submitted(network, clinic, range(150), uuid4()))
    await first_facts(network)
    network.servers.nats.kill()
    await judge(await submitting)


async def test_postgresql_is_killed(network: Network, clinic: DemoClinic, judge: Judge) -> None:
    submitting = asyncio.create_task(submitted(network, clinic, range(150), uuid4()))
    await first_facts(network)
    network.servers.postgres.kill()
    await judge(await submitting)


async def first_facts(network: Network) -> None:
    """Wait until facts of the new flows are on their way."""
    client = await nats.connect(
        network.servers.nats.url, user_credentials=str(network.servers.nats.credentials)
    )
    try:
        heard = await client.subscribe("halcyon.*.events.>")
        for _ in range(20):
            await heard.next_msg(timeout=20)
    finally:
        await client.close()


async def test_2000_flows_under_random_kills(
    network: Network, clinic: DemoClinic, judge: Judge
) -> None:
    seed = random.randrange(2**32)
    log.info("seed %d", seed)
    chance = random.Random(seed)
    submitting = asyncio.create_task(submitted(network, clinic, range(2000), uuid4()))
    kills = await _kill_until(submitting, network, chance)
    log.info("kills: %s", kills)
    await judge(await submitting)
    assert len(kills) >= LEAST


async def _kill_until(
    submitting: "asyncio.Task[list[str]]", network: Network, chance: random.Random
) -> Sequence[str]:
    """Every second or so somebody dies, a service or the broker, also while facts are settling."""
    kills: list[str] = []
    while True:
        await asyncio.sleep(chance.uniform(0.5, 1.5))
        if submitting.done() and len(kills) >= LEAST:
            return kills
        victim = chance.choice([*discovered(), "nats"])
        kills.append(victim)
        if victim == "nats":
            network.servers.nats.kill()
        else:
            crash(network, victim)


def crash(network: Network, service: str) -> None:
    """SIGKILL behind the supervisor's back, as the kernel would."""
    with suppress(ProcessLookupError):
        os.kill(network.pid(service), signal.SIGKILL)
