"""The life of one booking: it arrives, is missed, called off or moved, and its series with it."""

import asyncio
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from chassis.refusal import NotAllowed, NotFound, Reject
from chassis.testing import House, somebody
from halcyon.referral.events.v1.referral_events_pb2 import AvailabilityStated
from halcyon.scheduling.v1 import scheduling_pb2 as nouns
from halcyon.scheduling.v1 import scheduling_service_pb2 as rpc
from services.scheduling.api import SchedulingService
from services.scheduling.domain import Clinic, Hours, Plan, series_id
from services.scheduling.tests.examples import (
    clinic,
    infusion_completed,
    payment_collected,
    plan,
    plan_approved,
    referral_cancelled,
)
from services.scheduling.tests.steps import held, keep, names, overlaps, series, until_done

DENVER = ZoneInfo("America/Denver")


async def booked(house: House, where: Clinic | None = None, *weeks: int) -> Plan:
    where = where or clinic()
    await keep(house, where)
    wanted = await held(house, where, *weeks)
    await house.given(payment_collected(wanted))
    await house.stated()
    return wanted


async def ask(house: House, verb: str, about_plan: Plan, number: int, **more: Any) -> nouns.Series:
    about = {"series_id": str(series_id(about_plan.plan_id)), "number": number}
    if verb != "Arrive":
        about["request_id"] = more.pop("request_id", str(uuid4()))
    request = getattr(rpc, f"{verb}BookingRequest")(**about, **more)
    method = getattr(SchedulingService(house.db), f"{verb}Booking")
    kept: nouns.Series = (await house.call(method, request)).series
    return kept


def stamped(moment: datetime) -> Timestamp:
    found = Timestamp()
    found.FromDatetime(moment)
    return found


def local(kept: nouns.Series) -> list[str]:
    return [
        f"{one.start_time.ToDatetime(UTC).astimezone(DENVER):%d %H:%M}" for one in kept.bookings
    ]


TAPER = ["23 08:00", "25 08:00", "27 08:00", "30 08:00", "02 08:00", "07 08:00", "14 08:00", "21 08:00"]  # fmt: skip  # noqa: E501
SHIFTED = ["23 08:00", "26 08:00", "30 08:00", "03 08:00", "07 08:00", "14 08:00", "21 08:00", "28 08:00"]  # fmt: skip  # noqa: E501


async def go_to(house: House, kept: nouns.Series, number: int, after: timedelta) -> None:
    start = kept.bookings[number - 1].start_time.ToDatetime(UTC)
    house.db.travel(start + after - house.db.clock())


async def test_a_patient_arrives_once(house: House) -> None:
    wanted = await booked(house)
    now = house.db.clock()
    kept = await ask(house, "Arrive", wanted, 1)
    assert kept.bookings[0].status == nouns.BOOKING_STATUS_ARRIVED
    assert kept.bookings[0].appointment_status == "arrived"
    house.db.travel(timedelta(minutes=10))
    again = await ask(house, "Arrive", wanted, 1)
    arrived = again.bookings[0].arrive_time.ToDatetime(UTC)
    assert abs(arrived - now) < timedelta(minutes=5)
    await house.given(infusion_completed(wanted, 1))
    done = (await series(house, wanted)).bookings[0]
    assert (done.status, done.appointment_status) == (nouns.BOOKING_STATUS_FULFILLED, "fulfilled")


async def test_a_missed_session_shifts_the_rest_and_never_compresses_it(house: House) -> None:
    wanted = await booked(house)
    before = await series(house, wanted)
    assert local(before) == TAPER
    await go_to(house, before, 2, timedelta(minutes=20))
    kept = await ask(house, "Miss", wanted, 2, revision=2)
    assert local(kept) == SHIFTED
    assert [one.status for one in kept.earlier_bookings] == [nouns.BOOKING_STATUS_NO_SHOW]
    assert kept.earlier_bookings[0].appointment_status == "noshow"
    missed, shifted = await house.stated()
    assert names([missed, shifted]) == ["BookingMissed", "SeriesRescheduled"]
    assert (missed.revision, shifted.revision, kept.revision) == (3, 4, 4)
    assert missed.session.number == 2
    assert [one.number for one in shifted.sessions] == list(range(2, 9))
    assert await overlaps(house) == 0


async def test_the_second_lapse_costs_what_the_policy_says(house: House) -> None:
    wanted = await booked(house)
    kept = await series(house, wanted)
    await go_to(house, kept, 1, timedelta(minutes=15))
    kept = await ask(house, "Miss", wanted, 1)
    await house.stated()
    await go_to(house, kept, 1, timedelta(minutes=15))
    await ask(house, "Miss", wanted, 1)
    *_, fee = await house.stated()
    assert fee.DESCRIPTOR.name == "CancellationFeeIncurred"
    assert (fee.cause, fee.charge, fee.policy) == ("no_show", "full", "halcyon-cancellation@1")
    assert fee.session_id == kept.bookings[0].session_id


