"""Whoever books keeps to the safety rules of the protocol, and is told which one is broken."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from google.protobuf.json_format import Parse
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given
from hypothesis import strategies as st

from chassis.refusal import NotAllowed, Reject
from chassis.testing import House, somebody
from halcyon.intake.events.v1.intake_events_pb2 import (
    BookingBarrier,
    PlanApproved,
    SafetyReviewed,
    SessionLimit,
)
from halcyon.scheduling.v1 import scheduling_pb2 as nouns
from halcyon.scheduling.v1 import scheduling_service_pb2 as rpc
from services.scheduling import domain
from services.scheduling.api import SchedulingService
from services.scheduling.domain import Clinic, Plan, series_id
from services.scheduling.domain.wish import strictest
from services.scheduling.tests.examples import (
    clinic,
    infusion_completed,
    payment_collected,
    plan,
    plan_approved,
)
from services.scheduling.tests.steps import (
    CONFIRMED,
    HELD,
    WAITLISTED,
    expire,
    keep,
    names,
    series,
)
from tools.examples import example

DENVER = ZoneInfo("America/Denver")
USUAL = (("sessions-in-7-days", 7, 3), ("sessions-in-30-days", 30, 8))


def approved(wanted: Plan, limits: Sequence[tuple[str, int, int]] = USUAL) -> PlanApproved:
    fact = plan_approved(wanted)
    for rule_id, days, most in limits:
        fact.session_limits.append(SessionLimit(rule_id=rule_id, days=days, at_most=most))
    return fact


def stamped(moment: datetime) -> Timestamp:
    found = Timestamp()
    found.FromDatetime(moment)
    return found


def reviewed(wanted: Plan, at: datetime, *barriers: tuple[str, datetime]) -> SafetyReviewed:
    return SafetyReviewed(
        intake_id=str(uuid4()),
        revision=5,
        patient_id=str(wanted.patient_id),
        barriers=[BookingBarrier(rule_id=one, begin_time=stamped(when)) for one, when in barriers],
        review_time=stamped(at),
    )


async def booked(house: House, where: Clinic, *weeks: int) -> Plan:
    wanted = plan(where.clinic_id, weeks or (3, 2, 1, 1, 1))
    await house.given(approved(wanted))
    await house.given(payment_collected(wanted))
    assert (await series(house, wanted)).status == CONFIRMED
    await house.stated()
    return wanted


async def move(house: House, wanted: Plan, number: int, start: datetime) -> nouns.Series:
    request = rpc.MoveBookingRequest(
        series_id=str(series_id(wanted.plan_id)),
        number=number,
        request_id=str(uuid4()),
        start_time=stamped(start),
    )
    return (await house.call(SchedulingService(house.db).MoveBooking, request)).series


async def hold(house: House, wanted: Plan, start: datetime | None = None) -> nouns.Series:
    request = rpc.HoldSeriesRequest(series_id=str(series_id(wanted.plan_id)))
    if start:
        request.start_time.CopyFrom(stamped(start))
    return (await house.call(SchedulingService(house.db).HoldSeries, request)).series


async def test_a_move_that_breaks_a_limit_is_refused_with_the_rule(house: House) -> None:
    where = clinic()
    await keep(house, where)
    wanted = await booked(house, where)
    before = await series(house, wanted)
    fourth_in_a_week = datetime(2026, 11, 29, 8, tzinfo=DENVER)
    with pytest.raises(NotAllowed) as refused:
        await move(house, wanted, 4, fourth_in_a_week)
    assert refused.value.reason == "SAFETY_RULE_BROKEN"
    assert refused.value.metadata["rules"] == "sessions-in-7-days"
    assert "next_1" in refused.value.metadata
    assert await series(house, wanted) == before
    assert await house.stated() == []


async def test_the_protocols_stricter_limit_holds_where_nobody_chooses(house: House) -> None:
    where = clinic()
    await keep(house, where)
    loose, strict = (plan(where.clinic_id, (3, 1)) for _ in range(2))
    await house.given(approved(loose), approved(strict, [("one-in-7-days", 7, 1)]))
    assert (await series(house, loose)).status == HELD
    assert (await series(house, strict)).status == WAITLISTED


async def test_a_hold_by_hand_after_another_course_is_refused_with_the_rule(house: House) -> None:
    where = clinic()
    await keep(house, where)
    first = await booked(house, where, 3)
    second = plan(where.clinic_id, (1,))._replace(patient_id=first.patient_id)
    await house.given(approved(second))
    kept = await series(house, first)
    days = [one.start_time.ToDatetime(UTC) for one in kept.bookings]
    chosen = (await series(house, second)).bookings[0].start_time.ToDatetime(UTC)
    assert chosen >= days[0] + timedelta(days=7)
    request = rpc.HoldSeriesRequest(series_id=str(series_id(second.plan_id)))
    await house.db.fetch("UPDATE series SET status = 'released' WHERE plan_id = $1", second.plan_id)
    await house.db.fetch(
        "UPDATE booking SET status = 'released' WHERE series_id = $1", series_id(second.plan_id)
    )
    request.start_time.CopyFrom(stamped(days[-1] + timedelta(days=2)))
    with pytest.raises(NotAllowed) as refused:
        await house.call(SchedulingService(house.db).HoldSeries, request)
    assert refused.value.reason == "SAFETY_RULE_BROKEN"
    assert refused.value.metadata["rules"] == "sessions-in-7-days"


async def test_what_is_due_bars_every_booking_by_people(house: House) -> None:
    where, there = clinic(), clinic()
    await keep(house, where)
    await keep(house, there)
    wanted = await booked(house, where)
    now = house.db.clock()
    due = now + timedelta(days=1)
    far = due + timedelta(days=90)
    await house.given(reviewed(wanted, now, ("bladder-screen-due", due), ("other", far)))
    later = datetime(2026, 12, 8, 13, tzinfo=DENVER)
    await move(house, wanted, 6, later)
    house.db.travel(timedelta(days=1, seconds=1))
    with pytest.raises(NotAllowed) as refused:
        await move(house, wanted, 6, later + timedelta(hours=1))
    assert refused.value.metadata == {"rules": "bladder-screen-due"}
    request = rpc.TransferSeriesRequest(
        series_id=str(series_id(wanted.plan_id)), clinic_id=str(there.clinic_id)
    )
    with pytest.raises(NotAllowed, match="SAFETY_RULE_BROKEN"):
        await house.call(SchedulingService(house.db).TransferSeries, request, somebody())
    await house.given(reviewed(wanted, house.db.clock(), ("bladder-screen-due", far)))
    await move(house, wanted, 6, later + timedelta(hours=1))


async def test_a_hold_by_hand_is_barred(house: House) -> None:
    where = clinic()
    wanted = plan(where.clinic_id, (1,))
    await house.given(approved(wanted))
    await keep(house, where)
    assert (await series(house, wanted)).status == WAITLISTED
    now = house.db.clock()
    await house.given(reviewed(wanted, now, ("dependence-flags", now)))
    with pytest.raises(NotAllowed) as refused:
        await hold(house, wanted)
    assert refused.value.metadata == {"rules": "dependence-flags"}
    await house.given(reviewed(wanted, now + timedelta(minutes=1)))
    assert (await hold(house, wanted)).status == HELD


async def test_nobody_overrides_what_bars_or_a_limit_of_the_protocol(house: House) -> None:
    where = clinic()
    await keep(house, where)
    wanted, now = await booked(house, where), house.db.clock()
    director = somebody("medical_director")
    request = rpc.OverrideBookingRequest(
        series_id=str(series_id(wanted.plan_id)),
        number=4,
        start_time=stamped(datetime(2026, 11, 29, 8, tzinfo=DENVER)),
        reason=nouns.OVERRIDE_REASON_CONTINUITY,
        request_id=str(uuid4()),
    )
    with pytest.raises(NotAllowed) as refused:
        await house.call(SchedulingService(house.db).OverrideBooking, request, director)
    assert refused.value.metadata == {"rules": "sessions-in-7-days"}
    request.start_time.CopyFrom(stamped(datetime(2026, 12, 1, 6, tzinfo=DENVER)))
    await house.given(reviewed(wanted, now, ("dependence-flags", now)))
    with pytest.raises(NotAllowed) as refused:
        await house.call(SchedulingService(house.db).OverrideBooking, request, director)
    assert refused.value.metadata == {"rules": "dependence-flags"}
    await house.given(reviewed(wanted, now + timedelta(minutes=1)))
    reply = await house.call(SchedulingService(house.db).OverrideBooking, request, director)
    assert list(reply.series.overrides[0].rules) == ["opening_hours", "gap"]


async def test_nobody_is_proposed_against_what_bars(house: House) -> None:
    where = clinic()
    await keep(house, where)
    wanted, now = await booked(house, where, 1), house.db.clock()
    request = rpc.SubmitRepairRequest(clinic_id=str(where.clinic_id), request_id=str(uuid4()))
    request.steps.add(
        series_id=str(series_id(wanted.plan_id)),
        number=1,
        start_time=stamped(datetime(2026, 11, 24, 8, tzinfo=DENVER)),
    )
    submit = SchedulingService(house.db).SubmitRepair
    await house.given(reviewed(wanted, now, ("dependence-flags", now)))
    with pytest.raises(NotAllowed) as refused:
        await house.call(submit, request)
    assert refused.value.metadata == {"rules": "dependence-flags"}
    await house.given(reviewed(wanted, now + timedelta(minutes=1)))
    assert len((await house.call(submit, request)).repair.steps) == 1


async def test_a_repair_brings_nobody_whom_a_rule_bars_and_does_so_when_it_is_lifted(
    house: House,
) -> None:
    where = clinic()
    await keep(house, where)
    barred, free = await booked(house, where, 1), await booked(house, where, 1)
    now, monday = house.db.clock(), datetime(2026, 11, 23, tzinfo=DENVER)
    closing = rpc.CloseResourceRequest(
        clinic_id=str(where.clinic_id),
        start_time=stamped(monday),
        end_time=stamped(monday + timedelta(days=1)),
        reason=nouns.CLOSURE_REASON_WEATHER,
        request_id=str(uuid4()),
    )
    await house.call(SchedulingService(house.db).CloseResource, closing)
    await house.given(reviewed(barred, now, ("bladder-screen-due", now)))
    accepting = rpc.AcceptRepairRequest(closure_id=closing.request_id)
    accept = SchedulingService(house.db).AcceptRepair
    done = {one.series_id: one for one in (await house.call(accept, accepting)).repair.steps}
    step = done[str(series_id(barred.plan_id))]
    assert (step.status, list(step.rules)) == (
        nouns.REPAIR_STEP_STATUS_BARRED,
        ["bladder-screen-due"],
    )
    assert done[str(series_id(free.plan_id))].status == nouns.REPAIR_STEP_STATUS_ACCEPTED
    assert (await series(house, barred)).bookings[0].start_time == step.old_start_time
    await house.given(reviewed(barred, now + timedelta(minutes=1)))
    again = (await house.call(accept, accepting)).repair.steps
    assert {one.status for one in again} == {nouns.REPAIR_STEP_STATUS_ACCEPTED}
    assert (await series(house, barred)).bookings[0].start_time == step.new_start_time


async def test_maintenance_waits_while_a_rule_bars(house: House) -> None:
    where = clinic()
    await keep(house, where)
    wanted, now = await booked(house, where, 1), house.db.clock()
    await house.given(infusion_completed(wanted, 1))
    request = rpc.BeginMaintenanceRequest(series_id=str(series_id(wanted.plan_id)), every_days=28)
    begin = SchedulingService(house.db).BeginMaintenance
    await house.given(reviewed(wanted, now, ("bladder-screen-due", now)))
    with pytest.raises(NotAllowed) as refused:
        await house.call(begin, request)
    assert refused.value.metadata == {"rules": "bladder-screen-due"}
    await house.given(reviewed(wanted, now + timedelta(minutes=1)))
    first = (await house.call(begin, request)).series
    paid = payment_collected(wanted)
    paid.series_id = first.series_id
    await house.given(paid)
    await house.given(reviewed(wanted, now + timedelta(minutes=2), ("dependence-flags", now)))
    await house.stated()
    await house.meet("book-maintenance", UUID(first.series_id))
    assert await house.stated() == []
    await house.given(reviewed(wanted, now + timedelta(minutes=3)))
    await house.meet("book-maintenance", UUID(first.series_id))
    assert names(await house.stated()) == ["SeriesHeld"]


async def test_the_waitlist_passes_over_whom_a_rule_bars(house: House) -> None:
    where = clinic(1, 1, 1)
    barred, free = plan(where.clinic_id, (1,)), plan(where.clinic_id, (1,))
    await house.given(approved(barred), approved(free))
    now = house.db.clock()
    await house.given(reviewed(barred, now, ("dependence-flags", now)))
    await keep(house, where)
    await house.meet("fill-waitlist", where.clinic_id)
    assert (await series(house, barred)).status == WAITLISTED
    assert (await series(house, free)).status == HELD
    await house.given(reviewed(barred, now + timedelta(minutes=1)))
    assert await house.count("SELECT count(*) FROM due WHERE name = 'fill-waitlist'") == 1
    await house.meet("fill-waitlist", where.clinic_id)
    assert (await series(house, barred)).status == HELD


async def test_late_money_does_not_book_whom_a_rule_bars(house: House) -> None:
    where = clinic()
    await keep(house, where)
    wanted = plan(where.clinic_id, (1,))
    await house.given(approved(wanted))
    await expire(house, wanted)
    now = house.db.clock()
    await house.given(reviewed(wanted, now, ("dependence-flags", now)))
    await house.stated()
    await house.given(payment_collected(wanted))
    (told,) = await house.stated()
    assert (told.reason, list(told.offered_times)) == ("paid_too_late", [])


async def test_of_two_reviews_the_latest_holds(house: House) -> None:
    where = clinic()
    await keep(house, where)
    wanted, now = await booked(house, where), house.db.clock()
    await house.given(reviewed(wanted, now))
    await house.given(reviewed(wanted, now - timedelta(hours=1), ("dependence-flags", now)))
    await move(house, wanted, 6, datetime(2026, 12, 8, 13, tzinfo=DENVER))


async def test_limits_nobody_can_read_are_parked(house: House) -> None:
    with pytest.raises(Reject):
        await house.given(approved(plan(uuid4()), [("sessions", 0, 3)]))
    with pytest.raises(Reject):
        await house.given(approved(plan(uuid4()), [("two words", 7, 3)]))


async def test_the_golden_facts_are_heard(house: House) -> None:
    await house.given(Parse(example("SafetyReviewed"), SafetyReviewed()))
    await house.given(Parse(example("PlanApproved"), PlanApproved()))
    assert await house.count("SELECT count(*) FROM safety") == 1
    assert await house.count("SELECT cardinality(limits) FROM series") == 1


limits = st.lists(st.tuples(st.integers(1, 6), st.sampled_from((7, 30, 90))), max_size=4)


@given(limits, limits)
def test_the_stricter_of_two_limits_holds(
    network: list[tuple[int, int]], told: list[tuple[int, int]]
) -> None:
    rules = tuple(domain.SessionLimit("a-rule", days, most) for most, days in told)
    wanted = plan(uuid4())._replace(limits=rules)
    found = {days: most for most, days in strictest(tuple(network), wanted)}
    assert found.keys() == {days for _, days in (*network, *told)}
    assert all(found[days] <= most for most, days in told)
    assert all(one < other for one, other in pairwise(sorted(found)))
