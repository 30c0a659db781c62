"""A day that breaks is repaired with least disturbance, accepted whole or in part."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date

from chassis.refusal import Invalid, NotAllowed, NotFound
from chassis.testing import House, somebody
from halcyon.scheduling.v1 import scheduling_pb2 as nouns
from halcyon.scheduling.v1 import scheduling_service_pb2 as rpc
from services.scheduling.api import SchedulingService
from services.scheduling.domain import Clinic, Hours, Kind, Plan, Resource, series_id
from services.scheduling.tests.examples import (
    clinic,
    infusion_completed,
    payment_collected,
    plan,
    plan_approved,
    referral_cancelled,
)
from services.scheduling.tests.steps import (
    HELD,
    WAITLISTED,
    expire,
    held,
    keep,
    names,
    overlaps,
    series,
)

DENVER = ZoneInfo("America/Denver")
PROPOSED, ACCEPTED, STALE = (
    nouns.REPAIR_STEP_STATUS_PROPOSED,
    nouns.REPAIR_STEP_STATUS_ACCEPTED,
    nouns.REPAIR_STEP_STATUS_STALE,
)


def stamped(moment: datetime) -> Timestamp:
    found = Timestamp()
    found.FromDatetime(moment)
    return found


async def close(
    house: House,
    where: Clinic,
    resource: Resource | None,
    *days: int,
    request_id: UUID | None = None,
) -> nouns.Repair:
    first, last = (datetime(2026, 11, day, tzinfo=DENVER).astimezone(UTC) for day in days)
    request = rpc.CloseResourceRequest(
        clinic_id=str(where.clinic_id),
        resource_id=str(resource.resource_id) if resource else "",
        start_time=stamped(first),
        end_time=stamped(last),
        reason=nouns.CLOSURE_REASON_SICK,
        request_id=str(request_id or uuid4()),
    )
    return (await house.call(SchedulingService(house.db).CloseResource, request)).repair


async def accept(house: House, repair: nouns.Repair, *only: nouns.RepairStep) -> nouns.Repair:
    request = rpc.AcceptRepairRequest(
        closure_id=repair.closure_id,
        series_ids=[one.series_id for one in only],
    )
    return (await house.call(SchedulingService(house.db).AcceptRepair, request)).repair


async def clinic_with(house: House, where: Clinic, plans: int, *weeks: int) -> list[Plan]:
    await keep(house, where)
    wanted = [plan(where.clinic_id, weeks or (1,)) for _ in range(plans)]
    await house.given(*map(plan_approved, wanted))
    await house.given(*map(payment_collected, wanted))
    await house.stated()
    return wanted


async def test_a_free_nurse_takes_over_and_nobody_moves(house: House) -> None:
    where = clinic(2, 2, 2)
    (wanted,) = await clinic_with(house, where, 1, 1, 1)
    first, second = where.of(Kind.NURSE)
    repair = await close(house, where, first, 23, 24)
    (step,) = repair.steps
    assert (step.status, step.new_start_time) == (PROPOSED, step.old_start_time)
    done = await accept(house, repair)
    assert [one.status for one in done.steps] == [ACCEPTED]
    kept = await series(house, wanted)
    assert [UUID(one.nurse_id) for one in kept.bookings] == [second.resource_id, first.resource_id]
    assert not await house.stated()
    assert kept.revision == 2


async def test_fewest_patients_move_and_not_far(house: House) -> None:
    where = clinic(3, 3, 3)
    await clinic_with(house, where, 3)
    repair = await close(house, where, where.of(Kind.PUMP)[0], 23, 24)
    (step,) = repair.steps
    moved = step.new_start_time.ToDatetime(UTC) - step.old_start_time.ToDatetime(UTC)
    assert moved == timedelta(minutes=45)
    await accept(house, repair)
    (fact,) = await house.stated()
    assert (fact.DESCRIPTOR.name, fact.reason) == ("SeriesRescheduled", "closure")
    assert await overlaps(house) == 0


async def test_a_storm_moves_everybody_to_another_day_with_gaps_kept(house: House) -> None:
    where = clinic(2, 2, 2)
    plans = await clinic_with(house, where, 4, 3, 2)
    repair = await close(house, where, None, 23, 26)
    before = await house.count("SELECT count(*) FROM booking WHERE status = 'taken'")
    done = await accept(house, repair)
    assert {one.status for one in done.steps} == {ACCEPTED}
    assert await house.count("SELECT count(*) FROM booking WHERE status = 'taken'") == before
    assert await overlaps(house) == 0
    for wanted in plans:
        starts = [one.start_time.ToDatetime(UTC) for one in (await series(house, wanted)).bookings]
        assert all(b - a >= timedelta(hours=48) for a, b in pairwise(starts))
        assert starts[0] >= datetime(2026, 11, 26, tzinfo=DENVER)


async def test_part_of_a_repair_is_accepted_and_the_rest_waits(house: House) -> None:
    where = clinic(2, 2, 2)
    await clinic_with(house, where, 2)
    repair = await close(house, where, None, 23, 24)
    first, second = repair.steps
    done = await accept(house, repair, second)
    assert [one.status for one in done.steps] == [PROPOSED, ACCEPTED]
    assert [one.status for one in (await accept(house, done)).steps] == [ACCEPTED, ACCEPTED]
    assert len(await house.stated()) == 2
    assert first.series_id != second.series_id


async def test_a_step_whose_series_has_changed_is_stale(house: House) -> None:
    where = clinic(2, 2, 2)
    (wanted,) = await clinic_with(house, where, 1, 1, 1)
    repair = await close(house, where, None, 23, 24)
    await house.given(referral_cancelled(wanted))
    await house.stated()
    done = await accept(house, repair)
    assert [one.status for one in done.steps] == [STALE]
    assert not await house.stated()


async def test_sessions_without_a_place_between_their_neighbours_shift_the_rest(
    house: House,
) -> None:
    where = clinic(2, 2, 2)
    (wanted,) = await clinic_with(house, where, 1, 3)
    repair = await close(house, where, None, 23, 26)
    assert [one.number for one in repair.steps] == [1, 2, 3]
    done = await accept(house, repair)
    assert [one.status for one in done.steps] == [ACCEPTED] * 3
    kept = await series(house, wanted)
    assert kept.revision == 3
    days = [one.start_time.ToDatetime(UTC).day for one in kept.bookings]
    assert days == [26, 30, 2]


async def test_closing_twice_with_one_request_closes_once(house: House) -> None:
    where, request_id = clinic(1, 1, 1), uuid4()
    await clinic_with(house, where, 1)
    first = await close(house, where, None, 23, 24, request_id=request_id)
    assert await close(house, where, None, 23, 24, request_id=request_id) == first
    assert await house.count("SELECT count(*) FROM closure") == 1


async def test_nothing_is_booked_into_a_closure_until_it_ends(house: House) -> None:
    where = clinic(1, 1, 1)
    await keep(house, where)
    repair = await close(house, where, where.of(Kind.ROOM)[0], 23, 25)
    closed = await series(house, await held(house, where, 1))
    assert closed.bookings[0].start_time.ToDatetime(UTC).astimezone(DENVER).day == 25
    request = rpc.ReopenResourceRequest(closure_id=repair.closure_id)
    await house.call(SchedulingService(house.db).ReopenResource, request)
    opened = await series(house, await held(house, where, 1))
    assert opened.bookings[0].start_time.ToDatetime(UTC).astimezone(DENVER).day == 23


async def test_a_closure_that_ends_before_it_began_closes_nothing(house: House) -> None:
    where = clinic(1, 1, 1)
    await keep(house, where)
    opens = datetime(2026, 11, 23, 8, tzinfo=DENVER)
    request = rpc.CloseResourceRequest(
        clinic_id=str(where.clinic_id),
        start_time=stamped(opens.astimezone(UTC)),
        end_time=stamped(opens.astimezone(UTC) + timedelta(hours=9)),
        reason=nouns.CLOSURE_REASON_SICK,
        request_id=str(uuid4()),
    )
    service = SchedulingService(house.db)
    repair = (await house.call(service.CloseResource, request)).repair
    await house.call(
        service.ReopenResource, rpc.ReopenResourceRequest(closure_id=repair.closure_id)
    )
    kept = await series(house, await held(house, where, 1))
    assert kept.bookings[0].start_time.ToDatetime(UTC) == opens


async def test_only_what_the_clinic_has_can_be_closed(house: House) -> None:
    where = clinic()
    await keep(house, where)
    with pytest.raises(Invalid, match="INVALID_REQUEST"):
        await close(house, where, clinic().resources[0], 23, 24)
    repair = await close(house, where, None, 23, 24)
    stranger = somebody("coordinator", clinics=frozenset({uuid4()}))
    request = rpc.GetRepairRequest(closure_id=repair.closure_id)
    with pytest.raises(NotFound, match="REPAIR_NOT_FOUND"):
        await house.call(SchedulingService(house.db).GetRepair, request, stranger)
    with pytest.raises(NotFound, match="REPAIR_NOT_FOUND"):
        missing = rpc.GetRepairRequest(closure_id=str(uuid4()))
        await house.call(SchedulingService(house.db).GetRepair, missing)


async def test_a_series_stays_while_its_patient_is_here(house: House) -> None:
    here, there, service = clinic(), clinic(), SchedulingService(house.db)
    await keep(house, there)
    (wanted,) = await clinic_with(house, here, 1, 2, 1)
    its = str(series_id(wanted.plan_id))
    await house.call(service.ArriveBooking, rpc.ArriveBookingRequest(series_id=its, number=1))
    request = rpc.TransferSeriesRequest(series_id=its, clinic_id=str(there.clinic_id))
    with pytest.raises(NotAllowed, match="BOOKING_BEGUN"):
        await house.call(service.TransferSeries, request)
    assert (await series(house, wanted)).clinic_id == str(here.clinic_id)


async def test_a_series_goes_to_another_clinic_as_far_apart_as_it_was(house: House) -> None:
    here, there = clinic(), clinic(hours=(Hours(2, 600, 900), Hours(4, 600, 900)))
    await keep(house, there)
    (wanted,) = await clinic_with(house, here, 1, 2, 1)
    before = (await series(house, wanted)).bookings
    request = rpc.TransferSeriesRequest(
        series_id=str(series_id(wanted.plan_id)), clinic_id=str(there.clinic_id), revision=2
    )
    reply = await house.call(SchedulingService(house.db).TransferSeries, request)
    assert reply.series.clinic_id == str(there.clinic_id)
    starts = [one.start_time.ToDatetime(UTC) for one in reply.series.bookings]
    olds = [one.start_time.ToDatetime(UTC) for one in before]
    days = [one.astimezone(DENVER).toordinal() for one in starts]
    assert all(
        days[n + 1] - days[n] >= olds[n + 1].toordinal() - olds[n].toordinal() for n in (0, 1)
    )
    (fact,) = await house.stated()
    assert (fact.reason, fact.clinic_id) == ("transfer", str(there.clinic_id))
    again = await house.call(
        SchedulingService(house.db).TransferSeries,
        rpc.TransferSeriesRequest(series_id=request.series_id, clinic_id=request.clinic_id),
    )
    assert again == reply
    assert (await series(house, await held(house, here, 2, 1))).bookings[0].start_time == (
        before[0].start_time
    )
    assert await overlaps(house) == 0
    await house.given(referral_cancelled(wanted))
    with pytest.raises(NotAllowed, match="SERIES_CLOSED"):
        back = rpc.TransferSeriesRequest(series_id=request.series_id, clinic_id=str(here.clinic_id))
        await house.call(SchedulingService(house.db).TransferSeries, back)


async def test_a_series_that_went_to_another_clinic_is_seen_whole_by_each(house: House) -> None:
    here, there = clinic(), clinic()
    await keep(house, there)
    (wanted,) = await clinic_with(house, here, 1, 2, 1)
    await house.given(infusion_completed(wanted, 1))
    before = await series(house, wanted)
    api = SchedulingService(house.db)
    moving = rpc.TransferSeriesRequest(
        series_id=before.series_id, clinic_id=str(there.clinic_id), revision=before.revision
    )
    await house.call(api.TransferSeries, moving)
    ours, theirs = (
        somebody("coordinator", clinics=frozenset({one.clinic_id})) for one in (here, there)
    )
    asked = rpc.GetSeriesRequest(series_id=before.series_id)
    assert len((await house.call(api.GetSeries, asked, theirs)).series.bookings) == 3
    start = before.bookings[0].start_time.ToDatetime(UTC).astimezone(DENVER)
    day = Date(year=start.year, month=start.month, day=start.day)
    listed = rpc.ListDayRequest(clinic_id=str(here.clinic_id), day=day)
    (past,) = (await house.call(api.ListDay, listed, ours)).bookings
    assert past.start_time == before.bookings[0].start_time


async def test_a_series_that_waits_is_held_where_there_are_times(house: House) -> None:
    full, there = clinic(1, 1, 1, hours=(Hours(1, 480, 540),)), clinic()
    await keep(house, full)
    await keep(house, there)
    wanted = await held(house, full, 2, 1)
    assert (await series(house, wanted)).status == WAITLISTED
    await house.stated()
    request = rpc.TransferSeriesRequest(
        series_id=str(series_id(wanted.plan_id)), clinic_id=str(there.clinic_id)
    )
    reply = await house.call(SchedulingService(house.db).TransferSeries, request)
    assert (reply.series.status, reply.series.clinic_id) == (HELD, str(there.clinic_id))
    (fact,) = await house.stated()
    assert (fact.DESCRIPTOR.name, fact.clinic_id) == ("SeriesHeld", str(there.clinic_id))


async def test_where_there_are_no_times_either_a_series_stays(house: House) -> None:
    full, other = (clinic(1, 1, 1, hours=(Hours(1, 480, 540),)) for _ in range(2))
    await keep(house, full)
    await keep(house, other)
    wanted = await held(house, full, 2, 1)
    for there, reason in ((other.clinic_id, "NO_FREE_TIME"), (uuid4(), "CLINIC_NOT_FOUND")):
        request = rpc.TransferSeriesRequest(
            series_id=str(series_id(wanted.plan_id)), clinic_id=str(there)
        )
        with pytest.raises((NotAllowed, NotFound), match=reason):
            await house.call(SchedulingService(house.db).TransferSeries, request)
    assert (await series(house, wanted)).clinic_id == str(full.clinic_id)


async def test_times_given_back_go_to_the_urgent_and_then_to_who_waits_longest(
    house: House,
) -> None:
    mondays = clinic(1, 1, 1, hours=(Hours(1, 480, 600),))
    await keep(house, mondays)
    weeks = (1,) * 20
    holder = await held(house, mondays, *weeks)
    patient = await held(house, mondays, *weeks)
    urgent = plan(mondays.clinic_id, weeks)
    fact = plan_approved(urgent)
    fact.priority = "urgent"
    await house.given(fact)
    assert {(await series(house, one)).status for one in (patient, urgent)} == {WAITLISTED}
    await house.stated()
    await expire(house, holder)
    await house.meet("fill-waitlist", mondays.clinic_id)
    assert (await series(house, urgent)).status == HELD
    assert (await series(house, patient)).status == WAITLISTED
    assert names(await house.stated()) == ["SeriesReleased", "SeriesHeld"]
