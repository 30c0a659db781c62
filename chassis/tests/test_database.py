"""One commit, rows found once and written once, and errors told without their text."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import delete, select
from sqlmodel import col

from chassis.database import Database
from chassis.mishaps import Conflict, DatabaseAway, DatabaseFault
from chassis.tests import toy
from chassis.tests.toy import PartRow, ThingRow, TickRow


def _thing(**values):
    return ThingRow(**({"thing_id": uuid4()} | values))


async def test_every_type_comes_back_as_it_was(db):
    start = datetime(2026, 1, 2, 3, tzinfo=UTC)
    thing = _thing(
        price=Decimal("12.50"),
        seen_at=start,
        span=toy.span(start, start + timedelta(hours=1)),
        notes={"b": [1, None], "a": "ü"},
    )
    async with db.transaction() as tx:
        tx.put(thing)
    async with db.read() as tx:
        found = await tx.find(ThingRow, thing.thing_id)
        (asked,) = await tx.rows(select(ThingRow).where(col(ThingRow.price) > 1))
    assert found is asked
    assert found.model_dump() == thing.model_dump()


async def test_a_look_needs_no_transaction(db):
    thing = _thing()
    async with db.transaction() as tx:
        tx.put(thing)
    seen = await db.look(ThingRow, [thing.thing_id, uuid4()])
    assert {key: row.model_dump() for key, row in seen.items()} == {
        thing.thing_id: thing.model_dump()
    }


async def test_a_look_brings_what_is_there_by_key_and_locks_nothing(db):
    thing, other = _thing(), uuid4()
    async with db.transaction() as tx:
        tx.put(thing)
    async with db.transaction() as ours, db.transaction() as theirs:
        await theirs.find(ThingRow, thing.thing_id)
        seen = await ours.look(ThingRow, [thing.thing_id, other])
    assert list(seen) == [thing.thing_id]
    assert seen[thing.thing_id].model_dump() == thing.model_dump()


async def test_a_loaded_row_that_is_put_is_updated(db):
    thing = _thing()
    async with db.transaction() as tx:
        tx.put(thing)
    async with db.transaction() as tx:
        found = await tx.find(ThingRow, thing.thing_id)
        found.status = "polished"
        tx.put(found)
        replacement = _thing(thing_id=thing.thing_id, status="sold", notes=[1])
        tx.put(replacement)
        assert await tx.find(ThingRow, thing.thing_id) is replacement
    async with db.read() as tx:
        assert (await tx.find(ThingRow, thing.thing_id)).notes == [1]


async def test_an_unchanged_row_is_not_written(db):
    thing = _thing(notes={"a": 1}, price=Decimal("1.10"))
    async with db.transaction() as tx:
        tx.put(thing)
    before = await db.fetch("SELECT xmin FROM thing")
    async with db.transaction() as tx:
        tx.put(await tx.find(ThingRow, thing.thing_id))
    assert await db.fetch("SELECT xmin FROM thing") == before


async def test_load_knows_what_is_missing(db, monkeypatch):
    known, missing = _thing(), uuid4()
    async with db.transaction() as tx:
        tx.put(known)
        tx.put(PartRow(thing_id=known.thing_id, number=1, label="x"))
    async with db.transaction() as tx:
        await tx.load(ThingRow, [known.thing_id, missing])
        await tx.load(PartRow, [(known.thing_id, 1), (missing, 2)])
        tx._rows._driver = None
        assert await tx.find(ThingRow, missing) is None
        assert (await tx.find(ThingRow, known.thing_id)).thing_id == known.thing_id
        assert (await tx.find(PartRow, (known.thing_id, 1))).label == "x"
        assert await tx.find(PartRow, (missing, 2)) is None


async def test_children_wait_for_their_parents_and_serials_for_the_server(db):
    thing = _thing()
    async with db.transaction() as tx:
        for number in range(3):
            tx.put(PartRow(thing_id=thing.thing_id, number=number, label=str(number)))
            tx.put(TickRow(label="t"))
        tx.put(thing)
        found = await tx.rows(select(PartRow).order_by(col(PartRow.number).desc()))
        assert [part.number for part in found] == [2, 1, 0]
        await tx.execute(delete(PartRow).where(col(PartRow.number) == 2))
        await tx.execute("UPDATE part SET label = :label WHERE number = 1", {"label": "one"})
    labels = await db.fetch("SELECT label FROM part ORDER BY number")
    assert [row[0] for row in labels] == ["0", "one"]
    assert [row[0] for row in await db.fetch("SELECT id FROM tick ORDER BY id")] == [1, 2, 3]


async def test_nothing_is_kept_of_a_block_that_fails(db):
    with pytest.raises(KeyError) as caught:
        async with db.transaction() as tx:
            tx.put(_thing())
            tx.emit(toy.made())
            await tx.flush()
            raise KeyError("no") from ValueError("cause")
    assert isinstance(caught.value.__cause__, ValueError)
    assert await db.fetch("SELECT 1 FROM thing UNION SELECT 1 FROM outbox") == []


async def test_a_clash_says_which_constraint_and_nothing_of_the_data(db):
    things = [_thing(), _thing()]
    with pytest.raises(Conflict) as caught:
        async with db.transaction() as tx:
            for thing in things:
                tx.put(thing)
                tx.put(PartRow(thing_id=thing.thing_id, number=1, label="secret"))
    assert caught.value.constraint == "part_label_key"
    assert "secret" not in str(caught.value)
    assert caught.value.__suppress_context__


async def test_a_swallowed_error_cannot_be_committed(db):
    with pytest.raises(DatabaseFault):
        async with db.transaction() as tx:
            tx.put(_thing())
            with pytest.raises(asyncpg.PostgresError):
                await tx.driver.execute("SELECT 1/0")


async def test_a_revision_is_stated_once(db):
    thing_id = uuid4()
    async with db.transaction() as tx:
        tx.emit(toy.made("a", thing_id))
    with pytest.raises(Conflict) as caught:
        async with db.transaction() as tx:
            tx.emit(toy.ThingPolished(thing_id=str(thing_id), revision=1))
    assert caught.value.constraint == "outbox_revision"


async def test_find_locks_until_the_commit(db):
    thing, order = _thing(revision=0), []
    async with db.transaction() as tx:
        tx.put(thing)

    async def bump():
        async with db.transaction() as tx:
            found = await tx.find(ThingRow, thing.thing_id)
            order.append(found.revision)
            found.revision += 1
            tx.put(found)

    await asyncio.gather(*(bump() for _ in range(20)))
    assert order == list(range(20))


async def test_a_cut_line_is_replaced(db):
    with pytest.raises(DatabaseAway):
        async with db.transaction() as tx:
            await tx.driver.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    assert await db.fetch("SELECT 1")


async def test_a_cancelled_transaction_leaves_the_line_usable(db):
    begun = asyncio.Event()

    async def slow():
        async with db.transaction() as tx:
            tx.put(_thing())
            await tx.flush()
            begun.set()
            await tx.execute("SELECT pg_sleep(30)")

    cut_short = asyncio.create_task(slow())
    await begun.wait()
    cut_short.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cut_short
    async with db.transaction() as tx:
        tx.put(_thing())
    assert len(await db.fetch("SELECT 1 FROM thing")) == 1
    assert db._lines._slots._value == 16


async def test_the_clock_is_the_databases(db):
    db.travel(timedelta(hours=1))
    await db.tell_time()
    (((theirs),),) = await db.fetch("SELECT clock_timestamp()")
    assert abs(db.clock() - theirs) < timedelta(seconds=1)
    assert db.clock().tzinfo is UTC


async def test_a_small_transaction_costs_little(db):
    async def once():
        async with db.transaction() as tx:
            tx.put(ThingRow.model_construct(thing_id=(thing_id := uuid4()), revision=1, status="m"))
            tx.put(PartRow.model_construct(thing_id=thing_id, number=1, label=str(thing_id)))
            tx.emit(toy.made("a", thing_id))

    for _ in range(20):
        await once()
    began = time.process_time()
    for _ in range(200):
        await once()
    each = (time.process_time() - began) / 200
    assert each < 0.003


async def test_who_waits_for_a_line_of_its_own_is_told_so(toy_url, monkeypatch):
    monkeypatch.setattr("chassis.lines._PATIENCE", 0.05)
    db = Database(toy_url, pool=1)
    try:
        async with db.transaction():
            with pytest.raises(DatabaseAway):
                await db.fetch("SELECT 1")
        assert await db.fetch("SELECT 1")
    finally:
        await db.close()
