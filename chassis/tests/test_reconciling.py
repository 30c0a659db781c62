"""What the stream lost is seen and published again; a consumer that got ahead begins anew."""

import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from chassis import outbox
from chassis.consumer import Consumer
from chassis.operations.api import Operable, Operations
from chassis.pauses import Pauses
from chassis.principal import act_as
from chassis.publisher import Publisher
from chassis.reconciling import Reconciler, State
from chassis.relay import Relay
from chassis.subscriptions import Subscriptions
from chassis.testing import eventually, somebody
from chassis.tests import toy
from halcyon.operations.v1 import stream_calls_pb2 as streams

on = Subscriptions()


@on(toy.ThingMade)
async def tick(fact, tx):
    tx.put(toy.TickRow(label=fact.label))


@pytest.fixture
async def consumer(db, bus):
    return Consumer("toy", on, db, bus)


@pytest.fixture
def reconciler(db, bus, consumer):
    return Reconciler(db, bus, "toy", consumer.provision)


@asynccontextmanager
async def alive(db, bus, consumer):
    """A relay and a consumer at work."""
    publisher = Publisher(bus, "toy")
    await publisher.start()
    relay = Relay(db, bus, publisher, lease=0.5, poll=0.1)
    await consumer.provision()
    loops = [asyncio.create_task(loop) for loop in (relay.run(), consumer.run())]
    try:
        yield
    finally:
        consumer.stop()
        await asyncio.wait_for(loops[1], 10)
        loops[0].cancel()


async def state_things(db, count):
    """Facts of our own, heard by ourselves."""
    async with db.transaction() as tx:
        for _ in range(count):
            tx.emit(toy.made("one"))


def ticks(db, number):
    async def enough():
        ((found,),) = await db.fetch("SELECT count(*) FROM tick")
        ((waiting,),) = await db.fetch("SELECT count(*) FROM outbox WHERE published_at IS NULL")
        return (found, waiting) == (number, 0)

    return eventually(enough, within=30)


async def rebuild(db, reconciler):
    act_as(somebody("operator"))
    this = Operable("toy", on, toy.FLOWS, Pauses(db, "toy"), reconciler)
    request = streams.RebuildStreamRequest(reason="INC-1")
    operations: Any = Operations(db, this)
    return (await operations.RebuildStream(request, None)).republished_count


async def carried(bus):
    return (await bus.manager().stream_info("HALCYON")).state.messages


async def test_a_sound_stream_lacks_nothing(db, bus, consumer, reconciler):
    async with alive(db, bus, consumer):
        await state_things(db, 5)
        await ticks(db, 5)
        assert (await reconciler.glance()).state is State.SOUND
        compared = await reconciler.compare()
        assert not compared.missing
        assert not compared.phantom


async def test_facts_that_the_stream_lost_are_published_again_and_change_nothing(
    db, bus, consumer, reconciler
):
    async with alive(db, bus, consumer):
        await state_things(db, 4)
        await ticks(db, 4)
        await bus.manager().purge_stream("HALCYON")
        assert len((await reconciler.compare()).missing) == 4
        await rebuild(db, reconciler)
        await ticks(db, 4)


async def test_a_lost_stream_is_rebuilt_from_the_database(db, bus, consumer, reconciler):
    async with alive(db, bus, consumer):
        await state_things(db, 6)
        await ticks(db, 6)
        await bus.manager().delete_stream("HALCYON")
        assert (await reconciler.glance()).state is State.LOST
        assert await rebuild(db, reconciler) == 6

        async def whole():
            return await carried(bus) == 6

        await eventually(whole, within=30)
        assert (await reconciler.glance()).state is State.SOUND
        await state_things(db, 1)
        await ticks(db, 7)


async def test_a_regressed_stream_is_seen_and_its_consumer_hears_again(
    db, nats, bus, consumer, reconciler
):
    async with alive(db, bus, consumer):
        await state_things(db, 20)
        await ticks(db, 20)
        assert (await reconciler.glance()).state is State.SOUND
        await asyncio.to_thread(damage, nats)

        async def seen():
            return bus.alive and (await reconciler.glance()).state is State.REGRESSED

        await eventually(seen, within=30)
        await state_things(db, 1)
        await rebuild(db, reconciler)
        await ticks(db, 21)
        assert not (await reconciler.compare()).missing
        assert (await reconciler.glance()).state is State.SOUND


def damage(nats):
    """The disk gave half of the messages back, as after a flipped bit."""
    nats.stop()
    (folder,) = nats._base.glob("nats/jetstream/*/streams/HALCYON/msgs")
    (block,) = folder.glob("*.blk")
    block.write_bytes(block.read_bytes()[: block.stat().st_size // 2])
    (folder / "index.db").unlink(missing_ok=True)
    nats.start()


async def test_a_phantom_is_told(db, bus, reconciler):
    """As after a database went back in time and the stream did not."""
    stranger = outbox.entry(toy.made("ghost"), datetime.now(UTC))
    publisher = Publisher(bus, "toy")
    await publisher.start()
    await publisher.publish([stranger])
    assert (await reconciler.compare()).phantom == {UUID(str(stranger.event_id))}
