"""What several tests do: put a clinic on the network, look at what is kept."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from chassis.auth import Principal
from chassis.refusal import Busy
from chassis.testing import House
from halcyon.scheduling.v1 import scheduling_pb2 as nouns
from halcyon.scheduling.v1 import scheduling_service_pb2 as rpc
from services.scheduling.api import SchedulingService
from services.scheduling.domain import Clinic, Plan, series_id
from services.scheduling.tests.examples import clinic_message, plan, plan_approved

HELD = nouns.SERIES_STATUS_HELD
CONFIRMED = nouns.SERIES_STATUS_CONFIRMED
RELEASED = nouns.SERIES_STATUS_RELEASED
WAITLISTED = nouns.SERIES_STATUS_WAITLISTED
FULFILLED = nouns.SERIES_STATUS_FULFILLED

_OVERLAPS = """
WITH part AS (
    SELECT series_id, number, seat, place, during
    FROM booking, LATERAL (VALUES
        (room_id, 0, tstzrange(start_time, room_end_time)),
        (pump_id, 0, tstzrange(infuse_time, infuse_end_time)),
        (nurse_id, nurse_place, tstzrange(start_time, end_time)),
        (monitor_id, 0, tstzrange(start_time, end_time)),
        (chair_id, 0, tstzrange(infuse_end_time, end_time)),
        (therapist_id, 0, tstzrange(infuse_time, end_time))) AS one (seat, place, during)
    WHERE status = 'taken' AND seat IS NOT NULL)
SELECT count(*) FROM part a JOIN part b ON a.seat = b.seat AND a.place = b.place
    AND (a.series_id, a.number) < (b.series_id, b.number) AND a.during && b.during
"""


async def keep(house: House, clinic: Clinic, by: Principal | None = None) -> nouns.Clinic:
    request = rpc.UpdateClinicRequest(clinic=clinic_message(clinic))
    reply = await house.call(SchedulingService(house.db).UpdateClinic, request, by)
    await house.stated()
    return reply.clinic


async def series(house: House, plan: Plan, by: Principal | None = None) -> nouns.Series:
    request = rpc.GetSeriesRequest(series_id=str(series_id(plan.plan_id)))
    return (await house.call(SchedulingService(house.db).GetSeries, request, by)).series


async def held(house: House, clinic: Clinic, *weeks: int) -> Plan:
    wanted = plan(clinic.clinic_id, weeks or (3, 2, 1, 1, 1))
    await house.given(plan_approved(wanted))
    return wanted


async def overlaps(house: House) -> int:
    return await house.count(_OVERLAPS)


async def dues(house: House) -> set[UUID]:
    return {
        row["entity_id"]
        for row in await house.db.fetch("SELECT entity_id FROM due WHERE name = 'release-hold'")
    }


async def expire(house: House, plan: Plan, after: timedelta = timedelta(hours=2)) -> None:
    house.db.travel(after)
    await house.meet("release-hold", series_id(plan.plan_id))


def names(facts: list[Any]) -> list[str]:
    return [fact.DESCRIPTOR.name for fact in facts]


async def until_done(work: Callable[[], Awaitable[None]]) -> None:
    """As the consumer does: what was busy is tried again."""
    for _ in range(50):
        try:
            return await work()
        except Busy:
            await asyncio.sleep(0.02)
    raise AssertionError("busy for ever")
