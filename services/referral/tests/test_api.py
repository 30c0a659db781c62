"""What callers may ask, on a real database."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from chassis.auth import Principal, act_as
from chassis.refusal import AlreadyExists, Denied, Invalid, NotAllowed, NotFound
from chassis.testing import House, somebody
from halcyon.referral.events.v1 import referral_events_pb2 as events
from halcyon.referral.v1 import referral_pb2 as noun
from halcyon.referral.v1 import referral_service_pb2 as rpc
from services.referral import api
from services.referral.tests import examples as eg

DOCTOR = somebody("referrer", npi=eg.DOCTOR_NPI)
OTHER_DOCTOR = somebody("referrer", npi=eg.OTHER_NPI)
BOSTON_DESK = somebody("coordinator", clinics=frozenset({eg.BOSTON}))
CHICAGO_DESK = somebody("coordinator", clinics=frozenset({eg.CHICAGO}))


class Desk:
    """The service, asked by its calls' names."""

    def __init__(self, house: House) -> None:
        self.house, self.api = house, api.Referrals(house.db)

    async def create(self, who: Principal = DOCTOR, **changes: Any) -> noun.Referral:
        reply = await self.house.call(self.api.CreateReferral, eg.asked(**changes), who)
        return reply.referral

    async def get(self, referral_id: str, who: Principal = DOCTOR) -> noun.Referral:
        request = rpc.GetReferralRequest(referral_id=referral_id)
        return (await self.house.call(self.api.GetReferral, request, who)).referral

    async def list(self, who: Principal = DOCTOR, **search: Any) -> rpc.ListReferralsResponse:
        return await self.house.call(
            self.api.ListReferrals, rpc.ListReferralsRequest(**search), who
        )

    async def cancel(self, referral_id: str, who: Principal = DOCTOR) -> noun.Referral:
        request = rpc.CancelReferralRequest(
            referral_id=referral_id, reason=rpc.CANCEL_REASON_PATIENT_DECLINED
        )
        return (await self.house.call(self.api.CancelReferral, request, who)).referral

    async def route(self, referral_id: str, clinic_id: Any, who: Principal) -> noun.Referral:
        request = rpc.RouteReferralRequest(referral_id=referral_id, clinic_id=str(clinic_id))
        return (await self.house.call(self.api.RouteReferral, request, who)).referral

    async def patient(self, patient_id: str, who: Principal) -> noun.Patient:
        request = rpc.GetPatientRequest(patient_id=patient_id)
        return (await self.house.call(self.api.GetPatient, request, who)).patient

    def watch(
        self, referral_id: str, after: int = 0, who: Principal = DOCTOR
    ) -> AsyncIterator[rpc.WatchReferralResponse]:
        act_as(who)
        request = rpc.WatchReferralRequest(referral_id=referral_id, after_revision=after)
        return self.api.WatchReferral(request, None)  # type: ignore[arg-type]


async def unwatched(servicer: api.Referrals) -> None:
    """The lookout hears its last question out before the database is closed."""
    if looking := servicer._lookout._looking:
        await asyncio.wait_for(looking, 10)


@pytest.fixture
async def desk(house: House) -> AsyncIterator[Desk]:
    await house.given(*(eg.clinic(clinic_id) for clinic_id in eg.PLACES))
    desk = Desk(house)
    yield desk
    await unwatched(desk.api)


async def test_a_referral_is_routed_to_the_nearest_clinic_at_once(desk: Desk) -> None:
    referral = await desk.create()
    assert referral.status == noun.REFERRAL_STATUS_ROUTED
    assert referral.clinic_id == str(eg.CHICAGO)
    assert referral.revision == 2
    assert referral.patient.family_name == "Doe"
    received, routed = await desk.house.stated()
    assert isinstance(received, events.ReferralReceived)
    assert isinstance(routed, events.ReferralRouted)
    assert (received.revision, routed.revision) == (1, 2)
    assert routed.patient_id == referral.patient.patient_id
    assert routed.sex_at_birth == "female"
    assert list(routed.medications) == [
        f"{eg.DRUG_CLASS}|ssri",
        f"{eg.DRUG_CLASS}|beta-blocker",
    ]
    for word in eg.FORGETTABLE:
        assert word not in str(received) + str(routed)


async def test_what_was_told_is_what_is_read(desk: Desk) -> None:
    created = await desk.create()
    assert await desk.get(created.referral_id) == created
    assert await desk.house.count("SELECT count(*) FROM access_log WHERE subject = 'test'") == 1


