"""Waitlist, transfer, repair and a revised plan at once: who has the desk first decides."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from chassis.refusal import NotAllowed
from chassis.testing import House
from halcyon.scheduling.v1 import scheduling_pb2 as nouns
from halcyon.scheduling.v1 import scheduling_service_pb2 as rpc
from services.scheduling.api import SchedulingService
from services.scheduling.domain import Clinic, Hours, Plan, series_id
from services.scheduling.tests.examples import (
    clinic,
    payment_collected,
    plan,
    plan_approved,
    plan_revised,
    referral_cancelled,
)
from services.scheduling.tests.steps import (
    CONFIRMED,
    HELD,
    RELEASED,
    WAITLISTED,
    held,
    keep,
    names,
    overlaps,
    series,
    until_done,
)

DENVER = ZoneInfo("America/Denver")
ACCEPTED, STALE = nouns.REPAIR_STEP_STATUS_ACCEPTED, nouns.REPAIR_STEP_STATUS_STALE
Work = Callable[[], Awaitable[Any]]


async def at_once(*work: Work) -> list[NotAllowed]:
    """All together, each tried again while the desk is busy; what was refused."""

    async def one(doing: Work) -> None:
        await until_done(doing)

    async with asyncio.timeout(60):
        found = await asyncio.gather(*map(one, work), return_exceptions=True)
    refused = [one for one in found if isinstance(one, NotAllowed)]
    assert len(refused) == sum(one is not None for one in found), found
    return refused


def ask(house: House, method: str, request: Any) -> Work:
    return lambda: house.call(getattr(SchedulingService(house.db), method), request)


def fact(house: House, told: Any) -> Work:
    return lambda: house.given(told)


def transfer(house: House, wanted: Plan, there: Clinic) -> Work:
    request = rpc.TransferSeriesRequest(
        series_id=str(series_id(wanted.plan_id)), clinic_id=str(there.clinic_id)
    )
    return ask(house, "TransferSeries", request)


def move(house: House, wanted: Plan, number: int, start: datetime) -> Work:
    request = rpc.MoveBookingRequest(
        series_id=str(series_id(wanted.plan_id)),
        number=number,
        request_id=str(uuid4()),
        start_time=Timestamp(seconds=int(start.timestamp())),
    )
    return ask(house, "MoveBooking", request)


async def close(house: House, where: Clinic, day: int) -> nouns.Repair:
    request = rpc.CloseResourceRequest(
        clinic_id=str(where.clinic_id), reason=nouns.CLOSURE_REASON_WEATHER, request_id=str(uuid4())
    )
    request.start_time.FromDatetime(datetime(2026, 11, day, tzinfo=DENVER).astimezone(UTC))
    request.end_time.FromDatetime(datetime(2026, 11, day + 1, tzinfo=DENVER).astimezone(UTC))
    return (await house.call(SchedulingService(house.db).CloseResource, request)).repair


def accept(house: House, repair: nouns.Repair, *only: str) -> Work:
    request = rpc.AcceptRepairRequest(closure_id=repair.closure_id, series_ids=only)
    return ask(house, "AcceptRepair", request)


async def steps(house: House, repair: nouns.Repair) -> dict[str, nouns.RepairStep]:
    request = rpc.GetRepairRequest(closure_id=repair.closure_id)
    found = (await house.call(SchedulingService(house.db).GetRepair, request)).repair
    return {one.series_id: one for one in found.steps}


async def taken_at(house: House, where: Clinic) -> int:
    query = "SELECT count(*) FROM booking WHERE status = 'taken' AND clinic_id = $1"
    return await house.count(query, where.clinic_id)


async def must_be_whole(house: House, *wanted: Plan) -> None:
    """What is taken is what the series says, at its clinic, and nothing overlaps."""
    assert await overlaps(house) == 0
    for one in wanted:
        kept, key = await series(house, one), series_id(one.plan_id)
        row = await house.db.fetch("SELECT starts FROM series WHERE series_id = $1", key)
        if kept.status in (HELD, CONFIRMED):
            starts = [each.start_time.ToDatetime(UTC) for each in kept.bookings]
            assert starts == list(row[0]["starts"])
        elsewhere = "SELECT count(*) FROM booking JOIN series USING (series_id) WHERE series_id = $1 AND booking.clinic_id <> series.clinic_id"  # noqa: E501
        assert await house.count(elsewhere, key) == 0


@pytest.mark.parametrize("seed", range(2))
async def test_one_time_given_back_goes_to_one_who_waits(house: House, seed: int) -> None:
    where = clinic(1, 1, 1, hours=(Hours(1, 480, 600),))
    await keep(house, where)
    every = (1,) * 20
    holder = await held(house, where, *every)
    waiting = [await held(house, where, *every) for _ in range(2)]
    assert {(await series(house, one)).status for one in waiting} == {WAITLISTED}
    by_hand = rpc.HoldSeriesRequest(series_id=str(series_id(waiting[1].plan_id)))
    work = [
        lambda: house.meet("fill-waitlist", where.clinic_id),
        ask(house, "HoldSeries", by_hand),
        fact(house, referral_cancelled(holder)),
        lambda: house.meet("fill-waitlist", where.clinic_id),
    ]
    await at_once(*work[seed:], *work[:seed])
    await house.meet("fill-waitlist", where.clinic_id)
    found = [(await series(house, one)).status for one in waiting]
    assert sorted(found) == sorted([HELD, WAITLISTED])
    told = names(await house.stated())
    assert told.count("SeriesHeld") == 2
    await must_be_whole(house, holder, *waiting)


@pytest.mark.parametrize("seed", range(2))
async def test_a_waiting_series_is_filled_or_withdrawn_or_sent_away_but_once(
    house: House, seed: int
) -> None:
    here, there = clinic(1, 1, 1, hours=(Hours(1, 480, 600),)), clinic()
    await keep(house, here)
    await keep(house, there)
    every = (1,) * 20
    holder, waiting = await held(house, here, *every), await held(house, here, *every)
    await house.given(referral_cancelled(holder))
    work = [
        lambda: house.meet("fill-waitlist", here.clinic_id),
        transfer(house, waiting, there),
        fact(house, referral_cancelled(waiting)),
    ]
    refused = await at_once(*work[seed:], *work[:seed])
    assert {one.reason for one in refused} <= {"SERIES_CLOSED", "TIME_TAKEN", "NO_FREE_TIME"}
    assert (await series(house, waiting)).status == RELEASED
    assert await taken_at(house, here) + await taken_at(house, there) == 0
    await must_be_whole(house, holder, waiting)


@pytest.mark.parametrize("seed", range(2))
async def test_transfer_against_pay_and_move(house: House, seed: int) -> None:
    here, there = clinic(), clinic()
    await keep(house, here)
    await keep(house, there)
    wanted = await held(house, here, 2, 1)
    await house.stated()
    friday = datetime(2026, 12, 4, 13, tzinfo=DENVER)
    work = [
        transfer(house, wanted, there),
        fact(house, payment_collected(wanted)),
        move(house, wanted, 3, friday),
    ]
    refused = await at_once(*work[seed:], *work[:seed])
    assert {one.reason for one in refused} <= {"TIME_TAKEN", "TOO_CLOSE"}
    kept = await series(house, wanted)
    assert (kept.status, kept.clinic_id) == (CONFIRMED, str(there.clinic_id))
    assert (await taken_at(house, here), await taken_at(house, there)) == (0, 3)
    told = await house.stated()
    assert sorted(one.revision for one in told) == list(range(2, 2 + len(told)))
    await must_be_whole(house, wanted)


async def test_two_clinics_want_one_series_and_one_has_it(house: House) -> None:
    here, east, west = clinic(), clinic(), clinic()
    for one in (here, east, west):
        await keep(house, one)
    wanted = await held(house, here, 2, 1)
    request = [
        rpc.TransferSeriesRequest(
            series_id=str(series_id(wanted.plan_id)), clinic_id=str(one.clinic_id), revision=1
        )
        for one in (east, west)
    ]
    (refused,) = await at_once(*[ask(house, "TransferSeries", one) for one in request])
    assert refused.reason == "SERIES_CHANGED"
    assert sorted([await taken_at(house, one) for one in (here, east, west)]) == [0, 0, 3]
    await must_be_whole(house, wanted)


async def test_the_parts_of_a_repair_are_accepted_by_several_at_once(house: House) -> None:
    where = clinic(3, 3, 3)
    await keep(house, where)
    plans = [await held(house, where, 1) for _ in range(6)]
    repair = await close(house, where, 23)
    await house.stated()
    parts = [accept(house, repair, one.series_id) for one in repair.steps]
    assert await at_once(*parts, *parts) == []
    assert {one.status for one in (await steps(house, repair)).values()} == {ACCEPTED}
    assert names(await house.stated()) == ["SeriesRescheduled"] * 6
    await must_be_whole(house, *plans)


@pytest.mark.parametrize("seed", range(2))
async def test_a_part_of_a_repair_against_move_withdrawal_and_transfer(
    house: House, seed: int
) -> None:
    here, there = clinic(2, 2, 2), clinic()
    await keep(house, here)
    await keep(house, there)
    moved, gone, sent, still = [await held(house, here, 1) for _ in range(4)]
    repair = await close(house, here, 23)
    thursday = datetime(2026, 11, 26, 8, tzinfo=DENVER)
    work = [
        accept(house, repair),
        move(house, moved, 1, thursday),
        fact(house, referral_cancelled(gone)),
        transfer(house, sent, there),
    ]
    refused = await at_once(*work[seed:], *work[:seed])
    assert {one.reason for one in refused} <= {"TIME_TAKEN"}
    found = await steps(house, repair)
    assert found[str(series_id(still.plan_id))].status == ACCEPTED
    assert {one.status for one in found.values()} <= {ACCEPTED, STALE}
    assert (await series(house, gone)).status == RELEASED
    assert (await series(house, sent)).clinic_id == str(there.clinic_id)
    assert (await taken_at(house, here), await taken_at(house, there)) == (2, 1)
    await must_be_whole(house, moved, gone, sent, still)


@pytest.mark.parametrize("seed", range(2))
async def test_a_revised_plan_against_pay_move_and_expiry(house: House, seed: int) -> None:
    where = clinic()
    await keep(house, where)
    wanted = plan(where.clinic_id, (2, 1))
    await house.given(plan_approved(wanted))
    house.db.travel(timedelta(hours=2))
    work = [
        fact(house, plan_revised(wanted, 2, 75)),
        fact(house, payment_collected(wanted)),
        move(house, wanted, 3, datetime(2026, 12, 4, 13, tzinfo=DENVER)),
        lambda: house.meet("release-hold", series_id(wanted.plan_id)),
    ]
    refused = await at_once(*work[seed:], *work[:seed])
    assert {one.reason for one in refused} <= {"BOOKING_CLOSED"}
    kept = await series(house, wanted)
    assert kept.status == CONFIRMED
    spans = {
        (one.infuse_end_time.ToDatetime() - one.infuse_time.ToDatetime()) for one in kept.bookings
    }
    assert spans == {timedelta(minutes=75)}
    await must_be_whole(house, wanted)
