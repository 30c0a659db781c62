"""What the stream lost is seen and published again; a consumer that got ahead begins anew."""

import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import zip_longest
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis import comparing, outbox
from chassis.comparing import Merge
from chassis.consumer import Consumer
from chassis.database import Database
from chassis.operations import Operable
from chassis.operations.api import Operations
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
    return (await bus.jetstream.manager().stream_info("HALCYON")).state.messages


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
        await bus.jetstream.manager().purge_stream("HALCYON")
        assert len((await reconciler.compare()).missing) == 4
        await rebuild(db, reconciler)
        await ticks(db, 4)


async def test_rebuilds_at_once_do_not_wait_for_each_others_lines(toy_url, bus, consumer):
    few = Database(toy_url, pool=2)
    try:
        reconciler = Reconciler(few, bus, "toy", consumer.provision)
        async with asyncio.timeout(20), asyncio.TaskGroup() as calls:
            for _ in range(6):
                calls.create_task(rebuild(few, reconciler))
    finally:
        await few.close()


async def test_a_lost_stream_is_rebuilt_from_the_database(db, bus, consumer, reconciler):
    async with alive(db, bus, consumer):
        await state_things(db, 6)
        await ticks(db, 6)
        await bus.jetstream.manager().delete_stream("HALCYON")
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


async def test_what_was_overtaken_between_two_looks_is_still_a_regression(
    db, nats, bus, consumer, reconciler
):
    """New facts fill the places of the lost ones before anybody looks again, in a new process."""
    async with alive(db, bus, consumer):
        await state_things(db, 20)
        await ticks(db, 20)
        assert (await reconciler.glance()).state is State.SOUND
    await asyncio.to_thread(damage, nats)
    await overtake(db, bus)
    newcomer = Reconciler(db, bus, "toy", consumer.provision)
    assert (await newcomer.glance()).state is State.REGRESSED
    await overtake(db, bus)
    assert (await reconciler.glance()).state is State.REGRESSED, "until somebody rebuilds"
    again = Consumer("toy", on, db, bus)
    async with alive(db, bus, again):
        await rebuild(db, Reconciler(db, bus, "toy", again.provision))
        await ticks(db, 60)
        assert (await reconciler.glance()).state is State.SOUND


async def overtake(db, bus):
    """Twenty facts more, published and heard by nobody."""
    publisher = Publisher(bus, "toy")
    await publisher.start()
    relay = Relay(db, bus, publisher, lease=0.5, poll=0.1)
    loop = asyncio.create_task(relay.run())
    await state_things(db, 20)

    async def published():
        ((left,),) = await db.fetch("SELECT count(*) FROM outbox WHERE published_at IS NULL")
        return not left

    await eventually(published, within=30)
    loop.cancel()


async def test_a_new_process_knows_by_the_inbox_how_far_the_stream_reached(
    db, bus, consumer, reconciler
):
    async with alive(db, bus, consumer):
        await state_things(db, 5)
        await ticks(db, 5)
    await bus.jetstream.manager().delete_stream("HALCYON")
    await bus.jetstream.provision()
    assert (await Reconciler(db, bus, "toy", None).glance()).state is State.REGRESSED


async def test_a_comparison_by_windows_is_as_exact_as_one_of_everything(
    db, bus, consumer, reconciler
):
    async with alive(db, bus, consumer):
        await state_things(db, 23)
        await ticks(db, 23)
        for seq in (3, 11, 23):
            await bus.jetstream.manager().delete_msg("HALCYON", seq)
        compared = await comparing.compare(db, bus, "toy", "HALCYON", size=4)
        assert (len(compared.missing), compared.phantom) == (3, frozenset())
        assert compared == await reconciler.compare()


@given(st.lists(st.integers(0, 400), max_size=200), st.lists(st.integers(0, 400), max_size=200))
def test_what_is_left_of_a_merge_is_the_difference(published, carried):
    merge = Merge()
    for one, other in zip_longest(dict.fromkeys(published), dict.fromkeys(carried)):
        merge.publish([UUID(int=one)] if one is not None else [])
        merge.carry([UUID(int=other)] if other is not None else [])
    assert {one.int for one in merge.published} == set(published) - set(carried)
    assert {one.int for one in merge.carried} == set(carried) - set(published)


def test_a_merge_keeps_no_more_than_what_is_out_of_order():
    merge, most = Merge(), 0
    for at in range(0, 100_000, 500):
        merge.carry(UUID(int=n) for n in range(at, at + 500))
        most = max(most, len(merge))
        merge.publish(UUID(int=n) for n in range(at + 499, at - 1, -1))
    assert (most, len(merge)) == (500, 0)


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
