"""Thousands of random operations against a small model: after each of them everything holds.

`make test-operations` makes it as long as the promise, 10,000; the suite runs a shorter walk.
A seed is one walk, wherever it runs; `HALCYON_SEEDS=1,2,3` takes others.
"""

import os
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from chassis.refusal import Invalid, NotAllowed, NotFound
from chassis.testing import House
from halcyon.scheduling.v1 import scheduling_pb2 as nouns
from halcyon.scheduling.v1 import scheduling_service_pb2 as rpc
from services.scheduling import store
from services.scheduling.api import SchedulingService
from services.scheduling.domain import Clinic, Plan, series_id
from services.scheduling.packs import policy
from services.scheduling.tests import examples
from services.scheduling.tests.examples import (
    SUNDAY,
    clinic,
    infusion_completed,
    payment_collected,
    payment_failed,
    plan,
    plan_approved,
    plan_revised,
    plan_stopped,
    referral_cancelled,
)
from services.scheduling.tests.steps import (
    CONFIRMED,
    FULFILLED,
    HELD,
    RELEASED,
    WAITLISTED,
    keep,
    series,
)

STEPS = int(os.environ.get("HALCYON_OPERATIONS", "400"))
SEEDS = [int(one) for one in os.environ.get("HALCYON_SEEDS", "7,11").split(",")]
PATTERNS = [(1,), (2, 1), (3, 2, 1, 1, 1), (2, 2, 2)]
WITH_TIMES = {HELD, CONFIRMED}
MAY_BECOME = {
    WAITLISTED: {WAITLISTED, HELD, CONFIRMED, RELEASED},
    HELD: {HELD, CONFIRMED, RELEASED},
    CONFIRMED: {CONFIRMED, RELEASED, FULFILLED},
    RELEASED: {RELEASED, HELD, CONFIRMED},
    FULFILLED: {FULFILLED},
}
STATUSES = {"waitlisted": WAITLISTED, "held": HELD, "confirmed": CONFIRMED, "released": RELEASED, "fulfilled": FULFILLED}  # noqa: E501  # fmt: skip
_STATES = """
SELECT series_id, series.status, COALESCE(array_agg(start_time ORDER BY number)
    FILTER (WHERE booking.status = 'taken'), '{}') AS taken
FROM series LEFT JOIN booking USING (series_id) WHERE series_id = ANY($1::uuid[])
GROUP BY series_id, series.status
"""
_OVER = """
SELECT plan_id FROM series WHERE status = 'confirmed' AND rule = ''
    AND (SELECT max(start) FROM unnest(starts) AS start) < $1 ORDER BY update_time LIMIT 1
"""
_OVERLAPS = """
SELECT count(*) FROM booking a JOIN booking b ON a.clinic_id = b.clinic_id
    AND (a.series_id, a.number) < (b.series_id, b.number)
    AND b.start_time BETWEEN a.start_time - interval '4 hours' AND a.start_time + interval '4 hours'
WHERE a.status = 'taken' AND b.status = 'taken' AND (
    (a.room_id = b.room_id AND tstzrange(a.start_time, a.room_end_time)
        && tstzrange(b.start_time, b.room_end_time))
    OR (a.pump_id = b.pump_id AND tstzrange(a.infuse_time, a.infuse_end_time)
        && tstzrange(b.infuse_time, b.infuse_end_time))
    OR ((a.nurse_id, a.nurse_place) = (b.nurse_id, b.nurse_place)
        AND tstzrange(a.start_time, a.end_time) && tstzrange(b.start_time, b.end_time)))
"""
"""As in steps, but by the index of a day, so that a long walk stays quick."""


class Crash(Exception):
    """The process dies before the commit."""


