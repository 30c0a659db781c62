"""What scheduling does when it hears facts, on a real database."""

import asyncio
import gc
from dataclasses import replace
from datetime import UTC, timedelta
from functools import partial
from itertools import pairwise
from uuid import UUID, uuid4

import pytest

from chassis.mishaps import Conflict
from chassis.refusal import Busy, Reject
from chassis.testing import House
from services.scheduling import store
from services.scheduling.domain import Clinic, Kind, Resource, series_id
from services.scheduling.store import desks
from services.scheduling.tests.examples import (
    clinic,
    infusion_completed,
    payment_collected,
    payment_failed,
    plan,
    plan_approved,
    referral_cancelled,
)
from services.scheduling.tests.steps import (
    CONFIRMED,
    FULFILLED,
    HELD,
    RELEASED,
    WAITLISTED,
    dues,
    expire,
    held,
    keep,
    names,
    overlaps,
    series,
    until_done,
)


async def test_an_approved_plan_holds_its_whole_series(house: House) -> None:
    where = clinic()
    await keep(house, where)
    wanted = await held(house, where)
    (fact,) = await house.stated()
    kept = await series(house, wanted)
    assert (kept.status, kept.revision) == (HELD, 1)
    assert [one.number for one in fact.sessions] == list(range(1, 9))
    assert [one.start_time for one in fact.sessions] == [one.start_time for one in kept.bookings]
    assert [one.end_time for one in fact.sessions] == [one.end_time for one in kept.bookings]
    assert [one.session_id for one in fact.sessions] == [one.session_id for one in kept.bookings]
    waits = fact.hold_expire_time.ToDatetime() - fact.hold_time.ToDatetime()
    assert waits == timedelta(seconds=where.hold_seconds)
    assert fact.indication_code == "F33.2"
    assert await dues(house) == {series_id(wanted.plan_id)}


async def test_the_same_plan_again_changes_nothing(house: House) -> None:
    where = clinic()
    await keep(house, where)
    fact = plan_approved(plan(where.clinic_id))
    await house.given(fact, fact)
    await house.given(fact)
    assert names(await house.stated()) == ["SeriesHeld"]
    assert await house.count("SELECT count(*) FROM booking") == 8


async def test_a_batch_is_held_together_and_nothing_overlaps(house: House) -> None:
    clinics = [clinic(3, 4, 5), clinic(2, 2, 2)]
    for one in clinics:
        await keep(house, one)
    plans = [plan(clinics[n % 2].clinic_id) for n in range(64)]
    await house.given(*map(plan_approved, plans))
    assert names(await house.stated()) == ["SeriesHeld"] * 64
    assert await house.count("SELECT count(*) FROM booking") == 512
    assert await overlaps(house) == 0


async def test_the_agenda_says_what_the_bookings_say(house: House) -> None:
    where = clinic(3, 4, 5)
    await keep(house, where)
    plans = [plan(where.clinic_id) for _ in range(12)]
    await house.given(*map(plan_approved, plans))
    await house.given(payment_failed(plans[3], house.db.clock()), referral_cancelled(plans[5]))
    await expire(house, plans[7])
    before = await agenda(house)
    async with house.db.transaction() as tx:
        desk = await store.desk_of(tx, where.clinic_id)
        assert desk
        await desk.rebuild()
    assert await agenda(house) == before
    assert any(before.values())


async def agenda(house: House) -> dict[int, bytes]:
    rows = await house.db.fetch("SELECT day, taken FROM agenda WHERE taken <> ''")
    return {row["day"]: row["taken"] for row in rows}


async def test_a_full_clinic_waitlists(house: House) -> None:
    where = clinic(1, 1, 1, hours=(clinic().hours[0],))
    await keep(house, where)
    plans = [plan(where.clinic_id, (1,) * 20) for _ in range(6)]
    await house.given(*map(plan_approved, plans))
    stated = await house.stated()
    assert names(stated) == ["SeriesHeld"] * 5 + ["SeriesWaitlisted"]
    assert stated[-1].reason == "no_free_time"
    assert (await series(house, plans[-1])).status == WAITLISTED
    assert await overlaps(house) == 0


async def test_an_unknown_clinic_waitlists(house: House) -> None:
    wanted = plan(uuid4())
    await house.given(plan_approved(wanted))
    (fact,) = await house.stated()
    assert (fact.reason, fact.revision) == ("clinic_unknown", 1)


