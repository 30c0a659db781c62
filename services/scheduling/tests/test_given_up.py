"""Sessions that were paid back are not to be had: their times are free for others."""

from datetime import timedelta
from uuid import uuid4

import pytest

from chassis.refusal import Busy, NotAllowed
from chassis.testing import House
from halcyon.scheduling.v1 import scheduling_pb2 as nouns
from halcyon.scheduling.v1 import scheduling_service_pb2 as rpc
from services.scheduling.api import SchedulingService
from services.scheduling.domain import Plan, series_id
from services.scheduling.tests.examples import (
    clinic,
    infusion_completed,
    payment_collected,
    plan,
    plan_approved,
    sessions_given_up,
)
from services.scheduling.tests.steps import (
    CONFIRMED,
    FULFILLED,
    RELEASED,
    held,
    keep,
    names,
    series,
)

_TAKEN = "SELECT count(*) FROM booking WHERE status = 'taken'"


async def booked(house: House) -> Plan:
    where = clinic()
    await keep(house, where)
    wanted = await held(house, where)
    await house.given(payment_collected(wanted))
    await house.stated()
    return wanted


async def test_the_last_sessions_are_given_back_and_the_rest_stand(house: House) -> None:
    wanted = await booked(house)
    await house.given(infusion_completed(wanted, 1))
    told = sessions_given_up(wanted, 6)
    await house.given(told, told)
    (fact,) = await house.stated()
    assert names([fact]) == ["SeriesConfirmed"]
    assert [one.number for one in fact.sessions] == [1, 2, 3, 4, 5, 6]
    assert await house.count(_TAKEN) == 5
    kept = await series(house, wanted)
    assert kept.status == CONFIRMED
    assert [one.status for one in kept.bookings[6:]] == [nouns.BOOKING_STATUS_RELEASED] * 2
    for number in range(2, 7):
        await house.given(infusion_completed(wanted, number))
    assert (await series(house, wanted)).status == FULFILLED


async def test_the_times_are_free_for_somebody_else(house: House) -> None:
    where = clinic(1, 1, 1)
    await keep(house, where)
    wanted = await held(house, where)
    await house.given(payment_collected(wanted))
    before = [one.start_time for one in (await series(house, wanted)).bookings]
    await house.given(sessions_given_up(wanted, 0))
    other = plan(where.clinic_id)
    await house.given(plan_approved(other))
    assert [one.start_time for one in (await series(house, other)).bookings] == before


async def test_a_series_without_a_session_to_come_is_over(house: House) -> None:
    wanted = await booked(house)
    await house.given(infusion_completed(wanted, 1), infusion_completed(wanted, 2))
    await house.given(sessions_given_up(wanted, 2))
    (fact,) = await house.stated()
    assert (names([fact]), fact.reason) == (["SeriesReleased"], "sessions_given_up")
    kept = await series(house, wanted)
    assert kept.status == RELEASED
    assert await house.count(_TAKEN) == 0
    again = rpc.HoldSeriesRequest(series_id=str(series_id(wanted.plan_id)))
    with pytest.raises(NotAllowed, match="SERIES_CLOSED"):
        await house.call(SchedulingService(house.db).HoldSeries, again)


async def test_whoever_has_arrived_keeps_the_chair(house: House) -> None:
    wanted = await booked(house)
    start = (await series(house, wanted)).bookings[0].start_time.ToDatetime(house.db.clock().tzinfo)
    house.db.travel(start - house.db.clock() - timedelta(minutes=5))
    about = rpc.ArriveBookingRequest(series_id=str(series_id(wanted.plan_id)), number=1)
    await house.call(SchedulingService(house.db).ArriveBooking, about)
    await house.given(sessions_given_up(wanted, 0))
    assert await house.count(_TAKEN) == 1
    await house.given(infusion_completed(wanted, 1))
    assert (await series(house, wanted)).bookings[0].status == nouns.BOOKING_STATUS_FULFILLED


async def test_a_series_that_a_package_pays_wholly_is_confirmed(house: House) -> None:
    where = clinic()
    await keep(house, where)
    wanted = await held(house, where)
    nothing = payment_collected(wanted)
    nothing.currency_code, nothing.minor_units = "USD", 0
    await house.given(nothing)
    assert (await series(house, wanted)).status == CONFIRMED


async def test_older_news_gives_nothing_back_twice(house: House) -> None:
    wanted = await booked(house)
    await house.given(sessions_given_up(wanted, 5, 5), sessions_given_up(wanted, 6, 4))
    assert len(await house.stated()) == 1
    assert await house.count(_TAKEN) == 5


async def test_a_series_that_is_not_paid_yet_waits_for_the_payment(house: House) -> None:
    where = clinic()
    await keep(house, where)
    wanted = await held(house, where)
    with pytest.raises(Busy):
        await house.given(sessions_given_up(wanted, 6))
    await house.given(payment_collected(wanted, uuid4()), sessions_given_up(wanted, 6))
    assert await house.count(_TAKEN) == 6
