"""Every fact counts once; the guilty one is parked and the innocent are not held up."""

import asyncio
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest

from chassis.consumer import Consumer
from chassis.database import Database
from chassis.testing import eventually
from chassis.tests import toy
from chassis.tests.conftest import publish, wired


@asynccontextmanager
async def consuming(db, bus, **settings):
    consumer = Consumer("toy", toy.on, db, bus, **settings)
    await consumer.provision()
    running = asyncio.create_task(consumer.run())
    try:
        yield consumer
    finally:
        consumer.stop()
        await asyncio.wait_for(running, 10)


async def labels(db):
    return sorted(row[0] for row in await db.fetch("SELECT label FROM tick"))


def ticks(db, number):
    async def enough():
        return len(await labels(db)) >= number

    return eventually(enough, within=60, every=0.02)


def parked(db, number):
    async def enough():
        return len(await db.fetch("SELECT 1 FROM parked")) >= number

    return eventually(enough, within=60, every=0.02)


def settled(bus):
    async def nothing_pending():
        info = await bus._wire.jsm().consumer_info("HALCYON", "toy")
        return info.num_pending == 0 and info.num_ack_pending == 0

    return eventually(nothing_pending, within=60)


def tried(bus, times):
    """Delivered so often, counting repeats."""

    async def enough():
        info = await bus._wire.jsm().consumer_info("HALCYON", "toy")
        return info.delivered.consumer_seq >= times

    return eventually(enough, within=60)


async def test_a_fact_has_its_effect_and_states_the_next_one(db, bus):
    fact = toy.made("one")
    async with consuming(db, bus):
        await publish(bus, fact)
        await ticks(db, 1)
        await settled(bus)
    ((subject, label),) = await db.fetch("SELECT subject, data FROM outbox")
    assert subject == "halcyon.toy.events.v1.ThingPolished"
    assert toy.ThingPolished.FromString(label).label == "one"


async def test_the_same_delivery_twice_has_one_effect(db, bus):
    consumer = Consumer("toy", toy.on, db, bus)
    twice = wired(toy.made("once"))
    await consumer.deliver([twice, twice])
    await consumer.deliver([twice])
    assert await labels(db) == ["once"]


async def test_two_consumers_of_the_same_deliveries_have_one_effect(db, bus):
    deliveries = [wired(toy.made(str(n)), n) for n in range(40)]
    pair = [Consumer("toy", toy.on, db, bus) for _ in range(2)]
    await asyncio.gather(pair[0].deliver(deliveries), pair[1].deliver(deliveries[::-1]))
    assert len(await labels(db)) == 40


async def test_a_poison_among_ten_is_parked_and_nine_are_handled(db, bus):
    facts = [toy.made("poison" if n == 4 else "good") for n in range(10)]
    async with consuming(db, bus, max_deliver=2):
        await publish(bus, *facts)
        await ticks(db, 9)
        await parked(db, 1)
        await settled(bus)
    ((error_class, attempts),) = await db.fetch("SELECT error_class, attempts FROM parked")
    assert (error_class, attempts) == ("RuntimeError", 2)
    assert await labels(db) == ["good"] * 9


@pytest.mark.parametrize(
    "delivery",
    [
        wired(toy.made("reject")),
        wired(toy.made(), **{"Nats-Msg-Id": str(uuid4())}),
        wired(toy.made(), **{"Nats-Msg-Id": ""}),
        wired(toy.made(), **{"ce-type": "halcyon.toy.events.v1.ThingPolished"}),
        wired(toy.made())._replace(data=b"\xff"),
        wired(toy.made())._replace(subject="halcyon.toy.events.v1.ThingMelted"),
        wired(toy.made())._replace(headers=None),
        wired(toy.made())._replace(headers=b"NATS/1.0\r\nnonsense\xff\r\n\r\n"),
        wired(toy.made())._replace(data=b""),
    ],
)
async def test_what_can_never_be_handled_is_parked_at_once(db, bus, delivery):
    await Consumer("toy", toy.on, db, bus).deliver([delivery, wired(toy.made("good"), 2)])
    ((error_class, attempts),) = await db.fetch("SELECT error_class, attempts FROM parked")
    assert (error_class, attempts) == ("Reject", 1)
    assert await labels(db) == ["good"]


@pytest.mark.kill
async def test_a_database_that_goes_and_comes_back_parks_nothing(bus, servers, toy_url):
    db = Database(toy_url)
    async with consuming(db, bus, max_deliver=2):
        await publish(bus, toy.made("before"))
        await ticks(db, 1)
        name = toy_url.rpartition("/")[2]
        elsewhere = Database(servers.postgres.url())
        await elsewhere.fetch(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1"
        await elsewhere.fetch(cut, name)
        await publish(bus, *(toy.made("during") for _ in range(5)))
        await tried(bus, 1 + 5 * 3)
        await elsewhere.fetch(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
        await elsewhere.close()
        await ticks(db, 6)
        await settled(bus)
    assert not await db.fetch("SELECT 1 FROM parked")
    await db.close()


@pytest.mark.kill
async def test_a_broker_killed_in_mid_stream_loses_and_doubles_nothing(db, bus, nats):
    async with consuming(db, bus, batch=16):
        for part in range(4):
            await publish(bus, *(toy.made(f"{part}-{n}") for n in range(100)))
            await ticks(db, part * 100 + 10)
            if part < 3:
                nats.kill()
                nats.start()
                await eventually(lambda: asyncio.sleep(0, bus.alive))
        await ticks(db, 400)
        await settled(bus)
        assert len(await labels(db)) == 400


async def test_stopping_finishes_the_batch_in_hand(db, bus):
    async with consuming(db, bus):
        await publish(bus, *(toy.made(str(n)) for n in range(50)))
        await ticks(db, 1)
    handled = len(await labels(db))

    async def acknowledged() -> bool:
        info = await bus._wire.jsm().consumer_info("HALCYON", "toy")
        return bool(info.ack_floor.stream_seq == handled)

    await eventually(acknowledged)


async def test_nobody_waits_for_a_consumer_that_is_paused_to_stop(db, bus):
    async with consuming(db, bus) as consumer:
        consumer._pauses.open.clear()
        await publish(bus, toy.made("held back"))
        await asyncio.sleep(0.2)
    assert await labels(db) == []
