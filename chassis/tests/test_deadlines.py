"""A deadline comes once, on the database's clock; an errand is repeated until it is done."""

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import uuid4

import pytest

from chassis import parking
from chassis.deadlines import Deadlines, Sweeper
from chassis.errands import Runner
from chassis.testing import eventually
from chassis.tests import toy
from chassis.tests.toy import ThingRow


@asynccontextmanager
async def running(loop):
    task = asyncio.create_task(loop.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def things(db, number, ahead=timedelta()):
    ids = [uuid4() for _ in range(number)]
    async with db.transaction() as tx:
        for thing_id in ids:
            tx.put(ThingRow(thing_id=thing_id))
            tx.due("dull", thing_id, tx.now + ahead)
    return ids


def none_of(db, sql):
    async def holds() -> bool:
        return not await db.fetch(sql)

    return holds


async def test_what_is_due_is_met_and_gone(db):
    await things(db, 100)
    async with running(Sweeper(toy.due, db)):
        await eventually(none_of(db, "SELECT 1 FROM due"), every=0.02)
    assert not await db.fetch("SELECT 1 FROM thing WHERE status <> 'dull'")


async def test_it_does_not_come_early_and_the_poll_need_not_find_it(db):
    async with running(Sweeper(toy.due, db, poll=30)):
        await things(db, 1)
        await eventually(none_of(db, "SELECT 1 FROM due"), every=0.02)
        moment = db.clock() + timedelta(seconds=0.4)
        await things(db, 1, timedelta(seconds=0.4))
        await eventually(none_of(db, "SELECT 1 FROM due"), within=15, every=0.02)
        assert db.clock() >= moment


async def test_at_rest_no_transaction_begins(db, monkeypatch):
    await things(db, 1, timedelta(minutes=1))
    monkeypatch.setattr(db, "transaction", None)
    assert await Sweeper(toy.due, db).sweep() is False
    assert len(await db.fetch("SELECT 1 FROM due")) == 1


async def test_time_may_be_made_to_pass(db):
    await things(db, 1, timedelta(days=3))
    sweeper = Sweeper(toy.due, db)
    await sweeper.sweep()
    assert await db.fetch("SELECT 1 FROM due")
    db.travel(timedelta(days=4))
    await sweeper.sweep()
    assert not await db.fetch("SELECT 1 FROM due")


async def test_what_is_lifted_does_not_come(db):
    (thing_id,) = await things(db, 1)
    async with db.transaction() as tx:
        tx.undue("dull", thing_id)
    await Sweeper(toy.due, db).sweep()
    assert not await db.fetch("SELECT 1 FROM thing WHERE status = 'dull'")


async def test_one_that_fails_is_pushed_back_and_parked_in_the_end(db):
    await things(db, 5)
    lost = uuid4()
    async with db.transaction() as tx:
        tx.due("dull", lost, tx.now)
    sweeper = Sweeper(toy.due, db)
    for attempt in range(10):
        await sweeper.sweep()
        if attempt == 0:
            ((left, attempts),) = await db.fetch("SELECT entity_id, attempts FROM due")
            assert (left, attempts) == (lost, 1)
        db.travel(timedelta(hours=1))
    assert not await db.fetch("SELECT 1 FROM due")
    (one,) = await parking.parked(db)
    assert (one.subject, one.attempts) == ("due:dull", 10)
    async with db.transaction() as tx:
        await parking.replay(tx, one.event_id, toy.on, "toy")
    assert await db.fetch("SELECT 1 FROM due")


async def test_two_sweepers_meet_each_deadline_once(db):
    await things(db, 200)
    await db.fetch("CREATE TABLE seen (id uuid)")
    due = Deadlines()

    @due("dull")
    async def _see(entity_id, tx):
        await tx.driver.execute("INSERT INTO seen VALUES ($1)", entity_id)

    async with running(Sweeper(due, db, poll=0.05)), running(Sweeper(due, db, poll=0.05)):
        await eventually(none_of(db, "SELECT 1 FROM due"), every=0.02)
    assert len(await db.fetch("SELECT id FROM seen")) == 200


@pytest.fixture
def collected():
    toy.collected.clear()
    toy.failing.clear()
    return toy.collected


async def ask(db, number):
    ids = [uuid4() for _ in range(number)]
    async with db.transaction() as tx:
        for entity_id in ids:
            tx.errand("collect", entity_id)
    return ids


async def test_an_errand_is_run_after_the_commit_and_ends_with_its_effect(db, collected):
    async with running(Runner(toy.errands, db, poll=30)):
        ids = await ask(db, 100)
        await eventually(none_of(db, "SELECT 1 FROM errand"), every=0.02)
    assert sorted(collected) == sorted(ids)
    assert len(await db.fetch("SELECT 1 FROM tick")) == 100


async def test_an_errand_left_by_a_crash_is_swept_when_its_lease_ends(db, collected):
    await ask(db, 3)
    (old,) = await ask(db, 1)
    await db.fetch("UPDATE errand SET leased_until = $1 WHERE entity_id = $2", db.clock(), old)
    async with running(Runner(toy.errands, db, poll=0.05)):
        await eventually(none_of(db, f"SELECT 1 FROM errand WHERE entity_id = '{old}'"), every=0.02)
        assert collected == [old]
        db.travel(timedelta(minutes=2))
        await eventually(none_of(db, "SELECT 1 FROM errand"), every=0.02)
    assert len(collected) == 4


async def test_one_that_fails_does_not_hold_up_the_others_and_is_tried_again(db, collected):
    async with running(Runner(toy.errands, db, poll=0.05)):
        bad = uuid4()
        toy.failing.add(bad)
        async with db.transaction() as tx:
            for entity_id in [uuid4(), bad, uuid4()]:
                tx.errand("collect", entity_id)
        await eventually(
            none_of(db, "SELECT 1 FROM errand GROUP BY name HAVING count(*) > 1"), every=0.02
        )
        toy.failing.clear()
        await eventually(none_of(db, "SELECT 1 FROM errand"), every=0.02)
    assert len(await db.fetch("SELECT 1 FROM tick")) == 3


async def test_asking_twice_is_asking_once(db, collected):
    entity_id = uuid4()
    async with running(Runner(toy.errands, db, poll=30)):
        for _ in range(2):
            async with db.transaction() as tx:
                tx.errand("collect", entity_id)
        await eventually(none_of(db, "SELECT 1 FROM errand"), every=0.02)


async def test_an_errand_that_is_done_where_it_was_asked_for_is_never_run(db, collected):
    entity_id = uuid4()
    async with running(Runner(toy.errands, db, poll=30)):
        async with db.transaction() as tx:
            tx.errand("collect", entity_id)
            tx.done("collect", entity_id)
        (other,) = await ask(db, 1)
        await eventually(none_of(db, "SELECT 1 FROM errand"), every=0.02)
    assert collected == [other]


async def test_an_errand_cannot_end_and_begin_again_at_once(db):
    entity_id = uuid4()
    with pytest.raises(ValueError, match="begin again"):
        async with db.transaction() as tx:
            tx.done("collect", entity_id)
            tx.errand("collect", entity_id)
