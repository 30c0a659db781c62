"""Calls that wait together share a transaction, and none answers for another."""

import asyncio
from uuid import UUID, uuid4

import pytest

from chassis import telemetry
from chassis.audit import access
from chassis.audit.access import Access
from chassis.mishaps import Conflict
from chassis.refusal import NotAllowed
from chassis.tests.toy import ThingRow
from chassis.together import Together


class Shop:
    """Sells each thing once; `loads` says who shared a transaction."""

    def __init__(self, db):
        self.loads: list[list[UUID]] = []
        self.traces: dict[UUID, str] = {}
        self.sell = Together(db, load=self._load, handle=self._handle, apart=lambda one: [one]).do

    async def _load(self, tx, asked):
        self.loads.append(list(asked))
        await tx.load(ThingRow, asked)
        return [await tx.find(ThingRow, one) for one in asked]

    async def _handle(self, asked, known, tx):
        self.traces[asked] = telemetry.current_traceparent()
        if known:
            raise NotAllowed("SOLD", "Somebody has it.")
        tx.put(ThingRow(thing_id=asked))
        return asked


async def _kept(db):
    return {row["thing_id"] for row in await db.fetch("SELECT thing_id FROM thing")}


async def test_calls_that_wait_together_are_one_transaction(db):
    shop, things = Shop(db), [uuid4() for _ in range(5)]
    assert await asyncio.gather(*map(shop.sell, things)) == things
    assert shop.loads == [things]
    assert await _kept(db) >= set(things)


async def test_calls_about_the_same_see_each_other(db):
    shop, thing, other = Shop(db), uuid4(), uuid4()
    first, second, third = await asyncio.gather(
        *map(shop.sell, (thing, thing, other)), return_exceptions=True
    )
    assert (first, third) == (thing, other)
    assert isinstance(second, NotAllowed)
    assert shop.loads == [[thing, other], [thing]]


async def test_one_that_breaks_the_commit_fails_alone(db):
    shop, things, guilty = Shop(db), [uuid4(), uuid4()], uuid4()
    handle = shop._handle

    async def stumble(asked, known, tx):
        if asked == guilty:
            raise Conflict("23505")
        return await handle(asked, known, tx)

    sell = Together(db, load=shop._load, handle=stumble, apart=lambda one: [one]).do
    told = await asyncio.gather(*map(sell, (*things, guilty)), return_exceptions=True)
    assert told[:2] == things
    assert isinstance(told[2], Conflict)
    assert shop.loads[1:] == [[things[0]], [things[1]], [guilty]]


async def test_whoever_hangs_up_in_the_queue_is_forgotten(db):
    shop, thing, other = Shop(db), uuid4(), uuid4()
    leaving, staying = (asyncio.create_task(shop.sell(one)) for one in (thing, other))
    asyncio.get_running_loop().call_soon(leaving.cancel)
    assert await staying == other
    with pytest.raises(asyncio.CancelledError):
        await leaving
    assert await shop.sell(other_one := uuid4()) == other_one


async def test_each_call_is_decided_in_its_own_trace(db):
    shop, traced = Shop(db), {}

    async def call(thing):
        with telemetry.serving("/toy/Sell"):
            traced[thing] = telemetry.current_traceparent()
            await shop.sell(thing)

    await asyncio.gather(*(call(uuid4()) for _ in range(3)))
    assert shop.traces == traced
    assert len(set(traced.values())) == 3


async def _told(db, opening: Access) -> int:
    """How many audit entries two calls of one access leave."""
    shop, method = Shop(db), opening.method
    access.begin(opening)
    await asyncio.gather(shop.sell(uuid4()), shop.sell(uuid4()))
    access.begin(None)
    return len(await db.fetch("SELECT FROM audit WHERE method = $1", method))


async def test_a_stream_that_is_told_of_leaves_no_entry_with_each_message(db):
    assert await _told(db, Access(f"unary/{uuid4()}", reads=False)) == 2
    assert await _told(db, Access(f"open/{uuid4()}", reads=False, once=True, recorded=True)) == 0