@pytest.mark.parametrize(
    "change",
    [
        {"sessions_per_week": []},
        {"sessions_per_week": [0, 0]},
        {"sessions_per_week": [3, -1]},
        {"sessions_per_week": [400]},
        {"infusion_minutes": 0},
        {"infusion_minutes": 1440},
        {"min_gap_hours": -1},
        {"clinic_id": "here"},
    ],
)
async def test_a_plan_that_makes_no_sense_is_rejected(
    house: House, change: dict[str, object]
) -> None:
    fact = plan_approved(plan(uuid4()))
    for name, value in change.items():
        fact.ClearField(name)  # type: ignore[arg-type]
        if value:
            repeated = isinstance(value, list)
            getattr(fact, name).extend(value) if repeated else setattr(fact, name, value)
    with pytest.raises(Reject):
        await house.given(fact)


async def test_money_confirms_and_lifts_the_deadline(house: House) -> None:
    where = clinic()
    await keep(house, where)
    wanted = await held(house, where)
    await house.stated()
    fact = payment_collected(wanted)
    await house.given(fact, fact)
    (confirmed,) = await house.stated()
    kept = await series(house, wanted)
    assert (kept.status, kept.revision, confirmed.revision) == (CONFIRMED, 2, 2)
    assert [one.start_time for one in confirmed.sessions] == [
        one.start_time for one in kept.bookings
    ]
    assert not kept.HasField("hold_expire_time")
    assert not await dues(house)
    await expire(house, wanted)
    assert not await house.stated()


async def test_news_of_an_unknown_series_waits(house: House) -> None:
    stranger = plan(uuid4())
    for fact in (payment_collected(stranger), infusion_completed(stranger, 1)):
        with pytest.raises(Busy):
            await house.given(fact)
    with pytest.raises(Busy):
        await house.given(payment_failed(stranger, house.db.clock()))


async def test_a_hold_lapses_at_its_time_and_not_before(house: House) -> None:
    where = clinic(1, 1, 1)
    await keep(house, where)
    wanted = await held(house, where)
    await house.stated()
    await expire(house, wanted, timedelta(minutes=59))
    assert not await house.stated()
    await expire(house, wanted, timedelta(minutes=1))
    (fact,) = await house.stated()
    assert (fact.reason, fact.revision) == ("hold_expired", 2)
    kept = await series(house, wanted)
    assert kept.status == RELEASED
    assert len(kept.bookings) == 8
    other = await held(house, where)
    again = await series(house, other)
    assert again.bookings[1].start_time == kept.bookings[1].start_time


async def test_a_failed_payment_gives_the_times_back(house: House) -> None:
    where = clinic()
    await keep(house, where)
    wanted = await held(house, where)
    await house.stated()
    await house.given(payment_failed(wanted, house.db.clock() - timedelta(hours=1)))
    assert not await house.stated()
    await house.given(payment_failed(wanted, house.db.clock()))
    assert [fact.reason for fact in await house.stated()] == ["payment_failed"]
    assert await house.count("SELECT count(*) FROM booking WHERE status = 'taken'") == 0
    assert not await dues(house)


async def test_late_money_takes_the_same_times_when_they_are_free(house: House) -> None:
    where = clinic(1, 1, 1)
    await keep(house, where)
    wanted = await held(house, where)
    before = (await series(house, wanted)).bookings
    await expire(house, wanted, timedelta(hours=1))
    await house.stated()
    await house.given(payment_collected(wanted))
    (fact,) = await house.stated()
    kept = await series(house, wanted)
    assert fact.DESCRIPTOR.name == "SeriesConfirmed"
    assert (kept.status, kept.revision) == (CONFIRMED, 3)
    assert [one.start_time for one in kept.bookings] == [one.start_time for one in before]
    assert not await dues(house)


async def test_late_money_is_sent_back_when_the_times_are_gone(house: House) -> None:
    where = clinic(1, 1, 1)
    await keep(house, where)
    wanted = await held(house, where)
    await expire(house, wanted, timedelta(hours=1))
    first = (await series(house, wanted)).bookings[1]
    winner = await held(house, where)
    starts = [one.start_time.seconds for one in (await series(house, winner)).bookings]
    assert first.start_time.seconds in starts
    await house.stated()
    money = payment_collected(wanted)
    await house.given(money, money)
    (fact,) = await house.stated()
    assert (fact.DESCRIPTOR.name, fact.reason) == ("SeriesReleased", "paid_too_late")
    assert len(fact.offered_times) == 8
    assert not set(starts) & {one.seconds for one in fact.offered_times}
    assert (await series(house, wanted)).status == RELEASED
    assert (await series(house, winner)).status == HELD
    assert await overlaps(house) == 0


