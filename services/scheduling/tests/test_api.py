"""What callers may ask of scheduling, on a real database."""

from base64 import urlsafe_b64encode
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from google.type.date_pb2 import Date

from chassis.refusal import Invalid, NotAllowed, NotFound
from chassis.testing import House, somebody
from halcyon.scheduling.v1 import scheduling_pb2 as nouns
from halcyon.scheduling.v1 import scheduling_service_pb2 as rpc
from services.scheduling.api import SchedulingService
from services.scheduling.domain import Clinic, Hours, Plan, series_id
from services.scheduling.tests.examples import (
    clinic,
    clinic_message,
    payment_collected,
    plan,
    plan_approved,
    referral_cancelled,
)
from services.scheduling.tests.steps import (
    CONFIRMED,
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
)


async def list_day(
    house: House, where: Clinic, day: int, size: int = 0, token: str = ""
) -> rpc.ListDayResponse:
    request = rpc.ListDayRequest(
        clinic_id=str(where.clinic_id),
        day=Date(year=2026, month=11, day=day),
        page_size=size,
        page_token=token,
    )
    return await house.call(SchedulingService(house.db).ListDay, request)


async def hold(house: House, plan: Plan, *roles: str, clinics: object = None) -> nouns.Series:
    request = rpc.HoldSeriesRequest(series_id=str(series_id(plan.plan_id)))
    by = somebody("coordinator", clinics=clinics or frozenset({plan.clinic_id}))
    return (await house.call(SchedulingService(house.db).HoldSeries, request, by)).series


async def test_a_clinic_is_kept_stated_and_read_again(house: House) -> None:
    where = clinic(2, 3, 4)
    service = SchedulingService(house.db)
    update = rpc.UpdateClinicRequest(clinic=clinic_message(where))
    kept = (await house.call(service.UpdateClinic, update)).clinic
    (fact,) = await house.stated()
    assert (fact.clinic_id, fact.revision, fact.time_zone) == (
        str(where.clinic_id),
        1,
        "America/Denver",
    )
    assert (fact.latitude, list(fact.indications)) == (39.7, ["F33"])
    get = rpc.GetClinicRequest(clinic_id=str(where.clinic_id))
    assert (await house.call(service.GetClinic, get)).clinic == kept
    assert len(kept.resources) == 9
    assert (await house.call(service.UpdateClinic, update)).clinic == kept
    assert not await house.stated()


async def test_a_changed_clinic_is_stated_with_the_next_revision(house: House) -> None:
    where = clinic(2, 2, 2)
    await keep(house, where)
    smaller = clinic(1, 2, 2, clinic_id=where.clinic_id)
    assert len((await keep(house, smaller)).resources) == 5
    service = SchedulingService(house.db)
    update = rpc.UpdateClinicRequest(clinic=clinic_message(where))
    again = (await house.call(service.UpdateClinic, update)).clinic
    assert (again.revision, len(again.resources)) == (3, 6)
    assert [fact.revision for fact in await house.stated()] == [3]


async def test_a_room_belongs_to_one_clinic(house: House) -> None:
    where = clinic()
    await keep(house, where)
    thief = replace(clinic(), resources=where.resources)
    with pytest.raises(Invalid, match="INVALID_CLINIC") as refusal:
        await keep(house, thief)
    assert len(refusal.value.violations) == 6


async def test_only_its_own_director_or_an_operator_changes_a_clinic(house: House) -> None:
    where = clinic()
    director = somebody("medical_director", clinics=frozenset({where.clinic_id}))
    stranger = somebody("medical_director", clinics=frozenset({uuid4()}))
    operator = somebody("operator", clinics=frozenset[UUID]())
    with pytest.raises(NotFound, match="CLINIC_NOT_FOUND"):
        await keep(house, where, stranger)
    assert (await keep(house, where, director)).revision == 1
    assert (await keep(house, replace(where, name="Other"), operator)).revision == 2


async def test_referrers_see_every_clinic_and_others_their_own(house: House) -> None:
    clinics = [replace(clinic(), name=f"Clinic {n}") for n in range(5)]
    for one in reversed(clinics):
        await keep(house, one)
    service, token, seen = SchedulingService(house.db), "", list[str]()
    referrer = somebody("referrer", clinics=frozenset[UUID]())
    for _ in range(3):
        request = rpc.ListClinicsRequest(page_size=2, page_token=token)
        page = await house.call(service.ListClinics, request, referrer)
        seen += [one.name for one in page.clinics]
        token = page.next_page_token
    assert (seen, token) == ([one.name for one in clinics], "")
    nurse = somebody("nurse", clinics=frozenset({clinics[3].clinic_id}))
    own = await house.call(service.ListClinics, rpc.ListClinicsRequest(), nurse)
    assert [one.name for one in own.clinics] == ["Clinic 3"]
    get = rpc.GetClinicRequest(clinic_id=str(clinics[0].clinic_id))
    assert await house.call(service.GetClinic, get, referrer)
    with pytest.raises(NotFound, match="CLINIC_NOT_FOUND"):
        await house.call(service.GetClinic, get, nurse)
    nobodys = rpc.GetClinicRequest(clinic_id=str(uuid4()))
    with pytest.raises(NotFound, match="CLINIC_NOT_FOUND"):
        await house.call(service.GetClinic, nobodys)