async def test_the_same_request_again_gives_the_same_referral(desk: Desk) -> None:
    request_id = str(uuid4())
    first = await desk.create(request_id=request_id)
    await desk.house.stated()
    assert await desk.create(request_id=request_id) == first
    assert await desk.house.stated() == []
    with pytest.raises(AlreadyExists) as refused:
        await desk.create(request_id=request_id, patient=eg.somebody_else(1))
    assert refused.value.reason == "REQUEST_ID_REUSED"


async def test_an_open_referral_for_the_same_patient_and_category_is_a_duplicate(
    desk: Desk,
) -> None:
    first = await desk.create()
    again = eg.jane()
    again.given_name, again.family_name = " jane ", "DOE"
    with pytest.raises(AlreadyExists) as refused:
        await desk.create(patient=again, clinical=eg.summary(indication_code="F33.1"))
    assert refused.value.reason == "DUPLICATE_REFERRAL"
    assert refused.value.metadata == {"referral_id": first.referral_id}
    with pytest.raises(AlreadyExists) as refused:
        await desk.create(OTHER_DOCTOR, referrer=eg.doctor(eg.OTHER_NPI), patient=again)
    assert refused.value.metadata == {}
    other = await desk.create(patient=again, clinical=eg.summary(indication_code="G90.5"))
    assert other.patient.patient_id == first.patient.patient_id
    assert await desk.house.count("SELECT count(*) FROM patient") == 1
    await desk.cancel(first.referral_id)
    await desk.create()


async def test_two_at_once_make_one(desk: Desk) -> None:
    """The loser of the race fails on a unique key, and the chassis lets it run again."""
    results = await asyncio.gather(
        *(desk.create(request_id=str(uuid4())) for _ in range(4)), return_exceptions=True
    )
    assert sum(isinstance(one, noun.Referral) for one in results) == 1
    assert await desk.house.count("SELECT count(*) FROM referral") == 1
    assert await desk.house.count("SELECT count(*) FROM patient") == 1


async def test_a_referrer_refers_only_in_their_own_name(desk: Desk) -> None:
    with pytest.raises(Denied) as refused:
        await desk.create(OTHER_DOCTOR)
    assert refused.value.reason == "NPI_MISMATCH"
    with pytest.raises(Denied):
        await desk.create(somebody("referrer"))
    assert (await desk.create(CHICAGO_DESK)).referral_id


async def test_every_fault_is_told_at_once(desk: Desk) -> None:
    with pytest.raises(Invalid) as refused:
        await desk.create(
            BOSTON_DESK,
            referrer=eg.doctor("1234567890"),
            patient=eg.jane(birth_date=eg.day(eg.LONG_AGO.replace(year=2998))),
            clinical=eg.summary(weight_date=eg.day(eg.LONG_AGO.replace(year=2999))),
        )
    assert refused.value.reason == "INVALID_REFERRAL"
    fields = [violation.field for violation in refused.value.violations]
    assert fields == ["referrer.npi", "patient.birth_date", "clinical.weight_date"]


async def test_an_unknown_preferred_clinic_is_refused(desk: Desk) -> None:
    with pytest.raises(Invalid) as refused:
        await desk.create(preferred_clinic_id=str(uuid4()))
    assert refused.value.reason == "CLINIC_NOT_FOUND"
    assert refused.value.violations[0].field == "preferred_clinic_id"
    preferred = await desk.create(preferred_clinic_id=str(eg.DENVER))
    assert preferred.clinic_id == str(eg.DENVER)


async def test_what_no_clinic_takes_waits_for_a_coordinator(house: House) -> None:
    desk = Desk(house)
    await house.given(
        eg.clinic(eg.BOSTON, series_capacity=0), eg.clinic(eg.CHICAGO, indications=["G90"])
    )
    waiting = await desk.create()
    assert waiting.status == noun.REFERRAL_STATUS_RECEIVED
    assert [type(fact) for fact in await house.stated()] == [events.ReferralReceived]
    (pooled,) = (await desk.list(BOSTON_DESK)).referrals
    assert pooled.referral_id == waiting.referral_id
    with pytest.raises(NotFound):
        await desk.get(waiting.referral_id, BOSTON_DESK)
    with pytest.raises(NotFound) as refused:
        await desk.route(waiting.referral_id, eg.CHICAGO, BOSTON_DESK)
    assert refused.value.reason == "CLINIC_NOT_FOUND"
    routed = await desk.route(waiting.referral_id, eg.BOSTON, BOSTON_DESK)
    assert (routed.status, routed.revision) == (noun.REFERRAL_STATUS_ROUTED, 2)
    assert await desk.route(waiting.referral_id, eg.BOSTON, BOSTON_DESK) == routed
    (fact,) = await house.stated()
    assert (fact.revision, fact.clinic_id) == (2, str(eg.BOSTON))
    with pytest.raises(NotFound):
        await desk.route(waiting.referral_id, eg.CHICAGO, CHICAGO_DESK)
    with pytest.raises(NotAllowed) as said:
        await desk.route(waiting.referral_id, eg.CHICAGO, somebody("coordinator"))
    assert said.value.reason == "ALREADY_ROUTED"
    assert (await desk.get(waiting.referral_id, BOSTON_DESK)).patient.given_name == "Jane"