async def test_late_money_is_sent_back_when_the_times_have_passed(house: House) -> None:
    where = clinic()
    await keep(house, where)
    wanted = await held(house, where)
    await expire(house, wanted, timedelta(days=10))
    await house.stated()
    await house.given(payment_collected(wanted))
    assert [fact.reason for fact in await house.stated()] == ["paid_too_late"]


async def test_money_for_a_withdrawn_referral_is_sent_back(house: House) -> None:
    where = clinic()
    await keep(house, where)
    wanted = await held(house, where)
    await house.given(referral_cancelled(wanted))
    await house.given(payment_collected(wanted))
    reasons = [fact.reason for fact in (await house.stated())[1:]]
    assert reasons == ["referral_cancelled", "paid_too_late"]


async def test_a_withdrawal_after_the_hold_lapsed_forbids_its_return(house: House) -> None:
    where = clinic()
    await keep(house, where)
    wanted = await held(house, where)
    await expire(house, wanted, timedelta(hours=1))
    await house.given(referral_cancelled(wanted))
    await house.given(payment_collected(wanted))
    reasons = [fact.reason for fact in (await house.stated())[1:]]
    assert reasons == ["hold_expired", "paid_too_late"]


async def test_a_plan_that_comes_after_its_withdrawal_is_released(house: House) -> None:
    where = clinic()
    await keep(house, where)
    wanted = plan(where.clinic_id)
    await house.given(referral_cancelled(wanted))
    await house.given(plan_approved(wanted))
    (fact,) = await house.stated()
    assert (fact.reason, fact.revision) == ("referral_cancelled", 1)
    assert await house.count("SELECT count(*) FROM booking") == 0
    assert not await dues(house)


async def test_a_paid_series_is_released_when_the_referral_is_withdrawn(house: House) -> None:
    where = clinic()
    await keep(house, where)
    wanted = await held(house, where)
    await house.given(payment_collected(wanted))
    await house.given(infusion_completed(wanted, 1))
    await house.given(referral_cancelled(wanted))
    await house.given(referral_cancelled(wanted))
    assert names(await house.stated()) == ["SeriesHeld", "SeriesConfirmed", "SeriesReleased"]
    statuses = await house.db.fetch("SELECT status, count(*) FROM booking GROUP BY 1 ORDER BY 1")
    assert [tuple(row) for row in statuses] == [("fulfilled", 1), ("released", 7)]


async def test_delivered_sessions_fulfil_the_series(house: House) -> None:
    where = clinic()
    await keep(house, where)
    wanted = await held(house, where, 2, 1)
    await house.given(payment_collected(wanted))
    third, first = infusion_completed(wanted, 3), infusion_completed(wanted, 1)
    await house.given(third, first, third)
    assert (await series(house, wanted)).status == CONFIRMED
    await house.given(infusion_completed(wanted, 2), first)
    kept = await series(house, wanted)
    assert kept.status == FULFILLED
    assert {one.status for one in kept.bookings} == {3}
    await house.given(referral_cancelled(wanted), payment_collected(wanted))
    assert names(await house.stated()) == ["SeriesHeld", "SeriesConfirmed"]


SEATS = ("room_id", "pump_id", "nurse_id", "monitor_id", "chair_id", "therapist_id")
TIMES = ("start_time", "infuse_time", "infuse_end_time", "room_end_time", "end_time")


def copied(column: str, place: int = 0, later: str = "10 minutes") -> str:
    """The first booking once more, somewhat later, with one seat the same and all others new."""
    seats = ", ".join(one if one == column else f"gen_random_uuid() AS {one}" for one in SEATS)
    times = ", ".join(f"{one} + interval '{later}'" for one in TIMES)
    return f"""
        INSERT INTO booking (series_id, number, clinic_id, {", ".join(SEATS)}, nurse_place,
            {", ".join(TIMES)}, status)
        SELECT gen_random_uuid(), 1, clinic_id, {seats}, {place}, {times}, 'taken'
        FROM booking ORDER BY start_time, series_id LIMIT 1 RETURNING number"""