async def test_a_token_of_another_list_is_refused(house: House) -> None:
    service = SchedulingService(house.db)
    for one in range(2):
        await keep(house, replace(clinic(), name=str(one)))
    token = (
        await house.call(service.ListClinics, rpc.ListClinicsRequest(page_size=1))
    ).next_page_token
    where = clinic()
    await keep(house, where)
    with pytest.raises(Invalid, match="PAGE_TOKEN_INVALID"):
        await list_day(house, where, 23, token=token)
    forged = urlsafe_b64encode(b'["soon", "here", "one"]').decode()
    with pytest.raises(Invalid, match="PAGE_TOKEN_INVALID"):
        await list_day(house, where, 23, token=forged)


async def test_a_series_is_read_by_its_referral_and_only_at_its_clinic(house: House) -> None:
    where = clinic()
    await keep(house, where)
    wanted = await held(house, where)
    service = SchedulingService(house.db)
    by_referral = rpc.GetSeriesRequest(referral_id=str(wanted.referral_id))
    found = (await house.call(service.GetSeries, by_referral)).series
    assert found == await series(house, wanted)
    assert found.status == HELD
    assert {one.status for one in found.bookings} == {nouns.BOOKING_STATUS_HELD}
    stranger = somebody("nurse", clinics=frozenset({uuid4()}))
    with pytest.raises(NotFound, match="SERIES_NOT_FOUND"):
        await house.call(service.GetSeries, by_referral, stranger)
    unknown = rpc.GetSeriesRequest(series_id=str(uuid4()))
    with pytest.raises(NotFound, match="SERIES_NOT_FOUND"):
        await house.call(service.GetSeries, unknown)


async def test_a_day_is_listed_in_order_of_time_and_page_by_page(house: House) -> None:
    where = clinic(2, 2, 2)
    await keep(house, where)
    plans = [await held(house, where) for _ in range(3)]
    await house.given(payment_collected(plans[0]))
    await expire(house, plans[1])
    day = await list_day(house, where, 23)
    starts = [one.start_time.ToDatetime() for one in day.bookings]
    assert starts == sorted(starts)
    assert [one.status for one in day.bookings].count(nouns.BOOKING_STATUS_CONFIRMED) == 1
    assert len(day.bookings) == 2
    first = await list_day(house, where, 23, size=1)
    second = await list_day(house, where, 23, size=1, token=first.next_page_token)
    assert [*first.bookings, *second.bookings] == list(day.bookings)
    assert not second.next_page_token
    assert not (await list_day(house, where, 24)).bookings


async def test_no_such_day_is_refused(house: House) -> None:
    where = clinic()
    await keep(house, where)
    with pytest.raises(Invalid, match="INVALID_REQUEST"):
        await list_day(house, where, 31)


async def test_a_released_series_is_held_again_at_new_times(house: House) -> None:
    where = clinic(1, 1, 1)
    await keep(house, where)
    wanted = await held(house, where)
    before = await series(house, wanted)
    await expire(house, wanted, timedelta(hours=1))
    await held(house, where)
    await house.stated()
    again = await hold(house, wanted)
    (fact,) = await house.stated()
    assert (fact.DESCRIPTOR.name, fact.revision) == ("SeriesHeld", 3)
    assert again.status == HELD
    assert [one.session_id for one in again.bookings] == [one.session_id for one in before.bookings]
    assert again.bookings[0].start_time != before.bookings[0].start_time
    assert series_id(wanted.plan_id) in await dues(house)
    assert await overlaps(house) == 0
    assert await hold(house, wanted) == again
    assert not await house.stated()
    await house.given(payment_collected(wanted))
    assert (await hold(house, wanted)).status == CONFIRMED


async def test_a_waitlisted_series_is_held_once_its_clinic_is_known(house: House) -> None:
    where = clinic()
    wanted = plan(where.clinic_id)
    await house.given(plan_approved(wanted))
    assert (await series(house, wanted)).status == WAITLISTED
    with pytest.raises(NotAllowed, match="NO_FREE_TIME"):
        await hold(house, wanted)
    await keep(house, where)
    held_now = await hold(house, wanted)
    assert (held_now.status, held_now.revision) == (HELD, 2)


async def test_without_a_free_time_the_series_stays_as_it_was(house: House) -> None:
    where = clinic(hours=(Hours(1, 480, 500),))
    await keep(house, where)
    wanted = await held(house, where)
    with pytest.raises(NotAllowed, match="NO_FREE_TIME"):
        await hold(house, wanted)
    assert names(await house.stated()) == ["SeriesWaitlisted"]


async def test_a_withdrawn_series_is_not_held_again(house: House) -> None:
    where = clinic()
    await keep(house, where)
    wanted = await held(house, where)
    await house.given(referral_cancelled(wanted))
    with pytest.raises(NotAllowed, match="SERIES_CLOSED"):
        await hold(house, wanted)
    assert (await series(house, wanted)).status == RELEASED


async def test_another_clinics_series_does_not_exist(house: House) -> None:
    where = clinic()
    await keep(house, where)
    wanted = await held(house, where)
    with pytest.raises(NotFound, match="SERIES_NOT_FOUND"):
        await hold(house, wanted, clinics=frozenset({uuid4()}))
