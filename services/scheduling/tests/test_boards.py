"""Reads that take nothing: free times, a board as it changes, how much is used."""

import asyncio
from dataclasses import replace
from datetime import UTC
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from google.type.date_pb2 import Date

from chassis.auth import act_as
from chassis.refusal import NotFound
from chassis.testing import House, somebody
from halcyon.scheduling.v1 import scheduling_pb2 as nouns
from halcyon.scheduling.v1 import scheduling_service_pb2 as rpc
from services.scheduling.api import SchedulingService
from services.scheduling.domain import Clinic, Hours
from services.scheduling.tests.examples import clinic
from services.scheduling.tests.steps import held, keep, series

DENVER = ZoneInfo("America/Denver")
MONDAY = Date(year=2026, month=11, day=23)


def wanting(where: Clinic, *weeks: int, windows: tuple[int, int] | None = None) -> rpc.FindAvailabilityRequest:  # fmt: skip  # noqa: E501
    hours = [
        nouns.OpeningHours(weekday=day, open_minute=windows[0], close_minute=windows[1])
        for day in (range(1, 6) if windows else ())
        if windows
    ]
    return rpc.FindAvailabilityRequest(
        clinic_id=str(where.clinic_id),
        sessions_per_week=weeks,
        min_gap_hours=48,
        infusion_minutes=45,
        recovery_minutes=45,
        preferences=nouns.Preferences(windows=hours),
    )


async def find(house: House, request: rpc.FindAvailabilityRequest) -> rpc.FindAvailabilityResponse:
    return await house.call(SchedulingService(house.db).FindAvailability, request)


async def test_what_is_offered_is_what_a_hold_takes(house: House) -> None:
    where = clinic(1, 1, 1)
    await keep(house, where)
    await held(house, where)
    found = await find(house, wanting(where, 3, 2, 1, 1, 1))
    assert not found.reason
    assert {one.appointment_status for one in found.offer.bookings} == {"proposed"}
    assert list(found.offer.reasons) == [
        "taken",
        "gap",
        "gap",
        "week",
        "gap",
        "week",
        "week",
        "week",
    ]
    assert await house.count("SELECT count(*) FROM booking") == 8
    kept = await series(house, await held(house, where))
    assert [one.start_time for one in kept.bookings] == [
        one.start_time for one in found.offer.bookings
    ]


async def test_it_is_the_same_when_the_agenda_has_to_be_read_anew(house: House) -> None:
    where = clinic(1, 1, 1)
    await keep(house, where)
    await held(house, where)
    before = await find(house, wanting(where, 3, 2))
    await house.db.fetch("UPDATE desk SET layout = NULL RETURNING clinic_id")
    assert await find(house, wanting(where, 3, 2)) == before


async def test_windows_are_kept(house: House) -> None:
    where = clinic()
    await keep(house, where)
    found = await find(house, wanting(where, 2, 2, windows=(780, 960)))
    walls = [one.start_time.ToDatetime(UTC).astimezone(DENVER) for one in found.offer.bookings]
    assert {one.hour * 60 + one.minute for one in walls} <= set(range(780, 841))


async def test_none_comes_with_its_reason_and_what_is_nearest(house: House) -> None:
    tuesdays = clinic(hours=(Hours(2, 480, 1080),))
    far, near = clinic(), clinic()
    far, near = replace(far, latitude=25.0), replace(near, latitude=39.0)
    other = replace(clinic(), latitude=39.6, indications=("G90",))
    for one in (tuesdays, far, near, other):
        await keep(house, one)
    found = await find(house, wanting(tuesdays, 3, 2, 1, 1, 1))
    assert not found.HasField("offer")
    assert found.reason == "opening_hours"
    assert found.nearest_clinic.clinic_id == str(near.clinic_id)
    assert len(found.nearest_clinic.bookings) == 8
    assert list(found.nearest_pattern.sessions_per_week) == [1, 1, 1]
    assert found.nearest_pattern.clinic_id == str(tuesdays.clinic_id)


async def test_a_board_is_shown_and_shown_again_when_it_changes(house: House) -> None:
    where = clinic()
    await keep(house, where)
    act_as(somebody())
    request = rpc.WatchBoardRequest(clinic_id=str(where.clinic_id), day=MONDAY)
    watching = SchedulingService(house.db).WatchBoard(request, None)  # type: ignore[arg-type]
    assert not (await anext(watching)).bookings
    following = asyncio.ensure_future(anext(watching))
    await held(house, where, 1)
    board = await asyncio.wait_for(following, 10)
    assert [one.number for one in board.bookings] == [1]
    await watching.aclose()  # type: ignore[attr-defined]


async def test_use_is_counted_by_kind(house: House) -> None:
    where = clinic(2, 2, 2)
    await keep(house, where)
    await held(house, where, 1)
    request = rpc.GetUtilisationRequest(clinic_id=str(where.clinic_id), first_day=MONDAY, days=7)
    reply = await house.call(SchedulingService(house.db).GetUtilisation, request)
    week = 5 * 600 * 2
    assert {one.kind: (one.taken_minutes, one.open_minutes) for one in reply.kinds} == {
        nouns.RESOURCE_KIND_ROOM: (120, week),
        nouns.RESOURCE_KIND_PUMP: (45, week),
        nouns.RESOURCE_KIND_NURSE: (120, week),
    }


async def test_another_clinic_is_not_looked_into(house: House) -> None:
    where = clinic()
    await keep(house, where)
    stranger = somebody("coordinator", clinics=frozenset({uuid4()}))
    service = SchedulingService(house.db)
    with pytest.raises(NotFound, match="CLINIC_NOT_FOUND"):
        await house.call(service.FindAvailability, wanting(where, 1), stranger)
    request = rpc.GetUtilisationRequest(clinic_id=str(where.clinic_id), first_day=MONDAY, days=7)
    with pytest.raises(NotFound, match="CLINIC_NOT_FOUND"):
        await house.call(service.GetUtilisation, request, stranger)
