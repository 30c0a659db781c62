"""A person sees what is parked, mends the cause, and replays it once."""

from uuid import uuid4

import pytest

from chassis import parking
from chassis.consumer import Consumer
from chassis.refusal import NotFound
from chassis.subscriptions import Subscriptions
from chassis.tests import toy
from chassis.tests.conftest import wired


async def replay(db, event_id, on):
    async with db.transaction() as tx:
        await parking.replay(tx, event_id, on, "toy")


@pytest.fixture
async def poison(db, bus):
    consumer = Consumer("toy", toy.on, db, bus, max_deliver=1)
    await consumer.deliver([wired(toy.made("poison"), 7)])
    (one,) = await parking.parked(db)
    return one


async def test_it_is_listed_and_shown(db, poison):
    assert (poison.subject, poison.stream_seq) == ("halcyon.toy.events.v1.ThingMade", 7)
    assert await parking.show(db, poison.event_id) == poison


async def test_a_replay_that_fails_again_leaves_it_parked(db, poison):
    with pytest.raises(RuntimeError):
        await replay(db, poison.event_id, toy.on)
    assert await parking.parked(db) == [poison]
    assert not await db.fetch("SELECT 1 FROM inbox")


async def test_a_replay_after_the_cause_is_mended_takes_effect_once(db, poison, monkeypatch):
    mended = Subscriptions()

    @mended(toy.ThingMade)
    async def _keep(fact, tx):
        tx.put(toy.TickRow(label=fact.label))

    for _ in range(2):
        await replay(db, poison.event_id, mended)
    assert len(await db.fetch("SELECT 1 FROM tick")) == 1
    assert await parking.parked(db) == []


async def test_an_unknown_id_is_not_found(db):
    with pytest.raises(NotFound):
        await parking.show(db, uuid4())
