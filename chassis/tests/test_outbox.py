"""A fact that was committed reaches the stream, whatever happens in between."""

import asyncio
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest

from chassis.absence import BusAway
from chassis.bus import Bus
from chassis.consumers import STREAM
from chassis.publisher import Publisher
from chassis.relay import Relay
from chassis.testing import eventually
from chassis.tests import toy


@asynccontextmanager
async def relaying(db, bus, **settings):
    publisher = Publisher(bus, "toy", **settings)
    await publisher.start()
    relay = Relay(db, bus, publisher, lease=0.5, poll=0.1)
    running = asyncio.create_task(relay.run())
    try:
        yield relay
    finally:
        running.cancel()
        db.committed.remove(relay.offer)
        await asyncio.gather(running, return_exceptions=True)


async def state(db, *labels, thing_id=None):
    facts = [toy.made(label, thing_id, n) for n, label in enumerate(labels, 1)]
    async with db.transaction() as tx:
        for fact in facts:
            tx.emit(fact)
    return facts


async def messages(bus):
    manager = bus._wire.jsm()
    last = (await manager.stream_info(STREAM)).state.last_seq
    return [await manager.get_msg(STREAM, seq) for seq in range(1, last + 1)]


def unmarked(db):
    async def none() -> bool:
        return not await db.fetch("SELECT 1 FROM outbox WHERE published_at IS NULL")

    return eventually(none, every=0.02)


@pytest.mark.parametrize("size", [1, 15, 16, 600])
async def test_facts_are_published_in_order_and_marked(db, bus, size):
    async with relaying(db, bus):
        facts = await state(db, *map(str, range(size)), thing_id=uuid4())
        await unmarked(db)
    told = await messages(bus)
    assert [toy.ThingMade.FromString(one.data).label for one in told] == [f.label for f in facts]
    headers = told[0].headers
    assert headers["ce-type"] == told[0].subject == facts[0].DESCRIPTOR.full_name
    assert headers["ce-source"] == "toy"
    assert headers["Nats-Msg-Id"] == headers["ce-id"]


async def test_what_a_crash_left_behind_is_swept(db, bus):
    await state(db, "left", "behind")
    async with relaying(db, bus):
        await unmarked(db)
    assert len(await messages(bus)) == 2


async def test_a_crash_before_the_mark_repeats_the_publish_and_the_stream_drops_the_twin(db, bus):
    await state(db, *"abcdefghijklmnopqrst")
    async with relaying(db, bus):
        await unmarked(db)
    await db.fetch("UPDATE outbox SET published_at = NULL WHERE seq % 2 = 0")
    await state(db, "more")
    async with relaying(db, bus, atomic_from=2):
        await unmarked(db)
    assert len(await messages(bus)) == 21


@pytest.mark.kill
async def test_facts_wait_for_a_broker_that_was_killed(db, bus, nats):
    async with relaying(db, bus):
        await state(db, "before")
        await unmarked(db)
        nats.kill()
        await state(db, *(f"during{n}" for n in range(40)))
        await eventually(lambda: asyncio.sleep(0, not bus.alive))
        nats.start()
        await state(db, "after")
        await unmarked(db)
    assert len(await messages(bus)) == 42


@pytest.mark.kill
async def test_two_relays_do_not_publish_the_same_rows(db, bus):
    await state(db, *(str(n) for n in range(300)))
    async with relaying(db, bus), relaying(db, bus):
        await unmarked(db)
    assert len(await messages(bus)) == 300


async def test_nobody_there_is_said_at_once():
    with pytest.raises(BusAway):
        await Bus("nats://127.0.0.1:1").connect()


async def test_who_never_called_has_nobody_to_say_goodbye_to():
    await Bus("nats://127.0.0.1:1").close()