async def test_who_may_still_come_or_is_there_is_not_missed(house: House) -> None:
    wanted = await booked(house)
    await go_to(house, await series(house, wanted), 1, timedelta(minutes=14))
    with pytest.raises(NotAllowed, match="NOT_MISSED"):
        await ask(house, "Miss", wanted, 1)
    await ask(house, "Arrive", wanted, 1)
    house.db.travel(timedelta(hours=1))
    with pytest.raises(NotAllowed, match="NOT_MISSED"):
        await ask(house, "Miss", wanted, 1)
    with pytest.raises(NotAllowed, match="BOOKING_BEGUN"):
        await ask(house, "Cancel", wanted, 1, reason="CANCEL_REASON_PATIENT")


async def test_a_cancelled_session_comes_later_and_its_time_is_free(house: House) -> None:
    where = clinic(1, 1, 1)
    wanted = await booked(house, where)
    kept = await ask(house, "Cancel", wanted, 2, reason="CANCEL_REASON_ILLNESS")
    assert local(kept) == SHIFTED
    assert names(await house.stated()) == ["BookingCancelled", "SeriesRescheduled"]
    other = await held(house, where, 1)
    start = (await series(house, other)).bookings[0].start_time
    assert start.ToDatetime(UTC).astimezone(DENVER).day in {23, 25}


async def test_the_same_request_again_changes_nothing(house: House) -> None:
    wanted = await booked(house)
    same = {"reason": "CANCEL_REASON_PATIENT", "request_id": str(uuid4())}
    first = await ask(house, "Cancel", wanted, 2, **same)
    assert await ask(house, "Cancel", wanted, 2, **same) == first
    assert len(await house.stated()) == 2


async def test_a_late_cancellation_costs_a_flat_fee_after_the_grace(house: House) -> None:
    wanted = await booked(house)
    await ask(house, "Cancel", wanted, 8, reason="CANCEL_REASON_PATIENT")
    await house.stated()
    await ask(house, "Cancel", wanted, 1, reason="CANCEL_REASON_PATIENT")
    *_, fee = await house.stated()
    assert (fee.charge, fee.minor_units, fee.currency_code) == ("flat", 10000, "USD")


async def test_a_session_moves_alone_when_the_others_are_far_enough(house: House) -> None:
    wanted = await booked(house)
    start = datetime(2026, 12, 8, 13, tzinfo=DENVER)
    kept = await ask(house, "Move", wanted, 6, start_time=stamped(start))
    assert local(kept) == [*TAPER[:5], "08 13:00", *TAPER[6:]]
    (fact,) = await house.stated()
    assert (fact.reason, [one.number for one in fact.sessions]) == ("moved", [6])


async def test_a_session_that_comes_too_close_shifts_the_rest(house: House) -> None:
    wanted = await booked(house)
    start = datetime(2026, 11, 26, 9, tzinfo=DENVER)
    kept = await ask(house, "Move", wanted, 2, start_time=stamped(start))
    assert local(kept) == ["23 08:00", "26 09:00", *SHIFTED[2:]]
    with pytest.raises(NotAllowed, match="TOO_CLOSE"):
        await ask(house, "Move", wanted, 2, start_time=stamped(start - timedelta(days=2)))


async def test_a_taken_time_is_refused_with_the_next_free_ones(house: House) -> None:
    where = clinic(1, 1, 1)
    wanted = await booked(house, where)
    other = await held(house, where, 1)
    taken = (await series(house, other)).bookings[0].start_time
    await house.stated()
    with pytest.raises(NotAllowed, match="TIME_TAKEN") as refused:
        await ask(house, "Move", wanted, 1, start_time=taken)
    assert list(refused.value.metadata) == ["next_1", "next_2", "next_3"]
    assert not await house.stated()
    assert local(await series(house, wanted)) == TAPER


async def test_nobody_is_moved_into_the_past_or_beyond_the_horizon(house: House) -> None:
    wanted = await booked(house)
    for days in (-3, 400):
        start = stamped(datetime(2026, 11, 23, 13, tzinfo=DENVER) + timedelta(days=days))
        with pytest.raises(NotAllowed, match="TIME_TAKEN") as refused:
            await ask(house, "Move", wanted, 1 if days < 0 else 8, start_time=start)
        assert len(refused.value.metadata) == (3 if days < 0 else 0)
    assert local(await series(house, wanted)) == TAPER


