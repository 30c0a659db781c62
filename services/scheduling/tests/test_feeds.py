"""Calendars: private, plain, and without a word about why anybody comes."""

from uuid import uuid4

import pytest

from chassis.refusal import NotFound
from chassis.testing import House
from halcyon.scheduling.v1 import scheduling_service_pb2 as rpc
from services.scheduling.api import SchedulingService
from services.scheduling.domain import Entry, calendar
from services.scheduling.tests.examples import MONDAY, clinic, referral_cancelled
from services.scheduling.tests.steps import held, keep


async def opened(house: House, **owner: str) -> str:
    request = rpc.CreateCalendarFeedRequest(**{"request_id": str(uuid4()), **owner})
    return (await house.call(SchedulingService(house.db).CreateCalendarFeed, request)).token


async def read(house: House, token: str) -> str:
    request = rpc.GetCalendarRequest(token=token)
    return (await house.call(SchedulingService(house.db).GetCalendar, request)).calendar


async def test_a_patient_sees_the_times_and_nothing_else(house: House) -> None:
    where = clinic()
    await keep(house, where)
    wanted, _ = await held(house, where), await held(house, where)
    about = {"clinic_id": str(where.clinic_id)}
    token = await opened(house, patient_id=str(wanted.patient_id), **about)
    text = await read(house, token)
    assert text.count("BEGIN:VEVENT") == 8
    assert text.count("STATUS:TENTATIVE") == 8
    assert "SUMMARY:Appointment\r\n" in text
    for secret in ("F33", "ketamine", str(wanted.patient_id), str(wanted.referral_id)):
        assert secret not in text
    await house.given(referral_cancelled(wanted))
    assert "VEVENT" not in await read(house, token)


async def test_a_room_sees_its_bookings_and_no_patient(house: House) -> None:
    where = clinic(1, 1, 1)
    await keep(house, where)
    for _ in range(2):
        await held(house, where, 1)
    about = {"clinic_id": str(where.clinic_id)}
    text = await read(
        house, await opened(house, resource_id=str(where.resources[0].resource_id), **about)
    )
    assert text.count("SUMMARY:room 001 is booked") == 2


async def test_a_token_is_renewed_and_the_old_one_opens_nothing(house: House) -> None:
    where = clinic()
    await keep(house, where)
    same = {"clinic_id": str(where.clinic_id), "patient_id": str(uuid4())}
    same["request_id"] = str(uuid4())
    first, second = await opened(house, **same), await opened(house, **same)
    assert "VCALENDAR" in await read(house, second)
    for wrong in (first, "x" * 43):
        with pytest.raises(NotFound, match="FEED_NOT_FOUND"):
            await read(house, wrong)
    stored = await house.db.fetch("SELECT token_hash FROM feed")
    assert [row["token_hash"] for row in stored] != [second]


def test_lines_are_folded_and_escaped_as_the_standard_says() -> None:
    entry = Entry("s", 3, MONDAY, MONDAY, "a;b,c\\d", "é" * 60, tentative=False)
    text = calendar([entry], MONDAY)
    assert "SUMMARY:a\\;b\\,c\\\\d\r\n" in text
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    assert ("LOCATION:" + "é" * 60) in text.replace("\r\n ", "")
    assert "DTSTART:20261123T150000Z" in text
