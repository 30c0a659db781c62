"""Two hundred want one slot: one has it, the others are told what is free, and nobody hangs."""

import asyncio
import os
import signal
import sys
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from chassis.database import Database
from chassis.embedded import Servers
from chassis.refusal import NotAllowed
from chassis.testing import House, eventually
from halcyon.scheduling.v1 import scheduling_service_pb2 as rpc
from services.scheduling import store
from services.scheduling.api import SchedulingService
from services.scheduling.domain import Places, Plan, series_id
from services.scheduling.tests.examples import SUNDAY, clinic, plan, plan_approved
from services.scheduling.tests.steps import HELD, keep, overlaps

WRITERS = 200
SLOT = datetime(2026, 11, 24, 17, tzinfo=UTC)


def wanting(series: UUID) -> rpc.HoldSeriesRequest:
    stamp = Timestamp()
    stamp.FromDatetime(SLOT)
    return rpc.HoldSeriesRequest(series_id=str(series), start_time=stamp)


async def waiting(house: House, count: int) -> list[Plan]:
    """Series that wait for a clinic which then opens: one room, one pump, one nurse."""
    where = clinic(1, 1, 1)
    plans = [plan(where.clinic_id, (1,)) for _ in range(count)]
    for at in range(0, count, 50):
        await house.given(*map(plan_approved, plans[at : at + 50]))
    await keep(house, where)
    return plans


async def compete(house: House, plans: list[Plan]) -> tuple[list[Any], list[NotAllowed]]:
    service = SchedulingService(house.db)
    async with asyncio.timeout(120):
        found = await asyncio.gather(
            *[house.call(service.HoldSeries, wanting(series_id(one.plan_id))) for one in plans],
            return_exceptions=True,
        )
    won = [one.series for one in found if isinstance(one, rpc.HoldSeriesResponse)]
    refused = [one for one in found if isinstance(one, NotAllowed)]
    assert len(won) + len(refused) == len(plans), [type(one) for one in found]
    return won, refused


def must_say_what_is_free(refused: list[NotAllowed]) -> None:
    for one in refused:
        assert one.reason == "TIME_TAKEN"
        others = [datetime.fromisoformat(at) for at in one.metadata.values()]
        assert len(others) == 3
        assert all(abs(at - SLOT) >= timedelta(hours=2) for at in others)


async def test_one_of_two_hundred_has_the_slot(house: House) -> None:
    plans = await waiting(house, WRITERS)
    won, refused = await compete(house, plans)
    assert [one.status for one in won] == [HELD]
    assert len(refused) == WRITERS - 1
    must_say_what_is_free(refused)
    assert await house.count("SELECT count(*) FROM booking WHERE status = 'taken'") == 1
    assert await overlaps(house) == 0


async def test_a_worker_that_is_killed_in_the_middle_of_its_hold_holds_nothing(
    house: House, servers: Servers
) -> None:
    plans = await waiting(house, WRITERS)
    ((name,),) = await house.db.fetch("SELECT current_database()")
    killed = series_id(plans[0].plan_id)
    worker = await asyncio.create_subprocess_exec(
        sys.executable, "-m", __name__, servers.postgres.url(name), str(killed),
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert worker.stdout is not None
    assert await asyncio.wait_for(worker.stdout.readline(), 60) == b"holding\n"
    others = asyncio.create_task(compete(house, plans[1:]))
    line = await asyncpg.connect(servers.postgres.url())
    await eventually(lambda: are_waiting(line, name))
    await line.close()
    worker.send_signal(signal.SIGKILL)
    await worker.wait()
    won, refused = await others
    assert [one.status for one in won] == [HELD]
    assert len(refused) == WRITERS - 2
    must_say_what_is_free(refused)
    assert await house.count("SELECT count(*) FROM booking WHERE status = 'taken'") == 1
    with pytest.raises(NotAllowed, match="TIME_TAKEN"):
        await house.call(SchedulingService(house.db).HoldSeries, wanting(killed))


async def are_waiting(line: asyncpg.Connection, database: str) -> bool:
    """Whether others wait for the desk; asked beside the pool, which is all waiting."""
    found = await line.fetchval(
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = $1",
        database,
    )
    return bool(found >= 5)


async def hold_for_ever(url: str, wanted: UUID) -> None:
    """Another worker: it has the desk and has written its bookings when it is killed."""
    db = Database(url)
    db.travel(SUNDAY - db.clock())
    async with db.transaction() as tx:
        await store.open_desks(tx, await store.clinics_of(tx, [wanted]), careful=True)
        found = await store.claim_places(tx, await store.get(tx, wanted), SLOT)
        assert isinstance(found, Places)
        await tx.flush()
        print("holding", flush=True)  # noqa: T201
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(hold_for_ever(sys.argv[1], UUID(sys.argv[2])))