async def test_a_clinic_nobody_knows_cannot_be_chosen(desk: Desk) -> None:
    referral = await desk.create()
    with pytest.raises(NotFound):
        await desk.route(referral.referral_id, uuid4(), somebody("coordinator"))


async def test_cancelling_twice_is_the_same_as_once(desk: Desk) -> None:
    referral = await desk.create()
    await desk.house.stated()
    cancelled = await desk.cancel(referral.referral_id)
    assert cancelled.status == noun.REFERRAL_STATUS_CANCELLED
    assert not cancelled.patient.family_name
    assert await desk.cancel(referral.referral_id) == cancelled
    (fact,) = await desk.house.stated()
    assert (fact.revision, fact.reason) == (3, "patient_declined")
    assert fact.clinic_id == str(eg.CHICAGO)


async def test_what_has_ended_is_closed(desk: Desk) -> None:
    referral = await desk.create()
    story = eg.Story(referral.referral_id, eg.CHICAGO)
    await desk.house.given(story.opened(), story.declined())
    with pytest.raises(NotAllowed) as refused:
        await desk.cancel(referral.referral_id)
    assert refused.value.reason == "REFERRAL_CLOSED"
    with pytest.raises(NotAllowed):
        await desk.route(referral.referral_id, eg.CHICAGO, CHICAGO_DESK)


async def test_cancelling_after_news_goes_on_with_our_own_revision(desk: Desk) -> None:
    referral = await desk.create()
    story = eg.Story(referral.referral_id, eg.CHICAGO)
    await desk.house.given(story.opened(), story.planned())
    await desk.house.stated()
    cancelled = await desk.cancel(referral.referral_id)
    assert cancelled.revision == 5
    assert [fact.revision for fact in await desk.house.stated()] == [3]
    assert await desk.house.count("SELECT sum(open_series) FROM clinic_load") == 0


@pytest.mark.parametrize(
    ("who", "sees"),
    [
        (DOCTOR, True),
        (OTHER_DOCTOR, False),
        (somebody("referrer"), False),
        (CHICAGO_DESK, True),
        (BOSTON_DESK, False),
        (somebody("nurse"), True),
    ],
)
async def test_others_referrals_do_not_exist(desk: Desk, who: Principal, sees: bool) -> None:
    referral = await desk.create()
    listed = (await desk.list(who)).referrals
    if sees:
        assert (await desk.get(referral.referral_id, who)).referral_id == referral.referral_id
        assert [one.referral_id for one in listed] == [referral.referral_id]
        assert not listed[0].patient.family_name
        assert listed[0].patient.patient_id
        return
    assert not listed
    with pytest.raises(NotFound) as refused:
        await desk.get(referral.referral_id, who)
    assert refused.value.reason == "REFERRAL_NOT_FOUND"
    with pytest.raises(NotFound):
        await desk.cancel(referral.referral_id, who)
    with pytest.raises(NotFound):
        await anext(desk.watch(referral.referral_id, who=who))
    assert await desk.house.count("SELECT count(*) FROM access_log") == 0


async def test_lists_go_page_by_page_newest_first(desk: Desk) -> None:
    made = []
    for number in range(7):
        made.append((await desk.create(patient=eg.somebody_else(number))).referral_id)
        desk.house.db.travel(timedelta(milliseconds=2))
    await desk.cancel(made[3])
    for who in (DOCTOR, CHICAGO_DESK, somebody("operator")):
        found, token = [], ""
        while True:
            page = await desk.list(who, page_size=3, page_token=token)
            found += [one.referral_id for one in page.referrals]
            if not (token := page.next_page_token):
                break
        assert found == made[::-1]
        cancelled = await desk.list(who, status=noun.REFERRAL_STATUS_CANCELLED)
        assert [one.referral_id for one in cancelled.referrals] == [made[3]]
        routed = await desk.list(who, status=noun.REFERRAL_STATUS_ROUTED)
        assert len(routed.referrals) == 6
        assert not (await desk.list(who, clinic_id=str(eg.BOSTON))).referrals
        assert len((await desk.list(who, clinic_id=str(eg.CHICAGO))).referrals) == 7
    with pytest.raises(Invalid):
        await desk.list(page_token="WyJub3QgYW4gaWQiXQ==")