async def with_everything(house: House, patients: int = 1) -> Clinic:
    plain = clinic(2, 2, 2)
    nurses = [replace(one, patients=patients) for one in plain.of(Kind.NURSE)]
    others = [one for one in plain.resources if one.kind != Kind.NURSE]
    more = [
        Resource(uuid4(), kind, f"{kind.value} 1")
        for kind in (Kind.MONITOR, Kind.CHAIR, Kind.THERAPIST)
    ]
    where = replace(plain, resources=(*others, *nurses, *more))
    await keep(house, where)
    return where


@pytest.mark.parametrize("column", SEATS)
async def test_the_database_refuses_an_overlap_whoever_asks(house: House, column: str) -> None:
    where = await with_everything(house)
    await held(house, where, 1)
    await house.db.fetch("UPDATE booking SET therapist_id = gen_random_uuid() RETURNING number")
    name = "nurse_place_once" if column == "nurse_id" else f"{column[:-3]}_once"
    with pytest.raises(Conflict, match=f"23P01 {name}"):
        await house.db.fetch(copied(column))
    await house.db.fetch("UPDATE booking SET status = 'released' RETURNING number")
    assert await house.db.fetch(copied(column))


async def test_a_nurse_has_as_many_patients_as_her_ratio_and_no_more(house: House) -> None:
    where = await with_everything(house, patients=2)
    await held(house, where, 1)
    assert await house.db.fetch(copied("nurse_id", 1))
    with pytest.raises(Conflict, match="23P01 nurse_place_once"):
        await house.db.fetch(copied("nurse_id", 1, "20 minutes"))
    with pytest.raises(Conflict, match="23P01 nurse_ratio"):
        await house.db.fetch(copied("nurse_id", 2))
    with pytest.raises(Conflict, match="23P01 nurse_ratio"):
        await house.db.fetch(
            "UPDATE booking SET nurse_place = 2 WHERE nurse_place = 1 RETURNING number"
        )


async def test_a_room_is_free_again_while_its_patient_recovers_in_a_chair(house: House) -> None:
    where = await with_everything(house, patients=2)
    await house.given(*[plan_approved(plan(where.clinic_id, (1,))) for _ in range(3)])
    rooms = await house.db.fetch("SELECT * FROM booking ORDER BY start_time, chair_id")
    chairs = [(row["infuse_end_time"], row["end_time"]) for row in rooms]
    assert all(before[1] <= after[0] for before, after in pairwise(sorted(chairs)))
    assert {row["room_end_time"] - row["start_time"] for row in rooms} == {timedelta(minutes=75)}
    assert {row["infuse_end_time"] - row["infuse_time"] for row in rooms} == {timedelta(minutes=45)}
    assert await overlaps(house) == 0


async def test_a_desk_that_finds_itself_wrong_starts_anew(house: House) -> None:
    where = clinic(1, 1, 1)
    await keep(house, where)
    await held(house, where)
    await house.db.fetch("DELETE FROM agenda RETURNING day")
    wanted = await held(house, where)
    assert (await series(house, wanted)).status == HELD
    assert await overlaps(house) == 0
    assert await house.count("SELECT count(*) FROM agenda") == 8


async def test_a_batch_on_a_wrong_agenda_fails_whole_and_then_works_one_by_one(
    house: House,
) -> None:
    where = clinic(1, 1, 1)
    await keep(house, where)
    await held(house, where)
    await house.db.fetch("DELETE FROM agenda RETURNING day")
    facts = [plan_approved(plan(where.clinic_id)) for _ in range(3)]
    with pytest.raises(Conflict, match="23P01"):
        await house.given(*facts)
    for fact in facts:
        await house.given(fact)
    assert names(await house.stated()) == ["SeriesHeld"] * 4
    assert await overlaps(house) == 0


async def test_a_clinic_that_changes_keeps_its_promises(house: House) -> None:
    where = clinic(2, 2, 2)
    await keep(house, where)
    await held(house, where)
    await held(house, where)
    smaller = clinic(1, 2, 2, clinic_id=where.clinic_id, zone="America/New_York")
    await keep(house, smaller)
    plans = [plan(where.clinic_id) for _ in range(8)]
    await house.given(*map(plan_approved, plans))
    assert await overlaps(house) == 0
    bookings = (await series(house, plans[0])).bookings
    assert {one.room_id for one in bookings} == {str(smaller.resources[0].resource_id)}
    opening = min(one.start_time.ToDatetime(UTC).hour for one in bookings)
    assert opening == 13


