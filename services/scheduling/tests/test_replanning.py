"""A revised plan holds for the sessions to come: at their times, or as a coordinator accepts."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from google.protobuf.json_format import Parse
from google.protobuf.timestamp_pb2 import Timestamp

from chassis.refusal import Busy, NotFound, Reject
from chassis.testing import House, somebody
from halcyon.intake.events.v1.intake_events_pb2 import PlanApproved, PlanRevised
from halcyon.scheduling.v1 import scheduling_pb2 as nouns
from halcyon.scheduling.v1 import scheduling_service_pb2 as rpc
from services.scheduling.api import SchedulingService
from services.scheduling.domain import Clinic, Kind, Plan, series_id
from services.scheduling.tests.examples import (
    clinic,
    infusion_completed,
    payment_collected,
    plan,
    plan_approved,
    plan_revised,
    plan_stopped,
)
from services.scheduling.tests.steps import (
    CONFIRMED,
    HELD,
    WAITLISTED,
    held,
    keep,
    names,
    overlaps,
    series,
)
from services.scheduling.tests.test_psychotherapy import with_therapists
from tools.examples import example

DENVER = ZoneInfo("America/Denver")
ACCEPTED, PROPOSED = nouns.REPAIR_STEP_STATUS_ACCEPTED, nouns.REPAIR_STEP_STATUS_PROPOSED


async def booked(house: House, where: Clinic, *weeks: int) -> Plan:
    wanted = await held(house, where, *weeks)
    await house.given(payment_collected(wanted))
    assert (await series(house, wanted)).status == CONFIRMED
    await house.stated()
    return wanted


def starts(kept: nouns.Series) -> list[datetime]:
    return [one.start_time.ToDatetime(UTC) for one in kept.bookings]


def minutes(kept: nouns.Series) -> list[int]:
    spans = [
        one.infuse_end_time.ToDatetime() - one.infuse_time.ToDatetime() for one in kept.bookings
    ]
    return [span // timedelta(minutes=1) for span in spans]


async def repairs(house: House, where: Clinic, **asked: object) -> rpc.ListRepairsResponse:
    request = rpc.ListRepairsRequest(clinic_id=str(where.clinic_id), **asked)  # type: ignore[arg-type]
    return await house.call(SchedulingService(house.db).ListRepairs, request)


async def accept(house: House, repair: nouns.Repair) -> nouns.Repair:
    request = rpc.AcceptRepairRequest(closure_id=repair.closure_id)
    return (await house.call(SchedulingService(house.db).AcceptRepair, request)).repair


async def in_the_way(house: House, where: Clinic) -> tuple[Plan, Plan]:
    """One session, and another that begins when the room of the first is free."""
    return await booked(house, where, 1), await booked(house, where, 1)


async def test_sessions_keep_their_times_where_the_longer_visit_fits(house: House) -> None:
    where = clinic()
    await keep(house, where)
    wanted = await booked(house, where, 3)
    await house.given(infusion_completed(wanted, 1))
    before = await series(house, wanted)
    await house.given(plan_revised(wanted, minutes=75))
    after = await series(house, wanted)
    assert starts(after) == starts(before)
    assert minutes(after) == [45, 75, 75]
    assert await house.stated() == []
    assert not (await repairs(house, where)).repairs
    assert await overlaps(house) == 0


async def test_what_has_no_room_for_it_is_proposed_to_the_coordinator(house: House) -> None:
    where = clinic(1, 1, 1)
    await keep(house, where)
    wanted, behind = await in_the_way(house, where)
    before = await series(house, wanted)
    await house.given(plan_revised(wanted, minutes=75))
    assert (await series(house, wanted)).bookings == before.bookings
    (repair,) = (await repairs(house, where)).repairs
    assert repair.origin == nouns.REPAIR_ORIGIN_REVISED
    (step,) = repair.steps
    assert step.status == PROPOSED
    assert step.new_start_time != step.old_start_time
    done = await accept(house, repair)
    assert [one.status for one in done.steps] == [ACCEPTED]
    (fact,) = await house.stated()
    assert (fact.DESCRIPTOR.name, fact.reason) == ("SeriesRescheduled", "plan")
    after = await series(house, wanted)
    assert minutes(after) == [75]
    assert starts(after) == [step.new_start_time.ToDatetime(UTC)]
    assert minutes(await series(house, behind)) == [45]
    assert await overlaps(house) == 0
    assert not (await repairs(house, where)).repairs


async def test_a_series_that_changed_is_proposed_anew_and_not_carried_out(house: House) -> None:
    where = clinic(1, 1, 1)
    await keep(house, where)
    wanted, _ = await in_the_way(house, where)
    await house.given(plan_revised(wanted, minutes=75))
    (repair,) = (await repairs(house, where)).repairs
    moving = rpc.MoveBookingRequest(
        series_id=str(series_id(wanted.plan_id)),
        number=1,
        request_id=str(uuid4()),
        start_time=Timestamp(seconds=int(datetime(2026, 11, 25, 8, tzinfo=DENVER).timestamp())),
    )
    moved = (await house.call(SchedulingService(house.db).MoveBooking, moving)).series
    assert minutes(moved) == [75]
    renewed = await accept(house, repair)
    assert [one.status for one in renewed.steps] == [PROPOSED]
    assert renewed.steps[0].old_start_time == moved.bookings[0].start_time
    assert [one.status for one in (await accept(house, renewed)).steps] == [ACCEPTED]
    assert starts(await series(house, wanted)) == starts(moved)


async def test_a_proposal_whose_time_is_taken_is_made_anew(house: House) -> None:
    where = clinic(1, 1, 1)
    await keep(house, where)
    _, wanted, _ = [await booked(house, where, 2) for _ in range(3)]
    await house.given(plan_revised(wanted, minutes=75))
    (repair,) = (await repairs(house, where)).repairs
    others = [await booked(house, where, 1) for _ in range(12)]
    renewed = await accept(house, repair)
    taken = {one for other in others for one in starts(await series(house, other))}
    news = [one.new_start_time.ToDatetime(UTC) for one in renewed.steps]
    assert {one.status for one in renewed.steps} == {PROPOSED}
    assert taken.isdisjoint(news)
    assert not taken.isdisjoint(one.new_start_time.ToDatetime(UTC) for one in repair.steps)
    assert [one.status for one in (await accept(house, renewed)).steps] == [ACCEPTED] * 2
    assert starts(await series(house, wanted)) == news
    assert await overlaps(house) == 0


async def test_gaps_stay_when_the_rest_has_to_shift(house: House) -> None:
    where = clinic(1, 1, 1)
    await keep(house, where)
    one, _ = [await booked(house, where, 3, 2) for _ in range(2)]
    await house.given(plan_revised(one, minutes=90))
    (repair,) = (await repairs(house, where)).repairs
    await accept(house, repair)
    times = starts(await series(house, one))
    assert all(after - before >= timedelta(hours=48) for before, after in pairwise(times))
    assert set(minutes(await series(house, one))) == {90}
    assert await overlaps(house) == 0


async def test_psychotherapy_takes_a_therapist_from_now_on_and_gives_him_back(
    house: House,
) -> None:
    where = with_therapists(1)
    await keep(house, where)
    wanted = await booked(house, where, 2)
    therapist = str(where.of(Kind.THERAPIST)[0].resource_id)
    for version, kap, taken in ((2, "with", therapist), (3, "without", "")):
        await house.given(plan_revised(wanted, version, kap=kap))
        assert {one.therapist_id for one in (await series(house, wanted)).bookings} == {taken}


async def test_a_clinic_without_therapists_leaves_it_to_people(house: House) -> None:
    where = clinic()
    await keep(house, where)
    wanted = await booked(house, where, 1)
    await house.given(plan_revised(wanted, kap="with"))
    (repair,) = (await repairs(house, where)).repairs
    assert not repair.steps[0].HasField("new_start_time")


async def test_the_newest_version_holds_in_whatever_order(house: House) -> None:
    where = clinic()
    await keep(house, where)
    wanted = await booked(house, where, 1)
    await house.given(plan_revised(wanted, 3, minutes=60), plan_revised(wanted, 2, minutes=90))
    assert minutes(await series(house, wanted)) == [60]
    kept = await series(house, wanted)
    await house.given(plan_revised(wanted, 4, minutes=60))
    assert await series(house, wanted) == kept


async def test_a_hold_and_a_place_in_the_queue_follow_too(house: House) -> None:
    where = clinic()
    wanted = plan(where.clinic_id, (1,))
    await house.given(plan_approved(wanted))
    assert (await series(house, wanted)).status == WAITLISTED
    await house.given(plan_revised(wanted, 2, minutes=60))
    await keep(house, where)
    await house.meet("fill-waitlist", where.clinic_id)
    kept = await series(house, wanted)
    assert (kept.status, minutes(kept)) == (HELD, [60])
    await house.given(plan_revised(wanted, 3, minutes=75))
    again = await series(house, wanted)
    assert (again.status, minutes(again), starts(again)) == (HELD, [75], starts(kept))
    *_, first, told = await house.stated()
    assert names([first, told]) == ["SeriesHeld", "SeriesHeld"]
    assert (told.revision, told.infusion_minutes) == (first.revision + 1, 75)
    assert told.hold_expire_time == first.hold_expire_time
    assert [one.start_time for one in told.sessions] == [one.start_time for one in first.sessions]


async def test_rounds_of_maintenance_are_as_the_plan_is_now(house: House) -> None:
    where = clinic()
    await keep(house, where)
    wanted = await booked(house, where, 1)
    await house.given(infusion_completed(wanted, 1))
    await house.given(plan_revised(wanted, 2, minutes=60))
    request = rpc.BeginMaintenanceRequest(series_id=str(series_id(wanted.plan_id)), every_days=28)
    held = (await house.call(SchedulingService(house.db).BeginMaintenance, request)).series
    assert set(minutes(held)) == {60}
    await house.given(plan_revised(wanted, 3, minutes=90))
    read = rpc.GetSeriesRequest(series_id=held.series_id)
    kept = (await house.call(SchedulingService(house.db).GetSeries, read)).series
    assert set(minutes(kept)) == {90}
    assert minutes(await series(house, wanted)) == [45]


async def test_what_nobody_can_read_or_knows_waits_or_is_parked(house: House) -> None:
    unknown = plan(uuid4())
    with pytest.raises(Reject):
        await house.given(plan_revised(unknown, minutes=0))
    with pytest.raises(Busy):
        await house.given(plan_revised(unknown, minutes=60))
    where = clinic()
    await keep(house, where)
    wanted = await booked(house, where, 1)
    await house.given(plan_stopped(wanted))
    await house.given(plan_revised(wanted, minutes=60))
    assert not (await repairs(house, where)).repairs


async def test_the_golden_fact_is_heard(house: House) -> None:
    fact = Parse(example("PlanRevised"), PlanRevised())
    await house.given(Parse(example("PlanApproved"), PlanApproved()))
    await house.given(fact)
    kept = await house.db.fetch(
        "SELECT plan_version, infusion_minutes, kap FROM series WHERE plan_id = $1",
        UUID(fact.plan_id),
    )
    assert [tuple(one) for one in kept] == [(2, 60, True)]


async def test_repairs_are_listed_page_by_page_for_their_own_clinic(house: House) -> None:
    where = clinic()
    await keep(house, where)
    plans = [await booked(house, where, 1) for _ in range(3)]
    await house.given(*[plan_revised(one, kap="with") for one in plans])
    first = await repairs(house, where, page_size=2)
    rest = await repairs(house, where, page_size=2, page_token=first.next_page_token)
    found = [one.steps[0].series_id for one in (*first.repairs, *rest.repairs)]
    assert sorted(found) == sorted(str(series_id(one.plan_id)) for one in plans)
    assert not rest.next_page_token
    stranger = somebody("coordinator", clinics=frozenset({uuid4()}))
    with pytest.raises(NotFound, match="CLINIC_NOT_FOUND"):
        await house.call(
            SchedulingService(house.db).ListRepairs,
            rpc.ListRepairsRequest(clinic_id=str(where.clinic_id)),
            stranger,
        )
