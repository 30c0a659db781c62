"""What people and CP-SAT propose is kept, judged, and moves nothing until somebody accepts it."""

import os
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from google.type.date_pb2 import Date

from chassis.refusal import Invalid, NotAllowed, NotFound
from chassis.testing import House, somebody
from halcyon.scheduling.v1 import scheduling_pb2 as nouns
from halcyon.scheduling.v1 import scheduling_service_pb2 as rpc
from services.scheduling.api import SchedulingService
from services.scheduling.domain import Clinic, Plan, series_id
from services.scheduling.gateway import improved
from services.scheduling.store import days_to_better
from services.scheduling.tests.examples import clinic
from services.scheduling.tests.steps import overlaps, series
from services.scheduling.tests.test_repairs import (
    ACCEPTED,
    DENVER,
    PROPOSED,
    STALE,
    accept,
    clinic_with,
    close,
    stamped,
)

CPSAT = os.environ.get("HALCYON_CPSAT_PYTHON", "")


async def submit(house: House, where: Clinic, *wanted: tuple[Plan, int, datetime]) -> Any:
    request = rpc.SubmitRepairRequest(
        clinic_id=str(where.clinic_id),
        steps=[
            rpc.WantedTime(
                series_id=str(series_id(one.plan_id)), number=number, start_time=stamped(start)
            )
            for one, number, start in wanted
        ],
        request_id=str(uuid4()),
    )
    return (await house.call(SchedulingService(house.db).SubmitRepair, request)).repair


async def start_of(house: House, wanted: Plan, number: int = 1) -> datetime:
    kept = await series(house, wanted)
    found: datetime = kept.bookings[number - 1].start_time.ToDatetime(UTC)
    return found


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=DENVER).astimezone(UTC)


async def test_what_somebody_proposes_moves_when_it_is_accepted(house: House) -> None:
    where = clinic(1, 1, 1)
    one, other = await clinic_with(house, where, 2)
    repair = await submit(house, where, (one, 1, at(24, 14)))
    assert repair.origin == nouns.REPAIR_ORIGIN_SUBMITTED
    assert [step.status for step in repair.steps] == [PROPOSED]
    assert not await house.stated()
    before = await start_of(house, other)
    done = await accept(house, repair)
    assert [step.status for step in done.steps] == [ACCEPTED]
    assert await start_of(house, one) == at(24, 14)
    assert await start_of(house, other) == before
    (fact,) = await house.stated()
    assert (fact.DESCRIPTOR.name, fact.reason) == ("SeriesRescheduled", "repair")


async def test_a_session_follows_into_the_time_that_another_leaves(house: House) -> None:
    """Whatever the order of the series: the one that waits is tried again."""
    where = clinic(1, 1, 1)
    plans = await clinic_with(house, where, 3)
    times = [await start_of(house, one) for one in plans]
    chain = [(plans[2], 1, times[1]), (plans[1], 1, times[0]), (plans[0], 1, at(25, 15))]
    done = await accept(house, await submit(house, where, *chain))
    assert {step.status for step in done.steps} == {ACCEPTED}
    assert [await start_of(house, one) for one, _, _ in chain] == [start for _, _, start in chain]
    assert await overlaps(house) == 0


async def test_a_time_that_is_taken_is_stale_and_changes_nothing(house: House) -> None:
    where = clinic(1, 1, 1)
    one, other = await clinic_with(house, where, 2)
    before = await start_of(house, one)
    done = await accept(house, await submit(house, where, (one, 1, await start_of(house, other))))
    assert [step.status for step in done.steps] == [STALE]
    assert await start_of(house, one) == before


async def test_a_time_that_has_passed_meanwhile_is_stale(house: House) -> None:
    """Free or taken then: nobody is sent into the past, where the agenda has forgotten what was."""
    where = clinic(1, 1, 1)
    one, other, _ = await clinic_with(house, where, 3)
    await accept(house, await submit(house, where, (one, 1, at(30, 14))))
    free = await submit(house, where, (one, 1, at(24, 14)))
    taken = await submit(house, where, (one, 1, await start_of(house, other)))
    house.db.travel(timedelta(days=4))
    await close(house, where, None, 28, 29)
    for repair in (taken, free):
        assert [step.status for step in (await accept(house, repair)).steps] == [STALE]
    assert await start_of(house, one) == at(30, 14)


async def test_what_breaks_a_rule_is_not_proposed(house: House) -> None:
    where, elsewhere = clinic(), clinic()
    (one,) = await clinic_with(house, where, 1, 2)
    await clinic_with(house, elsewhere, 1)
    second = await start_of(house, one, 2)
    with pytest.raises(NotAllowed, match="TOO_CLOSE"):
        await submit(house, where, (one, 1, second - timedelta(hours=3)))
    with pytest.raises(NotAllowed, match="BOOKING_CLOSED"):
        await submit(house, where, (one, 7, at(30, 14)))
    with pytest.raises(Invalid, match="INVALID_REQUEST"):
        await submit(house, where, (one, 2, at(30, 14, 7)))
    with pytest.raises(Invalid, match="INVALID_REQUEST"):
        await submit(house, where, (one, 2, at(30, 14)), (one, 2, at(30, 15)))
    with pytest.raises(NotFound, match="SERIES_NOT_FOUND"):
        await submit(house, elsewhere, (one, 2, at(30, 14)))


