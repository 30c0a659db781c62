"""What expires or begins on a date does so at the clinic's own midnight."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from chassis.refusal import NotAllowed, Reject
from chassis.testing import House
from halcyon.scheduling.events.v1.scheduling_events_pb2 import ClinicUpdated
from services.infusion import domain, store
from services.infusion.tests import examples as eg
from services.infusion.tests.test_protocols import Office, strict
from services.infusion.tests.ward import Ward

BOSTON_TIME = "America/New_York"
SUNDAY, MONDAY, TUESDAY = (date(2026, 11, day) for day in (22, 23, 24))


@pytest.mark.parametrize(
    ("moment", "zone", "last_day", "holds"),
    [
        ("2026-11-24T04:59+00:00", BOSTON_TIME, MONDAY, True),
        ("2026-11-24T05:00+00:00", BOSTON_TIME, MONDAY, False),
        ("2026-11-24T04:59+00:00", BOSTON_TIME, SUNDAY, False),
        ("2026-11-24T04:59+00:00", "UTC", MONDAY, False),
        ("2026-11-23T10:59+00:00", "Pacific/Auckland", MONDAY, True),
        ("2026-11-23T11:00+00:00", "Pacific/Auckland", MONDAY, False),
        ("2026-11-23T11:00+00:00", "Pacific/Auckland", TUESDAY, True),
    ],
)
def test_consents_and_vials_hold_to_the_end_of_their_day(
    moment: str, zone: str, last_day: date, holds: bool
) -> None:
    now = datetime.fromisoformat(moment)
    drug = replace(eg.DRUG, expire_date=last_day)
    told = eg.checklist(now, consent_expire_date=last_day, drug=drug)
    evidence = eg.Case().evidence(checklist=told, zone=ZoneInfo(zone))
    expired = {"consent_expire_date", "drug_expire_date"}
    found = domain.findings(evidence, eg.PACK, now).keys() & expired
    assert found == (set() if holds else expired)


def late_evening(house: House) -> date:
    """Tomorrow in UTC and still today in Boston, whose day that is."""
    now = house.db.clock()
    night = (now + timedelta(days=1)).replace(hour=3, minute=0)
    house.db.travel(night - now)
    return (night - timedelta(days=1)).date()


def joined(zone: str = BOSTON_TIME, revision: int = 1) -> ClinicUpdated:
    return ClinicUpdated(clinic_id=str(eg.BOSTON), revision=revision, time_zone=zone)


async def test_the_gate_reads_the_clinics_calendar(house: House) -> None:
    await house.given(joined())
    ward, today = Ward(house), late_evening(house)
    case = await ward.expect()
    await ward.arrive(case.session_id(1))
    held = await ward.check(case.session_id(1), consent_expire_date=today - timedelta(days=1))
    assert {one.item for one in held.findings} == {"consent_expire_date", "double_check"}
    drug = replace(eg.DRUG, expire_date=today)
    passed = await ward.check(case.session_id(1), consent_expire_date=today, drug=drug)
    assert {one.item for one in passed.findings} == {"double_check"}


async def test_a_protocol_begins_at_the_clinics_midnight(house: House) -> None:
    await house.given(joined())
    office, today = Office(house), late_evening(house)
    tomorrow = (today + timedelta(days=1)).isoformat()
    await office.publish(strict(changes={"2026-01-01": tomorrow}))
    with pytest.raises(NotAllowed) as refused:
        await office.choose("strict@1")
    assert refused.value.reason == "PROTOCOL_NOT_EFFECTIVE"
    house.db.travel(timedelta(hours=3))
    await office.choose("strict@1")


async def test_the_newest_word_about_a_clinics_clock_holds(house: House) -> None:
    await house.given(joined("Pacific/Auckland", 3))
    await house.given(joined(BOSTON_TIME, 2))
    async with house.db.read() as tx:
        assert str(await store.zone_of(tx, eg.BOSTON)) == "Pacific/Auckland"
        assert str(await store.zone_of(tx, eg.CHICAGO)) == "UTC"
    with pytest.raises(Reject):
        await house.given(joined("Mars/Olympus", 4))
