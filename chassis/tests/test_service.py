"""The whole process: kill it at every failpoint, and what was heard has its effect exactly once."""

import asyncio
import json
import os
import signal
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from chassis.database import Database
from chassis.failpoints import NAMES
from chassis.service import Service
from chassis.testing import eventually
from chassis.tests import toy
from chassis.tests.conftest import publish

ROOT = Path(__file__).parents[2]


@asynccontextmanager
async def process(url, nats, tmp_path, **settings):
    ready = tmp_path / "ready.json"
    ready.unlink(missing_ok=True)
    jwks = tmp_path / "jwks.json"
    jwks.write_text('{"keys": []}')
    about = {"database_url": url, "nats_url": nats.url, "ready_file": ready, "jwks": jwks}
    about |= {"nats_credentials": nats.credentials}
    about |= {"lease_seconds": "0.5", "ack_wait_seconds": "2"} | settings
    env = {f"HALCYON_{name.upper()}": str(value) for name, value in about.items()}
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "chassis.tests.toy"),
        env=os.environ | env | {"PYTHONPATH": f"{ROOT}:{ROOT / 'gen'}"},
        cwd=ROOT,
    )
    try:
        await eventually(
            lambda: asyncio.sleep(0, ready.exists() or child.returncode is not None), within=120
        )
        yield child
    finally:
        if child.returncode is None:
            child.kill()
        await child.wait()


def test_a_service_may_answer_several_contracts():
    service = Service("toy", answers=toy.serve, listens=toy.on, beside=("Box",))
    own = "halcyon.toy.v1.ToyService", "halcyon.toy.v1.BoxService"
    ours = "halcyon.operations.v1.OperationsService", "halcyon.operations.v1.AuditService"
    assert service.packages == (*own, *ours)


def stated(db, number):
    async def enough():
        sql = "SELECT 1 FROM outbox WHERE published_at IS NOT NULL"
        return len(await db.fetch(sql)) >= number

    return eventually(enough, within=30)


def handled_or_dead(db, child, number):
    """Batches are what the failpoints count, so the next is given when this one is handled."""

    async def reached():
        return child.returncode is not None or len(await db.fetch("SELECT 1 FROM tick")) >= number

    return eventually(reached, within=30)


@pytest.mark.kill
@pytest.mark.parametrize("name", sorted(NAMES))
async def test_killed_at_a_failpoint_it_finishes_after_a_restart(
    db, rows_url, nats, bus, tmp_path, name
):
    facts = [toy.made(str(n)) for n in range(100)]
    async with process(rows_url, nats, tmp_path, failpoint=f"{name}@2", batch=16) as child:
        for n in range(0, 100, 10):
            await publish(bus, *facts[n : n + 10])
            await handled_or_dead(db, child, n + 10)
        assert await asyncio.wait_for(child.wait(), 20) == -signal.SIGKILL
    async with process(rows_url, nats, tmp_path, batch=16):
        await publish(bus, *facts)
        await stated(db, 100)
    assert len(await db.fetch("SELECT 1 FROM tick")) == 100
    assert len({row[0] for row in await db.fetch("SELECT label FROM tick")}) == 100
    info = await bus._wire.jsm().stream_info("HALCYON")
    assert info.state.messages == 200


@pytest.mark.kill
async def test_told_to_stop_it_finishes_and_leaves_nothing_behind(
    db, rows_url, nats, bus, tmp_path
):
    async with process(rows_url, nats, tmp_path) as child:
        told = json.loads((tmp_path / "ready.json").read_text())
        assert told["service"] == "toy"
        assert told["pid"] == child.pid
        await publish(bus, *(toy.made(str(n)) for n in range(200)))
        await stated(db, 1)
        child.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(child.wait(), 10) == 0
    assert not await db.fetch("SELECT 1 FROM outbox WHERE published_at IS NULL")


@pytest.mark.kill
async def test_as_the_owner_it_does_not_serve(toy_url, nats, tmp_path):
    async with process(toy_url, nats, tmp_path) as child:
        assert child.returncode == 1


async def test_a_broker_that_hangs_is_survived(db, rows_url, nats, bus, tmp_path):
    async with process(rows_url, nats, tmp_path) as child:
        os.kill(nats.pid, signal.SIGSTOP)
        await asyncio.sleep(8)  # The fault itself: the broker hangs for so long.
        os.kill(nats.pid, signal.SIGCONT)
        await publish(bus, *(toy.made(str(n)) for n in range(20)))
        await stated(db, 20)
        assert child.returncode is None


@pytest.mark.kill
async def test_without_its_database_it_waits_and_then_starts(
    servers, rows_url, nats, bus, tmp_path
):
    name = rows_url.rpartition("/")[2]
    elsewhere = Database(servers.postgres.url())
    await elsewhere.fetch(f'ALTER DATABASE "{name}" RENAME TO "{name}_away"')

    async def come_back():
        await asyncio.sleep(2)  # The fault itself: the database is away for so long.
        await elsewhere.fetch(f'ALTER DATABASE "{name}_away" RENAME TO "{name}"')

    returning = asyncio.create_task(come_back())
    async with process(rows_url, nats, tmp_path) as child:
        assert child.returncode is None
    await returning
    await elsewhere.close()


@pytest.mark.kill
async def test_a_fact_that_kills_its_process_each_time_is_parked_in_the_end(
    rows_url, nats, bus, db, tmp_path
):
    """The innocent beside it are handled, and the count survives the processes."""
    deadly, innocent = toy.made("deadly"), [toy.made(f"{n}") for n in range(3)]
    ends = 0
    async with process(rows_url, nats, tmp_path, ack_wait_seconds="1"):
        await publish(bus, innocent[0], deadly, *innocent[1:])
    while not await db.fetch("SELECT 1 FROM parked"):
        assert ends < 8
        async with process(rows_url, nats, tmp_path, ack_wait_seconds="1") as child:

            async def over(child=child):
                return child.returncode is not None or bool(await db.fetch("SELECT 1 FROM parked"))

            await eventually(over, within=60)
            ends += child.returncode is not None
    ((kind, attempts),) = await db.fetch("SELECT error_class, attempts FROM parked")
    assert (kind, attempts) == ("ProcessLost", 5)
    async with process(rows_url, nats, tmp_path):
        await stated(db, 3)
    assert await db.fetch("SELECT 1 FROM attempt") == []
