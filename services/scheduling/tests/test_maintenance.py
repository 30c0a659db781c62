"""Maintenance: the wall clock keeps its hour, rounds follow one another, and a word ends them."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest

from chassis.refusal import NotAllowed
from chassis.testing import House
from halcyon.intake.events.v1.intake_events_pb2 import PlanPaused, PlanResumed, PlanStopped
from halcyon.scheduling.v1 import scheduling_pb2 as nouns
from halcyon.scheduling.v1 import scheduling_service_pb2 as rpc
from services.scheduling.api import SchedulingService
from services.scheduling.domain import (
    Agenda,
    Hours,
    Plan,
    Shelf,
    Status,
    by_rule,
    deliver,
    follow_on,
    opened,
    placements,
    series_id,
    session_id,
    wish,
)
from services.scheduling.packs import policy
from services.scheduling.tests.examples import (
    clinic,
    infusion_completed,
    payment_collected,
    plan,
    plan_approved,
)
from services.scheduling.tests.steps import CONFIRMED, FULFILLED, HELD, RELEASED, keep, series

DENVER = ZoneInfo("America/Denver")
ALWAYS = tuple(Hours(weekday, 0, 1440) for weekday in range(1, 8))


def due(zone: str, last: str, every: int = 28) -> list[str]:
    """On the wall of a clinic that is always open, the sessions after one at a wall time."""
    where, here = clinic(hours=ALWAYS, zone=zone), ZoneInfo(zone)
    agenda = Agenda(Shelf(where, policy().unit_minutes))
    agenda.complete = True
    end = datetime.fromisoformat(last).replace(tzinfo=here).astimezone(UTC)
    course = opened(plan(where.clinic_id, (1,)), end)._replace(
        starts=(end,), status=Status.FULFILLED
    )
    following = follow_on(course, every, policy().maintenance_days, here, end)
    wanted = wish(following.plan, policy(), agenda, end)
    spots = by_rule(wanted, agenda, following.rule, every)
    assert isinstance(spots, tuple)
    found = placements(spots, agenda.shelf.fitting(wanted.visit), agenda)
    return [one.start.astimezone(here).isoformat(timespec="minutes") for one in found]


@pytest.mark.parametrize(
    ("zone", "last", "expected"),
    [
        ("America/Denver", "2026-10-05T09:00",
         ["2026-11-02T09:00-07:00", "2026-11-30T09:00-07:00", "2026-12-28T09:00-07:00"]),
        ("America/Denver", "2027-02-15T09:00",
         ["2027-03-15T09:00-06:00", "2027-04-12T09:00-06:00", "2027-05-10T09:00-06:00"]),
        ("Australia/Sydney", "2026-09-07T09:00",
         ["2026-10-05T09:00+11:00", "2026-11-02T09:00+11:00", "2026-11-30T09:00+11:00"]),
        ("America/Phoenix", "2026-10-05T09:00",
         ["2026-11-02T09:00-07:00", "2026-11-30T09:00-07:00", "2026-12-28T09:00-07:00"]),
        ("Pacific/Apia", "2026-10-05T09:00",
         ["2026-11-02T09:00+13:00", "2026-11-30T09:00+13:00", "2026-12-28T09:00+13:00"]),
        ("Europe/London", "2028-02-01T09:00",
         ["2028-02-29T09:00+00:00", "2028-03-28T09:00+01:00", "2028-04-25T09:00+01:00"]),
    ],
)  # fmt: skip
def test_nine_stays_nine(zone: str, last: str, expected: list[str]) -> None:
    assert due(zone, last) == expected


def test_a_wall_time_that_does_not_exist_comes_as_much_later_as_the_clock_jumps() -> None:
    found = due("America/Denver", "2027-02-14T02:30")
    assert found == [
        "2027-03-14T03:30-06:00", "2027-04-11T02:30-06:00", "2027-05-09T02:30-06:00"
    ]  # fmt: skip


def test_a_wall_time_that_comes_twice_is_the_first_of_the_two() -> None:
    assert due("America/Denver", "2026-10-04T01:30")[0] == "2026-11-01T01:30-06:00"


@pytest.mark.parametrize(("every", "count"), [(14, 6), (28, 3), (42, 2), (120, 1)])
def test_a_round_holds_what_the_horizon_holds(every: int, count: int) -> None:
    assert len(due("America/Denver", "2026-10-05T09:00", every)) == count


@pytest.fixture
async def done(house: House) -> Plan:
    """A series of one session, delivered, of a plan with maintenance every four weeks."""
    where = clinic()
    await keep(house, where)
    wanted = plan(where.clinic_id, (1,))
    approved = plan_approved(wanted)
    approved.maintenance_every_days = 28
    await house.given(approved)
    await house.given(payment_collected(wanted))
    await house.given(infusion_completed(wanted, 1))
    assert (await series(house, wanted)).status == FULFILLED
    await house.stated()
    return wanted


async def begin(house: House, wanted: Plan, every: int = 0) -> nouns.Series:
    request = rpc.BeginMaintenanceRequest(
        series_id=str(series_id(wanted.plan_id)), every_days=every
    )
    return (await house.call(SchedulingService(house.db).BeginMaintenance, request)).series


async def pay(house: House, round_: nouns.Series, wanted: Plan) -> None:
    fact = payment_collected(wanted)
    fact.series_id = round_.series_id
    await house.given(fact)


async def read(house: House, series_id: str) -> nouns.Series:
    request = rpc.GetSeriesRequest(series_id=series_id)
    return (await house.call(SchedulingService(house.db).GetSeries, request)).series


async def test_rounds_follow_one_another(house: House, done: Plan) -> None:
    course = await series(house, done)
    first = await begin(house, done)
    assert first.status == HELD
    assert "FREQ=DAILY;INTERVAL=28;COUNT=3" in first.rule
    (held,) = await house.stated()
    assert [one.session_id for one in held.sessions] == [
        session_id(identity(first), n) for n in (1, 2, 3)
    ]
    assert (await begin(house, done)) == first
    await pay(house, first, done)
    await house.stated()
    await house.meet("book-maintenance", identity(first))
    (again,) = await house.stated()
    starts = [wall(one) for one in (*first.bookings, *again.sessions)]
    begun = wall(course.bookings[0])
    assert [one - begun for one in starts] == [timedelta(days=28 * n) for n in range(1, 7)]
    await house.meet("book-maintenance", identity(first))
    assert await house.stated() == []


async def test_a_rounds_successor_is_due_before_its_last_session(house: House, done: Plan) -> None:
    first = await begin(house, done)
    await pay(house, first, done)
    ((at,),) = await house.db.fetch("SELECT due_at FROM due WHERE name = 'book-maintenance'")
    assert first.bookings[-1].start_time.ToDatetime(UTC) - at == timedelta(days=21)


async def test_a_paused_plan_is_not_booked_on_until_it_is_resumed(house: House, done: Plan) -> None:
    first = await begin(house, done)
    await pay(house, first, done)
    await house.stated()
    await house.given(news(PlanPaused, done, 5))
    await house.meet("book-maintenance", identity(first))
    assert await house.stated() == []
    await house.given(news(PlanResumed, done, 6))
    await house.given(news(PlanPaused, done, 5))
    await house.meet("book-maintenance", identity(first))
    assert len(await house.stated()) == 1


async def test_a_stopped_plan_gives_back_its_times(house: House, done: Plan) -> None:
    first = await begin(house, done)
    await pay(house, first, done)
    await house.stated()
    for _ in range(2):
        await house.given(news(PlanStopped, done, 5))
    (released,) = await house.stated()
    assert (released.series_id, released.reason) == (first.series_id, "plan_stopped")
    assert (await read(house, first.series_id)).status == RELEASED
    assert (await series(house, done)).status == FULFILLED
    with pytest.raises(NotAllowed, match="PLAN_NOT_RUNNING"):
        await begin(house, done)


async def test_maintenance_begins_after_the_course(house: House) -> None:
    where = clinic()
    await keep(house, where)
    wanted = plan(where.clinic_id, (1,))
    await house.given(plan_approved(wanted))
    await house.given(payment_collected(wanted))
    assert (await series(house, wanted)).status == CONFIRMED
    with pytest.raises(NotAllowed, match="NOT_FULFILLED"):
        await begin(house, wanted, 28)
    await house.given(infusion_completed(wanted, 1))
    with pytest.raises(NotAllowed, match="NO_RULE"):
        await begin(house, wanted)
    assert len((await begin(house, wanted, 42)).bookings) == 2


async def test_a_round_that_is_held_late_is_shifted_whole(house: House, done: Plan) -> None:
    first = await begin(house, done)
    house.db.travel(timedelta(days=40))
    await house.meet("release-hold", identity(first))
    again = await house.call(
        SchedulingService(house.db).HoldSeries, rpc.HoldSeriesRequest(series_id=first.series_id)
    )
    starts = [one.start_time.ToDatetime(UTC) for one in again.series.bookings]
    assert starts[0] > house.db.clock()
    assert [b - a for a, b in pairwise(starts)] == [timedelta(days=28)] * 2
    assert wall(again.series.bookings[0]).time() == wall(first.bookings[0]).time()


async def test_a_round_may_be_held_from_a_wanted_day(house: House, done: Plan) -> None:
    first = await begin(house, done)
    house.db.travel(timedelta(days=2))
    await house.meet("release-hold", identity(first))
    wanted = rpc.HoldSeriesRequest(series_id=first.series_id)
    wanted.start_time.FromDatetime(
        first.bookings[0].start_time.ToDatetime() + timedelta(days=1, hours=2)
    )
    again = (await house.call(SchedulingService(house.db).HoldSeries, wanted)).series
    moved = [wall(b) - wall(a) for a, b in zip(first.bookings, again.bookings, strict=True)]
    assert moved == [timedelta(days=1, hours=2)] * 3


def test_delivering_a_round_ends_it() -> None:
    at = datetime(2026, 11, 24, tzinfo=UTC)
    one = opened(plan(uuid4(), (1,)), at)._replace(status=Status.CONFIRMED, starts=(at,))
    assert deliver(one, at)[0].status == Status.FULFILLED


def wall(one: Any) -> datetime:
    at: datetime = one.start_time.ToDatetime(UTC)
    return at.astimezone(DENVER).replace(tzinfo=None)


def identity(one: nouns.Series) -> UUID:
    return UUID(one.series_id)


def news(kind: Any, wanted: Plan, revision: int) -> Any:
    return kind(
        intake_id=str(uuid4()),
        revision=revision,
        plan_id=str(wanted.plan_id),
        referral_id=str(wanted.referral_id),
        clinic_id=str(wanted.clinic_id),
    )
