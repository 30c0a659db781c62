"""FHIR R4 Appointment, Slot and Schedule statuses: every state of ours has one that exists."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date

from chassis.refusal import NotFound
from chassis.testing import House, somebody
from halcyon.scheduling.v1 import scheduling_pb2 as nouns
from halcyon.scheduling.v1 import scheduling_service_pb2 as rpc
from services.scheduling.api import SchedulingService
from services.scheduling.domain import Clinic, Hours, Kind, Resource, Standing, Status
from services.scheduling.tests.examples import clinic, payment_collected, plan, plan_approved
from services.scheduling.tests.steps import held, keep, series
from services.scheduling.wire.fhir import APPOINTMENT, REQUEST, SLOT

DENVER = ZoneInfo("America/Denver")
APPOINTMENT_STATUS = {
    "proposed", "pending", "booked", "arrived", "fulfilled", "cancelled", "noshow",
    "entered-in-error", "checked-in", "waitlist",
}  # fmt: skip
SLOT_STATUS = {"busy", "free", "busy-unavailable", "busy-tentative", "entered-in-error"}


def test_every_state_has_a_status_of_the_standard() -> None:
    assert APPOINTMENT.keys() == SLOT.keys() == set(Standing)
    assert REQUEST.keys() == set(Status)
    assert {*APPOINTMENT.values(), *REQUEST.values()} <= APPOINTMENT_STATUS
    assert set(SLOT.values()) <= SLOT_STATUS
    ended = {one for one in Standing if APPOINTMENT[one] in {"cancelled", "noshow"}}
    assert {SLOT[one] for one in ended} == {"free"}


async def schedule(house: House, where: Clinic, one: Resource, day: int = 23) -> nouns.Schedule:
    request = rpc.GetScheduleRequest(
        clinic_id=str(where.clinic_id),
        resource_id=str(one.resource_id),
        day=Date(year=2026, month=11, day=day),
    )
    return (await house.call(SchedulingService(house.db).GetSchedule, request)).schedule


def told(found: nouns.Schedule) -> list[tuple[str, str, str]]:
    def wall(stamp: Timestamp) -> str:
        return f"{stamp.ToDatetime(UTC).astimezone(DENVER):%H:%M}"

    return [(wall(one.start_time), wall(one.end_time), one.status) for one in found.slots]


async def test_a_schedule_says_what_each_resource_does(house: House) -> None:
    where = clinic(1, 1, 2)
    nurse = replace(where.of(Kind.NURSE)[0], shifts=(Hours(1, 480, 720),))
    staff = tuple(nurse if one.resource_id == nurse.resource_id else one for one in where.resources)
    where = replace(where, resources=staff)
    await keep(house, where)
    wanted = await held(house, where, 1)
    room, pump = where.of(Kind.ROOM)[0], where.of(Kind.PUMP)[0]
    assert told(await schedule(house, where, room)) == [
        ("08:00", "10:00", "busy-tentative"), ("10:00", "18:00", "free"),
    ]  # fmt: skip
    await house.given(payment_collected(wanted))
    assert told(await schedule(house, where, pump)) == [
        ("08:00", "08:15", "free"), ("08:15", "09:00", "busy"), ("09:00", "18:00", "free"),
    ]  # fmt: skip
    taken = (await schedule(house, where, nurse)).slots
    assert [one.status for one in taken] == ["busy", "free", "busy-unavailable"]
    assert taken[0].session_id == (await series(house, wanted)).bookings[0].session_id
    assert (await schedule(house, where, room)).active == "true"
    assert not (await schedule(house, where, room, 22)).slots


async def test_a_clinic_that_closes_and_a_resource_that_left_take_nobody(house: House) -> None:
    where = clinic()
    await keep(house, where)
    noon = datetime(2026, 11, 23, 12, tzinfo=DENVER).astimezone(UTC)
    closing = rpc.CloseResourceRequest(
        clinic_id=str(where.clinic_id),
        reason=nouns.CLOSURE_REASON_WEATHER,
        request_id=str(uuid4()),
    )
    closing.start_time.FromDatetime(noon)
    closing.end_time.FromDatetime(noon + timedelta(days=1))
    await house.call(SchedulingService(house.db).CloseResource, closing)
    kept, gone = where.of(Kind.ROOM)
    assert told(await schedule(house, where, kept)) == [
        ("08:00", "12:00", "free"), ("12:00", "18:00", "busy-unavailable"),
    ]  # fmt: skip
    await keep(
        house, replace(where, resources=tuple(one for one in where.resources if one != gone))
    )
    left = await schedule(house, where, gone)
    assert (left.active, list(left.slots)) == ("false", [])


async def test_a_schedule_is_a_matter_of_its_clinic(house: House) -> None:
    here, there = clinic(), clinic()
    await keep(house, here)
    await keep(house, there)
    with pytest.raises(NotFound, match="RESOURCE_NOT_FOUND"):
        await schedule(house, here, there.resources[0])
    request = rpc.GetScheduleRequest(
        clinic_id=str(here.clinic_id),
        resource_id=str(here.resources[0].resource_id),
        day=Date(year=2026, month=11, day=23),
    )
    stranger = somebody("nurse", clinics=frozenset({there.clinic_id}))
    with pytest.raises(NotFound, match="CLINIC_NOT_FOUND"):
        await house.call(SchedulingService(house.db).GetSchedule, request, stranger)


async def test_a_series_without_times_is_on_the_waitlist(house: House) -> None:
    where = clinic()
    wanted = plan(where.clinic_id, (1,))
    await house.given(plan_approved(wanted))
    assert (await series(house, wanted)).appointment_status == "waitlist"
