"""What breaks in a cluster, breaks here under load; the verifier then counts every effect."""

import asyncio
import logging
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID, uuid4, uuid5

import pytest

from chassis.facts import NAMESPACE
from chassis.testing import eventually
from clients.network.seed import DemoClinic
from clients.sdk import Halcyon
from tests.containers.conftest import Judge
from tests.containers.cost import cpu_seconds, each, kept_bytes
from tests.containers.fleet import NODES, REPLICAS, SERVICES, Fleet
from tests.containers.load import Load
from tests.failures.verifier import violations
from tests.flows import application, submit_all

log = logging.getLogger(__name__)


@asynccontextmanager
async def loaded(doctor: Halcyon, clinics: list[DemoClinic], judge: Judge) -> AsyncIterator[Load]:
    """Load before, during and after the fault; then the judgement."""
    async with Load(doctor, random.choice(clinics)) as load:
        await load.more(40)
        yield load
        await load.more(40)
    await judge(load.accepted)


async def test_the_leader_of_the_stream_is_killed(
    fleet: Fleet, doctor: Halcyon, clinics: list[DemoClinic], judge: Judge
) -> None:
    async with loaded(doctor, clinics, judge) as load:
        before = await fleet.leader()
        fleet.nodes[before].kill()

        async def another_leads() -> bool:
            try:
                return await fleet.leader() not in ("", before)
            except Exception:
                return False

        await eventually(another_leads, within=60, every=0.2)
        await load.more(40)
        fleet.nodes[before].again()


async def test_any_node_is_killed_again_and_again(
    fleet: Fleet, doctor: Halcyon, clinics: list[DemoClinic], judge: Judge
) -> None:
    seed = random.randrange(2**32)
    log.info("seed %d", seed)
    chance = random.Random(seed)
    async with loaded(doctor, clinics, judge) as load:
        for _ in range(3):
            node = fleet.nodes[chance.choice(NODES)]
            node.kill()
            await load.more(40)
            node.again()
            await eventually(fleet.whole, within=60, every=0.2)


async def test_the_quorum_is_lost_and_heals(
    fleet: Fleet, doctor: Halcyon, clinics: list[DemoClinic], judge: Judge
) -> None:
    """Referrals are accepted all the while: facts wait in the outbox."""
    async with loaded(doctor, clinics, judge) as load:
        for name in NODES[1:]:
            fleet.nodes[name].kill()
        await load.more(100)
        for name in NODES[1:]:
            fleet.nodes[name].again()
    assert load.failed == []


@pytest.mark.parametrize("service", SERVICES)
async def test_a_replica_is_killed(
    fleet: Fleet, doctor: Halcyon, clinics: list[DemoClinic], judge: Judge, service: str
) -> None:
    async with loaded(doctor, clinics, judge) as load:
        box = fleet.replicas[service, random.choice(REPLICAS)]
        box.kill()
        await load.more(60)
        box.again()
        await asyncio.to_thread(fleet.await_serving, [box])


async def test_every_replica_is_restarted_in_turn_and_no_call_fails(
    fleet: Fleet, doctor: Halcyon, clinics: list[DemoClinic], judge: Judge
) -> None:
    async with loaded(doctor, clinics, judge) as load:
        for box in fleet.replicas.values():
            await asyncio.to_thread(box.halt)
            assert box.state["ExitCode"] == 0, box.tail()
            box.again()
            await asyncio.to_thread(fleet.await_serving, [box])
    assert load.failed == []
    log.info("%d referrals through a rolling restart, none failed", len(load.accepted))


@pytest.mark.parametrize("way", ["kill", "halt"])
async def test_postgresql_is_restarted(
    fleet: Fleet, doctor: Halcyon, clinics: list[DemoClinic], judge: Judge, way: str
) -> None:
    async with loaded(doctor, clinics, judge):
        await asyncio.to_thread(getattr(fleet.postgres, way))
        await asyncio.to_thread(fleet.postgres.again)


async def test_a_poisonous_fact_is_parked_and_holds_nobody_up(
    fleet: Fleet, doctor: Halcyon, clinics: list[DemoClinic], judge: Judge, poisoned: set[UUID]
) -> None:
    """It says that it is a PlanApproved, and it is noise."""
    subject, event = "halcyon.intake.events.v1.PlanApproved", uuid4()
    async with loaded(doctor, clinics, judge) as load:
        client = await fleet.dial()
        headers = {"Nats-Msg-Id": str(event), "ce-id": str(event), "ce-type": subject}
        taken = await client.jetstream().publish(subject, b"\xff\xff\xff", headers=headers)
        await client.close()
        parked_as = uuid5(NAMESPACE, f"{taken.stream}/{taken.seq}")
        poisoned |= {event, parked_as}
        await load.more(40)
    seen = await judge(load.accepted)
    listeners = {name for name, subjects in seen.subscribed.items() if subject in subjects}
    assert {name for name, parked in seen.parked.items() if parked_as in parked} == listeners
    assert len(listeners) >= 3
    assert {"I2", "I5"} <= violations(seen).keys()


async def test_a_backlog_of_10000_is_caught_up(
    fleet: Fleet, doctor: Halcyon, clinics: list[DemoClinic], judge: Judge
) -> None:
    """Everybody but referral is away; 10,000 referrals come; everybody returns.

    What the flows cost is logged for docs/sizing.md; the start of eight replicas is included.
    """
    kept = await kept_bytes(fleet)
    away = [box for (service, _), box in fleet.replicas.items() if service != "referral"]
    await asyncio.gather(*(asyncio.to_thread(box.halt) for box in away))
    used = {
        name: seconds
        for name, seconds in (await asyncio.to_thread(cpu_seconds, fleet)).items()
        if name not in SERVICES or name == "referral"
    }
    run, began = uuid4(), time.monotonic()
    asked = [application(n, clinics[n % len(clinics)], run) for n in range(10_000)]
    accepted = await submit_all(doctor, asked, in_flight=64)
    submitted = time.monotonic() - began
    for box in away:
        box.again()
    await asyncio.to_thread(fleet.await_serving, away)
    began = time.monotonic()
    await judge(accepted, patience=900)
    caught_up = time.monotonic() - began
    log.info("10,000 referrals in %.0f s, judged %.0f s after the return", submitted, caught_up)
    log.info("CPU s a flow: %s", each(used, await asyncio.to_thread(cpu_seconds, fleet), 10_000))
    log.info("bytes a flow: %s", each(kept, await kept_bytes(fleet), 10_000))
