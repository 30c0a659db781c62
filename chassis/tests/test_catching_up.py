"""A service that is widened hears what was stated before, once, beside what is stated now."""

import asyncio

from nats.js.errors import NotFoundError

from chassis.catching_up import CatchingUp, Earlier
from chassis.consumer import Consumer
from chassis.consumers import STREAM
from chassis.subscriptions import Subscriptions
from chassis.testing import eventually
from chassis.tests import toy
from chassis.tests.conftest import publish

narrow, wide = Subscriptions(), Subscriptions()


@narrow(toy.ThingPolished)
@wide(toy.ThingPolished)
async def note(fact, tx):
    tx.put(toy.TickRow(label=f"polished {fact.label}"))


@wide(toy.ThingMade)
async def learn(fact, tx):
    """The fact that a later version begins to hear."""
    tx.put(toy.TickRow(label=f"made {fact.label}"))


async def labels(db):
    return sorted(row[0] for row in await db.fetch("SELECT label FROM tick"))


def polished(label):
    return toy.ThingPolished(thing_id=toy.made().thing_id, revision=1, label=label)


async def lived(db, bus, on, *facts):
    """A version of the service, until it has handled these."""
    consumer = Consumer("toy", on, db, bus)
    await consumer.provision()
    running = asyncio.create_task(consumer.run())
    ((before,),) = await db.fetch("SELECT count(*) FROM inbox")
    await publish(bus, *facts)
    heard = [fact for fact in facts if fact.DESCRIPTOR.full_name in on.subjects]

    async def settled():
        """The server may say for a moment that nothing is unread of what it has just stored."""
        ((now,),) = await db.fetch("SELECT count(*) FROM inbox")
        return now - before == len(heard) and await bus.jetstream.unread(STREAM, "toy") == 0

    await eventually(settled, every=0.02)
    consumer.stop()
    await running


async def caught_up(db, bus, catching):
    await asyncio.wait_for(catching.run(Earlier(catching.durable, wide, db, bus)), 20)


async def gone(bus, durable):
    try:
        await bus.jetstream.manager().consumer_info(STREAM, durable)
    except NotFoundError:
        return True
    return False


async def test_what_was_stated_before_the_wider_version_is_heard_once(db, bus):
    await lived(db, bus, narrow, toy.made("before"), polished("before"))
    assert await labels(db) == ["polished before"]
    catching = CatchingUp(bus, "toy")
    assert await catching.prepare(wide.subjects)
    await lived(db, bus, wide, toy.made("after"))
    assert await labels(db) == ["made after", "polished before"], "the consumer itself goes on"
    await caught_up(db, bus, catching)
    assert await labels(db) == ["made after", "made before", "polished before"]
    assert await gone(bus, catching.durable)
    assert not await catching.prepare(wide.subjects)


async def test_what_was_cut_short_is_gone_on_with_by_the_next_process(db, bus):
    await lived(db, bus, narrow, *(toy.made(str(n)) for n in range(100)))
    assert await CatchingUp(bus, "toy").prepare(wide.subjects)
    await Consumer("toy", wide, db, bus).provision()
    catching = CatchingUp(bus, "toy")
    assert await catching.prepare(wide.subjects), "the consumer is wide already, and work is left"
    await caught_up(db, bus, catching)
    assert len(await labels(db)) == 100


async def test_two_replicas_share_it_and_both_come_to_an_end(db, bus):
    await lived(db, bus, narrow, *(toy.made(str(n)) for n in range(200)))
    pair = [CatchingUp(bus, "toy") for _ in range(2)]
    assert [await one.prepare(wide.subjects) for one in pair] == [True, True]
    await asyncio.gather(*(caught_up(db, bus, one) for one in pair))
    assert len(await labels(db)) == 200


async def test_a_first_start_and_a_like_version_have_nothing_to_catch_up_with(db, bus):
    catching = CatchingUp(bus, "toy")
    assert not await catching.prepare(wide.subjects)
    await lived(db, bus, wide)
    assert not await catching.prepare(wide.subjects)
    assert not await catching.prepare(narrow.subjects)
    assert await gone(bus, catching.durable)