@pytest.mark.parametrize(
    ("who", "sees"),
    [
        (CHICAGO_DESK, True),
        (BOSTON_DESK, False),
        (somebody("cashier"), True),
        (somebody("service", clinics=frozenset()), True),
    ],
)
async def test_a_patient_is_named_to_their_clinics(desk: Desk, who: Principal, sees: bool) -> None:
    referral = await desk.create()
    patient_id = referral.patient.patient_id
    if sees:
        shown = await desk.patient(patient_id, replace(who, subject="reader"))
        assert (shown.patient_id, shown.family_name) == (patient_id, referral.patient.family_name)
        rows = "SELECT count(*) FROM access_log WHERE subject = 'reader' AND method = 'GetPatient'"
        assert await desk.house.count(rows) == 1
        return
    for unknown in (patient_id, str(uuid4())):
        with pytest.raises(NotFound) as refused:
            await desk.patient(unknown, who)
        assert refused.value.reason == "PATIENT_NOT_FOUND"


async def test_a_patient_without_an_address_is_kept_without(desk: Desk) -> None:
    patient = eg.jane()
    patient.ClearField("address")
    patient.ClearField("sex_at_birth")
    created = await desk.create(patient=patient)
    assert created.clinic_id
    assert (await desk.get(created.referral_id)).patient == created.patient


async def test_a_watch_replays_and_goes_on_until_the_end(desk: Desk) -> None:
    referral = await desk.create()
    story = eg.Story(referral.referral_id, eg.CHICAGO)
    stream = desk.watch(referral.referral_id, after=1)
    async with asyncio.timeout(10):
        first = (await anext(stream)).change
        assert (first.revision, first.status) == (2, noun.REFERRAL_STATUS_ROUTED)
        assert first.cause == events.ReferralRouted.DESCRIPTOR.full_name
        waiting = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0.05)
        await desk.house.given(story.opened())
        second = (await waiting).change
        assert (second.revision, second.status) == (3, noun.REFERRAL_STATUS_IN_ASSESSMENT)
        assert second.change_time.ToDatetime(tzinfo=UTC) == story.now
        await desk.house.given(story.planned())
        await desk.cancel(referral.referral_id)
        rest = [one.change async for one in stream]
    assert [one.revision for one in rest] == [4, 5]
    assert rest[-1].status == noun.REFERRAL_STATUS_CANCELLED


async def test_what_another_replica_commits_is_seen_too(desk: Desk) -> None:
    referral = await desk.create()
    stream = desk.watch(referral.referral_id, after=2)
    waiting = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0.05)
    desk.house.db.committed.clear()
    story = eg.Story(referral.referral_id, eg.CHICAGO)
    await desk.house.given(story.opened())
    began = datetime.now(UTC)
    async with asyncio.timeout(10):
        assert (await waiting).change.revision == 3
    assert datetime.now(UTC) - began < timedelta(seconds=2)
    await stream.aclose()  # type: ignore[attr-defined]


async def test_nobody_looks_when_nobody_watches(desk: Desk) -> None:
    referral = await desk.create()
    stream = desk.watch(referral.referral_id)
    assert (await anext(stream)).change.revision == 1
    lookout = desk.api._lookout
    looking = lookout._looking
    assert looking
    assert not looking.done()
    await stream.aclose()  # type: ignore[attr-defined]
    await asyncio.wait_for(looking, 10)
    assert not lookout._bells


async def test_a_watch_outlives_a_question_that_failed(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The watchers ask for themselves; those who can, go on."""

    async def away(*_: object) -> None:
        raise ConnectionError

    referral = await desk.create()
    monkeypatch.setattr("services.referral.store.changes", away)
    stream = desk.watch(referral.referral_id, after=2)
    waiting = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0.05)
    story = eg.Story(referral.referral_id, eg.CHICAGO)
    await desk.house.given(story.opened())
    async with asyncio.timeout(10):
        assert (await waiting).change.revision == 3
    await stream.aclose()  # type: ignore[attr-defined]
