"""That day is the clinic's own: a bad screener blocks until its midnight, whatever clocks do."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from google.protobuf.json_format import Parse
from hypothesis import given
from hypothesis import strategies as st

from chassis.refusal import Invalid, NotAllowed, Reject
from chassis.testing import House, somebody
from halcyon.intake.v1 import eligibility_pb2 as eligibility_rpc
from halcyon.intake.v1 import intake_pb2 as nouns
from halcyon.intake.v1 import pack_pb2 as pack_rpc
from halcyon.intake.v1 import scale_pb2 as rpc
from halcyon.scheduling.events.v1.scheduling_events_pb2 import ClinicUpdated
from services.intake import packs
from services.intake.domain.days import day_end
from services.intake.tests import examples as eg
from services.intake.tests.practice import BOSTON_DOCTOR, Practice
from tools.examples import example

BOSTON_TIME = "America/New_York"
_ZONES = "SELECT time_zone, clinic_revision FROM clinic_policy"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("moment", "zone", "until"),
    [
        ("2026-11-24T14:00+00:00", BOSTON_TIME, "2026-11-25T05:00+00:00"),
        ("2026-11-25T04:59+00:00", BOSTON_TIME, "2026-11-25T05:00+00:00"),
        ("2026-11-25T05:00+00:00", BOSTON_TIME, "2026-11-26T05:00+00:00"),
        ("2026-11-01T05:30+00:00", BOSTON_TIME, "2026-11-02T05:00+00:00"),
        ("2026-03-08T12:00+00:00", BOSTON_TIME, "2026-03-09T04:00+00:00"),
        ("2026-11-24T14:00+00:00", "Pacific/Auckland", "2026-11-25T11:00+00:00"),
    ],
)
def test_a_day_ends_at_the_clinics_midnight(moment: str, zone: str, until: str) -> None:
    assert day_end(at(moment), 1, ZoneInfo(zone)) == at(until)


def test_without_a_zone_a_day_is_a_whole_day() -> None:
    assert day_end(eg.NOON, 1, None) == eg.NOON + timedelta(days=1)


@given(
    st.datetimes(timezones=st.just(UTC), min_value=datetime(2020, 1, 1)),  # noqa: DTZ001
    st.integers(1, 5),
    st.sampled_from((BOSTON_TIME, "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia")),
)
def test_it_lies_ahead_and_the_longer_the_later(moment: datetime, days: int, name: str) -> None:
    zone = ZoneInfo(name)
    end = day_end(moment, days, zone)
    assert moment < end < day_end(moment, days + 1, zone)
    assert (end - timedelta(seconds=1)).astimezone(zone).date() < end.astimezone(zone).date()


def joined(zone: str = BOSTON_TIME, revision: int = 1) -> ClinicUpdated:
    return ClinicUpdated(clinic_id=str(eg.BOSTON), revision=revision, time_zone=zone)


async def zones(house: House) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await house.db.fetch(_ZONES)]


async def test_a_high_screener_blocks_to_the_end_of_the_clinics_day(house: House) -> None:
    practice = Practice(house)
    await house.given(joined())
    intake_id = await practice.open()
    await practice.assess(intake_id, phq9_item9=1)
    answers = [rpc.ItemAnswer(item=item, value=int(item in (1, 2, 4))) for item in range(1, 8)]
    request = rpc.RecordScaleRequest(
        request_id=str(uuid4()), intake_id=intake_id, scale="cssrs", answers=answers
    )
    await house.call(practice.api.RecordScale, request, BOSTON_DOCTOR)
    known = (await practice.get(intake_id=intake_id)).suicide_risk
    until = known.block_until_time.ToDatetime(UTC)
    assert until == day_end(house.db.clock(), 1, ZoneInfo(BOSTON_TIME))
    with pytest.raises(NotAllowed) as refused:
        await practice.approve(intake_id, rationale="why")
    assert refused.value.reason == "TREATMENT_BLOCKED"
    house.db.travel(until - house.db.clock() + timedelta(seconds=1))
    await practice.approve(intake_id, rationale="why")


async def test_the_newest_word_about_a_clinics_clock_holds(house: House) -> None:
    await house.given(joined("Pacific/Auckland", 3))
    await house.given(joined(BOSTON_TIME, 2))
    assert await zones(house) == [("Pacific/Auckland", 3)]
    await house.call(Practice(house).api.UpdateClinicPolicy, eg.standing_order(), BOSTON_DOCTOR)
    assert await zones(house) == [("Pacific/Auckland", 3)]
    with pytest.raises(Reject):
        await house.given(joined("Mars/Olympus", 4))


async def test_a_clinic_that_only_told_its_clock_follows_the_platform(house: House) -> None:
    practice = Practice(house)
    await house.given(joined())
    intake_id = await practice.open()
    await practice.assess(intake_id)
    planned = await practice.approve(intake_id, rationale="why")
    assert planned.plan.schedule == eg.PACK.default_schedule


async def test_the_golden_clinic_is_heard(house: House) -> None:
    await house.given(Parse(example("ClinicUpdated"), ClinicUpdated()))
    assert len(await zones(house)) == 1


def late_evening(house: House) -> datetime:
    """Tomorrow in UTC and still today in Boston."""
    now = house.db.clock()
    night = (now + timedelta(days=1)).replace(hour=3, minute=0)
    house.db.travel(night - now)
    return night


async def test_a_pack_begins_and_a_deferral_ends_at_the_clinics_midnight(house: House) -> None:
    practice = Practice(house)
    await house.given(joined())
    tomorrow = late_evening(house).date().isoformat()
    own = packs.shipped()[packs.CURRENT][1].content.replace("2026-01-01", tomorrow, 1)
    own = own.replace("name: halcyon-default", "name: boston-own", 1)
    network = somebody("medical_director")
    await house.call(practice.api.PublishPack, pack_rpc.PublishPackRequest(content=own), network)
    request = eg.standing_order()
    request.policy.pack = "boston-own@1"
    with pytest.raises(NotAllowed) as early:
        await house.call(practice.api.UpdateClinicPolicy, request, BOSTON_DOCTOR)
    assert early.value.reason == "PACK_NOT_EFFECTIVE"
    intake_id = await practice.open()
    deferral = eligibility_rpc.DecideEligibilityRequest(
        intake_id=intake_id,
        outcome=nouns.ELIGIBILITY_OUTCOME_DEFERRED,
        rationale="a relative comes along",
        defer_until_date=tomorrow,
    )
    await house.call(practice.api.DecideEligibility, deferral, BOSTON_DOCTOR)
    house.db.travel(timedelta(hours=3))
    await house.call(practice.api.UpdateClinicPolicy, request, BOSTON_DOCTOR)
    deferral.rationale = "longer"
    with pytest.raises(Invalid):
        await house.call(practice.api.DecideEligibility, deferral, BOSTON_DOCTOR)


async def test_sessions_are_counted_by_the_clinics_days(house: House) -> None:
    """Of three sessions the first is in no week any more from a midnight on, not from an hour."""
    practice = Practice(house)
    await house.given(joined())
    routed = eg.routed()
    await house.given(routed)
    intake_id = str(eg.intake_id(routed))
    await practice.assess(intake_id)
    await practice.approve(intake_id, rationale="why")
    night = late_evening(house)
    ended = [night + timedelta(minutes=40), night - timedelta(days=2), night - timedelta(days=4)]
    for number, moment in enumerate(reversed(ended), 1):
        await house.given(eg.completed(routed, number, complete_time=eg.stamp(moment)))
    week = day_end(night, 3, ZoneInfo(BOSTON_TIME))
    for coming, full in ((week - timedelta(minutes=1), True), (week, False)):
        request = eligibility_rpc.CheckSafetyRequest(intake_id=intake_id)
        request.session_times.append(eg.stamp(coming))
        answer = await house.call(practice.api.CheckSafety, request, BOSTON_DOCTOR)
        assert ("sessions-in-7-days" in [one.rule_id for one in answer.flags]) == full