async def test_a_move_to_a_free_time_beside_another_is_decided_by_the_row_version(
    house: House,
) -> None:
    wanted = await booked(house)
    start = stamped(datetime(2026, 12, 8, 13, tzinfo=DENVER))
    await ask(house, "Move", wanted, 6, start_time=start, revision=2)
    with pytest.raises(NotAllowed, match="SERIES_CHANGED") as refused:
        await ask(house, "Move", wanted, 6, start_time=start, revision=2)
    assert refused.value.metadata == {"revision": "3"}


async def test_a_session_that_finds_no_other_time_is_dropped_and_the_rest_stays(
    house: House,
) -> None:
    mondays = clinic(1, 1, 1, hours=(Hours(1, 480, 600),))
    wanted = await booked(house, mondays, 1)
    for _ in range(30):
        await held(house, mondays, 1)
    await house.stated()
    kept = await ask(house, "Cancel", wanted, 1, reason="CANCEL_REASON_CLINIC")
    assert kept.bookings[0].status == nouns.BOOKING_STATUS_RELEASED
    assert names(await house.stated()) == ["BookingCancelled"]
    assert (await series(house, await held(house, mondays, 1))).bookings[0].start_time == (
        kept.bookings[0].start_time
    )


async def test_only_a_paid_series_has_visits(house: House) -> None:
    where = clinic()
    await keep(house, where)
    wanted = await held(house, where)
    for verb, more in (("Arrive", {}), ("Cancel", {"reason": "CANCEL_REASON_PATIENT"})):
        with pytest.raises(NotAllowed, match="BOOKING_CLOSED"):
            await ask(house, verb, wanted, 1, **more)
    with pytest.raises(NotFound, match="BOOKING_NOT_FOUND"):
        await ask(house, "Arrive", wanted, 9)
    await house.given(payment_collected(wanted), referral_cancelled(wanted))
    with pytest.raises(NotAllowed, match="BOOKING_CLOSED"):
        await ask(house, "Arrive", wanted, 1)


async def test_another_clinic_sees_nothing(house: House) -> None:
    wanted = await booked(house)
    stranger = somebody("nurse", clinics=frozenset({uuid4()}))
    request = rpc.ArriveBookingRequest(series_id=str(series_id(wanted.plan_id)), number=1)
    with pytest.raises(NotFound, match="SERIES_NOT_FOUND"):
        await house.call(SchedulingService(house.db).ArriveBooking, request, stranger)


async def test_preferences_are_kept_for_a_plan_that_comes_later(house: House) -> None:
    where = clinic()
    await keep(house, where)
    wanted = plan(where.clinic_id)
    asked = nouns.Preferences(
        windows=[
            nouns.OpeningHours(weekday=day, open_minute=780, close_minute=1020)
            for day in range(1, 6)
        ],
        nurse=nouns.NURSE_PREFERENCE_NAMED,
        nurse_id=str(where.resources[-1].resource_id),
    )
    request = rpc.UpdatePreferencesRequest(referral_id=str(wanted.referral_id), preferences=asked)
    reply = await house.call(SchedulingService(house.db).UpdatePreferences, request)
    assert reply.preferences == asked
    await house.given(plan_approved(wanted))
    kept = await series(house, wanted)
    assert {one[3:] for one in local(kept)} == {"13:00"}
    assert {UUID(one.nurse_id) for one in kept.bookings} == {where.resources[-1].resource_id}


async def test_what_a_clinic_says_before_there_is_a_plan_counts_there_only(house: House) -> None:
    here, there = clinic(), clinic()
    await keep(house, here)
    await keep(house, there)
    wanted, update = plan(here.clinic_id), SchedulingService(house.db).UpdatePreferences

    async def say(where: Clinic, opens: int) -> None:
        hours = [
            nouns.OpeningHours(weekday=day, open_minute=opens, close_minute=opens + 240)
            for day in range(1, 6)
        ]
        request = rpc.UpdatePreferencesRequest(
            referral_id=str(wanted.referral_id), preferences=nouns.Preferences(windows=hours)
        )
        mine = somebody("coordinator", clinics=frozenset({where.clinic_id}))
        await house.call(update, request, mine)

    await say(here, 780)
    await say(there, 480)
    await house.given(plan_approved(wanted))
    assert {one[3:] for one in local(await series(house, wanted))} == {"13:00"}
    await say(there, 480)  # they are not told that it is planned elsewhere
    assert {one[3:] for one in local(await series(house, wanted))} == {"13:00"}
    sending = rpc.TransferSeriesRequest(
        series_id=str(series_id(wanted.plan_id)), clinic_id=str(there.clinic_id)
    )
    sent = await house.call(SchedulingService(house.db).TransferSeries, sending)
    assert {one[3:] for one in local(sent.series)} == {"13:00"}