class Walk:
    """A house, two clinics, and what should be true of every series."""

    def __init__(self, house: House, seed: int) -> None:
        self.house, self.random = house, random.Random(seed)
        self.service = SchedulingService(house.db)
        self.clinics: list[Clinic] = []
        self.plans: list[Plan] = []
        self.status: dict[Plan, Any] = {}
        self.closed: set[Plan] = set()
        self.refused: dict[str, int] = {}
        self.repairs: list[str] = []
        self.overridden: set[Plan] = set()
        self.rounds: list[tuple[Plan, UUID]] = []
        self.versions = 1
        self.now = self.begun = SUNDAY
        self.taken: dict[UUID, set[datetime]] = {}

    def clock(self) -> datetime:
        """Time passes by steps, not by how busy the machine is: a seed is one walk."""
        self.now += timedelta(milliseconds=1)
        return self.now

    def fresh(self) -> UUID:
        """Ids decide who is first among equals, so they come from the seed as well."""
        return UUID(int=self.random.getrandbits(128), version=4)

    async def begin(self) -> None:
        for rooms in (1, 2):
            self.clinics.append(clinic(rooms, rooms, rooms))
            await keep(self.house, self.clinics[-1])

    def some(self) -> Plan:
        return self.random.choice(self.plans[-15:])

    async def step(self) -> str:
        ways: list[Callable[[], Awaitable[None]]] = [
            *[self.hold] * 5, *[self.pay] * 7, self.fail, self.withdraw, self.expire, self.rehold,
            *[self.move] * 5, *[self.call_off] * 2, *[self.miss] * 2, self.arrive, self.deliver,
            self.close, *[self.accept] * 2, self.transfer, self.crash, self.fill, self.stop,
            self.override, self.submit, *[self.maintain] * 2, self.go_on,
            *[self.revise] * 2,
        ]  # fmt: skip
        way, self.begun = self.random.choice(ways) if self.plans else self.hold, self.now
        try:
            await way()
        except (NotAllowed, NotFound) as refusal:
            self.refused[refusal.reason] = self.refused.get(refusal.reason, 0) + 1
        self.now += timedelta(minutes=self.random.randrange(40))
        return way.__name__

    async def hear(self, *facts: Message) -> None:
        """Once, or twice in one batch, or once more later: it makes no difference."""
        twice = self.random.random() < 0.3
        await self.house.given(*facts, *(facts if twice else ()))
        if self.random.random() < 0.2:
            await self.house.given(*facts)

    async def hold(self) -> None:
        where = self.random.choice(self.clinics)
        wanted = plan(where.clinic_id, self.random.choice(PATTERNS))
        self.plans.append(wanted)
        self.status[wanted] = WAITLISTED
        await self.hear(plan_approved(wanted))

    async def pay(self) -> None:
        await self.hear(payment_collected(self.some()))

    async def fail(self) -> None:
        await self.hear(payment_failed(self.some(), self.house.db.clock()))

    async def withdraw(self) -> None:
        wanted = self.some()
        await self.hear(referral_cancelled(wanted))
        self.closed.add(wanted)

    async def expire(self) -> None:
        await self.house.meet("release-hold", series_id(self.some().plan_id))

    async def fill(self) -> None:
        for one in self.clinics:
            await self.house.meet("fill-waitlist", one.clinic_id)

    async def rehold(self) -> None:
        request = rpc.HoldSeriesRequest(series_id=str(series_id(self.some().plan_id)))
        await self.house.call(self.service.HoldSeries, request)

    async def move(self) -> None:
        wanted = self.some()
        start = self.house.db.clock() + timedelta(days=self.random.randrange(1, 40))
        stamp = Timestamp(seconds=int(start.timestamp()) // 900 * 900)
        await self.ask("Move", wanted, start_time=stamp)

    async def call_off(self) -> None:
        await self.ask("Cancel", self.some(), reason="CANCEL_REASON_PATIENT")

    async def miss(self) -> None:
        """Time passes until somebody is late."""
        late = "SELECT count(*) FROM booking WHERE status = 'taken' AND start_time < $1"
        if await self.house.count(late, self.house.db.clock() + timedelta(hours=12)):
            self.now += timedelta(hours=self.random.randrange(1, 12))
        for wanted in self.plans[-15:]:
            kept = await series(self.house, wanted)
            for one in kept.bookings if kept.status == CONFIRMED else ():
                begun = one.start_time.ToDatetime(UTC) + timedelta(minutes=15)
                if begun < self.house.db.clock() and one.status == nouns.BOOKING_STATUS_CONFIRMED:
                    request = rpc.MissBookingRequest(
                        series_id=kept.series_id, number=one.number, request_id=str(self.fresh())
                    )
                    await self.house.call(self.service.MissBooking, request)
                    return

    async def arrive(self) -> None:
        wanted = self.some()
        request = rpc.ArriveBookingRequest(series_id=str(series_id(wanted.plan_id)), number=1)
        await self.house.call(self.service.ArriveBooking, request)

    async def deliver(self) -> None:
        """What has begun is delivered."""
        wanted = self.some()
        for one in (await series(self.house, wanted)).bookings:
            if one.start_time.ToDatetime(UTC) < self.house.db.clock():
                await self.hear(infusion_completed(wanted, one.number))

    async def ask(self, verb: str, wanted: Plan, **more: Any) -> None:
        request = getattr(rpc, f"{verb}BookingRequest")(
            series_id=str(series_id(wanted.plan_id)),
            number=self.random.randrange(1, sum(wanted.weeks) + 1),
            request_id=str(self.fresh()),
            **more,
        )
        if await self.house.count("SELECT count(*) FROM booking WHERE series_id = $1", series_id(wanted.plan_id)):  # fmt: skip  # noqa: E501
            await self.house.call(getattr(self.service, f"{verb}Booking"), request)

    async def close(self) -> None:
        where = self.random.choice(self.clinics)
        begin = self.house.db.clock() + timedelta(days=self.random.randrange(14))
        end = begin + timedelta(hours=self.random.randrange(1, 30))
        request = rpc.CloseResourceRequest(
            clinic_id=str(where.clinic_id),
            resource_id=self.random.choice(["", str(where.resources[-1].resource_id)]),
            start_time=Timestamp(seconds=int(begin.timestamp())),
            end_time=Timestamp(seconds=int(end.timestamp())),
            reason=nouns.CLOSURE_REASON_OTHER,
            request_id=str(self.fresh()),
        )
        reply = await self.house.call(self.service.CloseResource, request)
        self.repairs.append(reply.repair.closure_id)

    async def accept(self) -> None:
        if self.repairs:
            request = rpc.AcceptRepairRequest(closure_id=self.repairs.pop())
            await self.house.call(self.service.AcceptRepair, request)

    async def transfer(self) -> None:
        request = rpc.TransferSeriesRequest(
            series_id=str(series_id(self.some().plan_id)),
            clinic_id=str(self.random.choice(self.clinics).clinic_id),
        )
        await self.house.call(self.service.TransferSeries, request)

    async def stop(self) -> None:
        wanted = self.some()
        await self.hear(plan_stopped(wanted, len(self.plans)))
        self.closed.add(wanted)

    async def override(self) -> None:
        wanted = self.some()
        start = self.house.db.clock() + timedelta(hours=self.random.randrange(1, 400))
        request = rpc.OverrideBookingRequest(
            series_id=str(series_id(wanted.plan_id)),
            number=self.random.randrange(1, sum(wanted.weeks) + 1),
            start_time=Timestamp(seconds=int(start.timestamp()) // 900 * 900),
            reason=nouns.OVERRIDE_REASON_CONTINUITY,
            request_id=str(self.fresh()),
        )
        await self.house.call(self.service.OverrideBooking, request)
        self.overridden.add(wanted)

    async def submit(self) -> None:
        wanted = self.some()
        start = self.house.db.clock() + timedelta(days=self.random.randrange(1, 20))
        kept = await series(self.house, wanted)
        request = rpc.SubmitRepairRequest(clinic_id=kept.clinic_id, request_id=str(self.fresh()))
        request.steps.add(
            series_id=kept.series_id,
            number=self.random.randrange(1, sum(wanted.weeks) + 1),
            start_time=Timestamp(seconds=int(start.timestamp()) // 900 * 900),
        )
        with suppress(Invalid):
            reply = await self.house.call(self.service.SubmitRepair, request)
            self.repairs.append(reply.repair.closure_id)

    async def revise(self) -> None:
        """Another length of what is to come; what finds no place is accepted later, or never."""
        wanted = self.some()
        self.versions += 1
        minutes = self.random.choice([45, 60, 90])
        await self.hear(plan_revised(wanted, self.versions, minutes))
        for one in self.clinics:
            request = rpc.ListRepairsRequest(clinic_id=str(one.clinic_id), page_size=3)
            listed = await self.house.call(self.service.ListRepairs, request)
            self.repairs += [found.closure_id for found in listed.repairs]

    async def maintain(self) -> None:
        """Of a course whose last session has begun: it is delivered to the end, and maintained."""
        over = await self.house.db.fetch(_OVER, self.house.db.clock())
        ended = {row["plan_id"] for row in over}
        wanted = next((one for one in self.plans if one.plan_id in ended), self.some())
        if wanted.plan_id in ended:
            for number in range(1, sum(wanted.weeks) + 1):
                await self.hear(infusion_completed(wanted, number))
        course = str(series_id(wanted.plan_id))
        request = rpc.BeginMaintenanceRequest(series_id=course, every_days=14)
        held = (await self.house.call(self.service.BeginMaintenance, request)).series
        self.rounds.append((wanted, UUID(held.series_id)))
        await self.pay_round(wanted, UUID(held.series_id))

    async def pay_round(self, wanted: Plan, round_id: UUID) -> None:
        paid = payment_collected(wanted)
        paid.series_id = str(round_id)
        await self.hear(paid)

    async def go_on(self) -> None:
        """The next round of one that is booked, perhaps asked for twice."""
        if self.rounds:
            _, round_id = self.random.choice(self.rounds[-5:])
            for _ in range(2):
                await self.house.meet("book-maintenance", round_id)

    async def crash(self) -> None:
        """Everything was done but the commit."""
        wanted = plan(self.random.choice(self.clinics).clinic_id)
        with pytest.raises(Crash):
            async with self.house.db.transaction() as tx:
                handlers = self.house._handlers
                await handlers.on[plan_approved(wanted).DESCRIPTOR.full_name].handle(
                    plan_approved(wanted), tx
                )
                await tx.flush()
                raise Crash
        gone = "SELECT count(*) FROM series WHERE plan_id = $1"
        assert await self.house.count(gone, wanted.plan_id) == 0

    async def check(self) -> None:
        assert await self.house.count(_OVERLAPS) == 0
        plans = {series_id(one.plan_id): one for one in self.plans[-15:]}
        for row in await self.house.db.fetch(_STATES, list(plans)):
            wanted, status = plans[row["series_id"]], STATUSES[row["status"]]
            assert status in MAY_BECOME[self.status[wanted]]
            if wanted in self.closed:
                assert status in {RELEASED, FULFILLED}
            self.status[wanted] = status
            before, taken = self.taken.get(row["series_id"], set()), set(row["taken"])
            assert all(start > self.begun for start in taken - before)
            self.taken[row["series_id"]] = taken
            assert bool(row["taken"]) <= (status in WITH_TIMES)
            must_keep_apart(row["taken"], 24 if wanted in self.overridden else 48)

    async def check_agendas(self) -> None:
        """The agenda says what the bookings say."""
        for one in self.clinics:
            before = await self.agenda(one)
            async with self.house.db.transaction() as tx:
                desk = await store.desk_of(tx, one.clinic_id)
                assert desk
                await desk.rebuild()
            after = await self.agenda(one)
            today = (self.house.db.clock() + timedelta(days=1)).toordinal()
            assert {d: v for d, v in before.items() if d > today} == {
                d: v for d, v in after.items() if d > today
            }

    async def agenda(self, one: Clinic) -> dict[int, bytes]:
        rows = await self.house.db.fetch(
            "SELECT day, taken FROM agenda WHERE taken <> '' AND clinic_id = $1", one.clinic_id
        )
        return {row["day"]: row["taken"] for row in rows}


def must_keep_apart(starts: list[datetime], gap: int) -> None:
    """An override may set gap and limits aside, but never the hard floor."""
    zone = ZoneInfo("America/Denver")
    assert starts == sorted(starts)
    assert all(after - before >= timedelta(hours=gap) for before, after in pairwise(starts))
    days = [one.astimezone(zone).toordinal() for one in starts]
    for most, span in policy().limits if gap == 48 else ():
        assert all(days[at + most] - days[at] >= span for at in range(len(days) - most))


@pytest.mark.parametrize("seed", SEEDS)
async def test_whatever_happens_everything_holds(
    house: House, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    walk = Walk(house, seed)
    monkeypatch.setattr(house.db, "clock", walk.clock)
    monkeypatch.setattr(examples, "uuid4", walk.fresh)
    await walk.begin()
    seen: dict[str, int] = {}
    for number in range(STEPS // 2):
        name = await walk.step()
        seen[name] = seen.get(name, 0) + 1
        await walk.check()
        if number % 25 == 24:
            await walk.check_agendas()
    rounds = await house.count("SELECT count(*) FROM series WHERE rule <> ''")
    told = {row[0] for row in await house.db.fetch("SELECT DISTINCT subject FROM outbox")}
    print(seen, walk.refused, rounds, len(told))  # noqa: T201
    assert "SERIES_NOT_FOUND" not in walk.refused
    assert len(seen) >= 15
    if STEPS >= 2000:
        assert len(seen) == 22
        assert len(told) >= 9
        assert rounds