async def test_a_proposal_is_a_matter_of_its_clinic(house: House) -> None:
    where = clinic()
    (one,) = await clinic_with(house, where, 1)
    repair = await submit(house, where, (one, 1, at(24, 14)))
    stranger = somebody("coordinator", clinics=frozenset({uuid4()}))
    request = rpc.AcceptRepairRequest(closure_id=repair.closure_id)
    with pytest.raises(NotFound, match="REPAIR_NOT_FOUND"):
        await house.call(SchedulingService(house.db).AcceptRepair, request, stranger)


async def test_a_proposal_has_no_closure_to_end(house: House) -> None:
    where = clinic()
    (one,) = await clinic_with(house, where, 1)
    repair = await submit(house, where, (one, 1, at(24, 14)))
    request = rpc.ReopenResourceRequest(closure_id=repair.closure_id)
    with pytest.raises(NotFound, match="REPAIR_NOT_FOUND"):
        await house.call(SchedulingService(house.db).ReopenResource, request)


async def optimise(
    house: House, where: Clinic, day: int, days: int = 1, most: int = 0
) -> rpc.OptimiseDaysResponse:
    request = rpc.OptimiseDaysRequest(
        clinic_id=str(where.clinic_id),
        first_day=Date(year=2026, month=11, day=day),
        days=days,
        most_moves=most,
        request_id=str(uuid4()),
    )
    return await house.call(SchedulingService(house.db).OptimiseDays, request)


async def scattered(house: House) -> tuple[Clinic, list[Plan]]:
    """A Tuesday with three sessions and long holes between them, in two rooms."""
    where = clinic(2, 2, 2)
    plans = await clinic_with(house, where, 3)
    times = [at(24, 8), at(24, 12), at(24, 15, 30)]
    wanted = [(one, 1, start) for one, start in zip(plans, times, strict=True)]
    done = await accept(house, await submit(house, where, *wanted))
    assert {step.status for step in done.steps} == {ACCEPTED}
    await house.stated()
    return where, plans


async def test_without_cp_sat_it_says_so(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HALCYON_CPSAT_PYTHON", raising=False)
    where, _ = await scattered(house)
    with pytest.raises(NotAllowed, match="OPTIMISER_MISSING"):
        await optimise(house, where, 24)


async def test_an_interpreter_that_has_no_cp_sat_is_said_to_fail(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HALCYON_CPSAT_PYTHON", "/bin/false")
    where, _ = await scattered(house)
    with pytest.raises(NotAllowed, match="OPTIMISER_FAILED"):
        await optimise(house, where, 24)


async def test_today_is_left_alone(house: House) -> None:
    where, _ = await scattered(house)
    with pytest.raises(Invalid, match="INVALID_REQUEST"):
        await optimise(house, where, 22)


@pytest.mark.skipif(not CPSAT, reason="HALCYON_CPSAT_PYTHON names no interpreter with ortools")
async def test_cp_sat_draws_a_day_together_and_a_person_accepts_it(house: House) -> None:
    where, plans = await scattered(house)
    told = await optimise(house, where, 24)
    assert told.repair.origin == nouns.REPAIR_ORIGIN_OPTIMISED
    assert told.open_minutes_now == 7 * 60 + 30 + 120
    assert told.open_minutes_then == 240
    assert {step.status for step in told.repair.steps} == {PROPOSED}
    done = await accept(house, told.repair)
    assert {step.status for step in done.steps} == {ACCEPTED}
    starts = [await start_of(house, one) for one in plans]
    assert max(starts) + timedelta(hours=2) - min(starts) == timedelta(hours=4)
    assert await overlaps(house) == 0
    again = await optimise(house, where, 24)
    assert (list(again.repair.steps), again.open_minutes_now) == ([], 240)


@pytest.mark.skipif(not CPSAT, reason="HALCYON_CPSAT_PYTHON names no interpreter with ortools")
async def test_no_more_move_than_allowed(house: House) -> None:
    where, _ = await scattered(house)
    told = await optimise(house, where, 24, most=1)
    assert len(told.repair.steps) == 1
    assert told.open_minutes_then < told.open_minutes_now


@pytest.mark.skipif(not CPSAT, reason="HALCYON_CPSAT_PYTHON names no interpreter with ortools")
async def test_a_week_keeps_every_gap(house: House) -> None:
    where = clinic(2, 2, 1)
    await clinic_with(house, where, 6, 3, 2)
    told = await optimise(house, where, 23, 7)
    done = await accept(house, told.repair)
    assert {step.status for step in done.steps} <= {ACCEPTED}
    assert told.open_minutes_then <= told.open_minutes_now
    close = """SELECT count(*) FROM booking a JOIN booking b USING (series_id)
        WHERE a.number < b.number AND b.start_time - a.start_time < interval '48 hours'
            AND a.status = 'taken' AND b.status = 'taken'"""
    assert await house.count(close) == 0
    assert await overlaps(house) == 0
    async with house.db.read() as tx:
        days = await days_to_better(tx, where.clinic_id, datetime(2026, 11, 23).date(), 7, 0)  # noqa: DTZ001
    assert len(await improved(days)) == len(days.movable)