def when(wanted: Plan, revision: int, *windows: str, first: str = "") -> AvailabilityStated:
    return AvailabilityStated(
        referral_id=str(wanted.referral_id),
        revision=revision,
        earliest_date=first,
        windows=windows,
    )


async def test_a_series_is_held_when_the_referrer_says_that_the_patient_can_come(
    house: House,
) -> None:
    where = clinic()
    await keep(house, where)
    wanted = plan(where.clinic_id)
    first = (house.db.clock() + timedelta(days=20)).date()
    afternoons = [f"{day}/780-1020" for day in range(1, 6)]
    await house.given(
        when(wanted, 4, *afternoons, first=first.isoformat()), when(wanted, 3, "1/480-600")
    )
    await house.given(plan_approved(wanted))
    kept = await series(house, wanted)
    assert {one[3:] for one in local(kept)} == {"13:00"}
    assert kept.bookings[0].start_time.ToDatetime().date() >= first


async def test_staffs_word_on_wishes_keeps_the_day_that_the_referrer_told(house: House) -> None:
    where = clinic()
    await keep(house, where)
    wanted = plan(where.clinic_id)
    first = (house.db.clock() + timedelta(days=20)).date()
    await house.given(when(wanted, 4, "1/480-1020", first=first.isoformat()))
    liked = nouns.Preferences(therapy=nouns.THERAPY_UNSPECIFIED)
    request = rpc.UpdatePreferencesRequest(referral_id=str(wanted.referral_id), preferences=liked)
    await house.call(SchedulingService(house.db).UpdatePreferences, request)
    await house.given(plan_approved(wanted))
    kept = await series(house, wanted)
    assert kept.bookings[0].start_time.ToDatetime().date() >= first


@pytest.mark.parametrize(
    ("windows", "first"),
    [(["8/0-60"], ""), (["1/60-60"], ""), (["1/0-1441"], ""), (["one"], ""), ([], "2026-02-30")],
)
async def test_an_availability_that_cannot_be_read_is_refused(
    house: House, windows: list[str], first: str
) -> None:
    with pytest.raises(Reject):
        await house.given(when(plan(clinic().clinic_id), 3, *windows, first=first))


@pytest.mark.parametrize("order", ["move first", "pay first", "at once"])
async def test_move_against_pay(house: House, order: str) -> None:
    """A held series may be moved; money confirms the times it has when the money comes."""
    where = clinic()
    await keep(house, where)
    wanted = await held(house, where)
    await house.stated()
    start = stamped(datetime(2026, 12, 8, 13, tzinfo=DENVER))
    if order == "at once":
        await asyncio.gather(
            ask(house, "Move", wanted, 6, start_time=start),
            house.given(payment_collected(wanted)),
        )
    elif order == "move first":
        await ask(house, "Move", wanted, 6, start_time=start, revision=1)
        await house.given(payment_collected(wanted))
    else:
        await house.given(payment_collected(wanted))
        with pytest.raises(NotAllowed, match="SERIES_CHANGED"):
            await ask(house, "Move", wanted, 6, start_time=start, revision=1)
        await ask(house, "Move", wanted, 6, start_time=start, revision=2)
    told = await house.stated()
    kept = await series(house, wanted)
    assert kept.status == nouns.SERIES_STATUS_CONFIRMED
    assert sorted(names(told)) == ["SeriesConfirmed", "SeriesRescheduled"]
    assert [one.revision for one in told] == [2, 3]
    last = {one.number: one.start_time for fact in told for one in fact.sessions}
    assert [one.start_time for one in kept.bookings] == [last[n] for n in range(1, 9)]


@pytest.mark.parametrize("order", [0, 1, 2])
async def test_cancel_against_confirm(house: House, order: int) -> None:
    """Whichever comes first, a withdrawn referral keeps no time and the money is not forgotten."""
    where = clinic()
    await keep(house, where)
    wanted = await held(house, where)
    await house.stated()
    facts = [payment_collected(wanted), referral_cancelled(wanted)]
    if order == 2:
        await asyncio.gather(*[until_done(partial(house.given, one)) for one in facts])
    else:
        for one in facts[:: 1 - 2 * order]:
            await house.given(one)
    told = await house.stated()
    assert (await series(house, wanted)).status == nouns.SERIES_STATUS_RELEASED
    assert [one.revision for one in told] == [2, 3]
    assert "SeriesConfirmed" in names(told) or told[-1].reason == "paid_too_late"
    assert await house.count("SELECT count(*) FROM booking WHERE status = 'taken'") == 0