async def test_many_hold_at_once_without_overlap_or_deadlock(house: House) -> None:
    where, other = clinic(2, 2, 2), clinic(1, 1, 1, hours=(clinic().hours[0],))
    for one in (where, other):
        await keep(house, one)
    plans = [
        [plan(where.clinic_id), plan(other.clinic_id, (1,) * 20)][:: (-1) ** n] for n in range(20)
    ]
    await asyncio.gather(*[house.given(*map(plan_approved, pair)) for pair in plans])
    stated = await house.stated()
    assert len(stated) == 40
    waiting = [fact for fact in stated if fact.DESCRIPTOR.name == "SeriesWaitlisted"]
    assert {UUID(fact.clinic_id) for fact in waiting} == {other.clinic_id}
    assert len(waiting) == 15
    assert await overlaps(house) == 0


async def test_a_second_desk_is_never_waited_for(house: House) -> None:
    first, second = clinic(), clinic()
    for one in (first, second):
        await keep(house, one)
    async with house.db.transaction() as ours, house.db.transaction() as theirs:
        await store.open_desks(theirs, [second.clinic_id], careful=False)
        await store.open_desks(ours, [first.clinic_id], careful=False)
        with pytest.raises(Busy, match="DESK_BUSY"):
            await store.open_desks(ours, [second.clinic_id], careful=False)


async def test_a_transaction_that_ended_is_forgotten(house: House) -> None:
    where = clinic()
    await keep(house, where)
    await held(house, where)
    gc.collect()
    assert not desks._open


async def test_holds_and_payments_and_withdrawals_meet_without_harm(house: House) -> None:
    where = clinic(1, 1, 1)
    await keep(house, where)
    plans = [await held(house, where) for _ in range(6)]
    facts = [payment_collected(one) for one in plans]
    facts += [referral_cancelled(one) for one in plans]  # type: ignore[misc]
    facts += [plan_approved(plan(where.clinic_id)) for _ in plans]  # type: ignore[misc]
    await asyncio.gather(*[until_done(partial(house.given, fact)) for fact in facts])
    assert await overlaps(house) == 0
    for one in plans:
        assert (await series(house, one)).status == RELEASED


@pytest.mark.parametrize("first", ["pay", "expire"])
async def test_pay_against_expire(house: House, first: str) -> None:
    """Whoever has the row first decides; the other sees the new revision and does what fits it."""
    where = clinic(1, 1, 1)
    await keep(house, where)
    wanted = await held(house, where)
    await house.stated()
    house.db.travel(timedelta(hours=2))
    for turn in ("pay", "expire") if first == "pay" else ("expire", "pay"):
        if turn == "pay":
            await house.given(payment_collected(wanted))
        else:
            await house.meet("release-hold", series_id(wanted.plan_id))
    told = names(await house.stated())
    assert told == (
        ["SeriesConfirmed"] if first == "pay" else ["SeriesReleased", "SeriesConfirmed"]
    )
    assert (await series(house, wanted)).status == CONFIRMED


@pytest.mark.parametrize("seed", range(4))
async def test_pay_and_expire_and_withdraw_at_one_moment(house: House, seed: int) -> None:
    where = clinic(1, 1, 1)
    await keep(house, where)
    wanted = await held(house, where)
    house.db.travel(timedelta(hours=2))
    money, news = payment_collected(wanted), referral_cancelled(wanted)
    work = [
        lambda: house.given(money),
        lambda: house.meet("release-hold", series_id(wanted.plan_id)),
        lambda: house.given(news),
    ]
    await asyncio.gather(*[until_done(one) for one in (*work[seed % 3 :], *work[: seed % 3])])
    kept = await series(house, wanted)
    told = await house.stated()
    assert kept.status == RELEASED
    assert [one.revision for one in told if hasattr(one, "series_id")] == list(
        range(1, kept.revision + 1)
    )
    assert await house.count("SELECT count(*) FROM booking WHERE status = 'taken'") == 0
    paid = [one for one in told if one.DESCRIPTOR.name == "SeriesConfirmed"]
    sent_back = [one.reason for one in told if one.DESCRIPTOR.name == "SeriesReleased"]
    assert paid or "paid_too_late" in sent_back
