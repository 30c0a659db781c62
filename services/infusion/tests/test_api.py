"""What callers may ask of infusion, on a real database."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from chassis.auth import Principal
from chassis.refusal import Invalid, NotAllowed, NotFound
from chassis.testing import House, somebody
from halcyon.infusion.events.v1 import infusion_events_pb2 as facts
from halcyon.infusion.v1 import infusion_pb2 as nouns
from halcyon.infusion.v1 import infusion_service_pb2 as rpc
from services.infusion import api, store
from services.infusion.tests import examples as eg

BOSTON_NURSE = somebody("nurse", clinics=frozenset({eg.BOSTON}))
CHICAGO_NURSE = somebody("nurse", clinics=frozenset({eg.CHICAGO}))


class Ward:
    """The service, asked by its calls' names."""

    def __init__(self, house: House) -> None:
        self.house, self.api = house, api.InfusionService(house.db)

    async def expect(self, **about: Any) -> eg.Case:
        """A patient whose series is booked and whose dose is ordered."""
        case = eg.Case(**about)
        await self.house.given(case.approved(), case.confirmed())
        await self.house.stated()
        return case

    def now(self) -> datetime:
        return self.house.db.clock()

    async def start(
        self,
        session_id: str,
        who: Principal = BOSTON_NURSE,
        at: datetime | None = None,
        **changes: Any,
    ) -> nouns.Session:
        request = eg.start(session_id, at or self.now(), **changes)
        return (await self.house.call(self.api.StartInfusion, request, who)).session

    async def record(
        self, session_id: str, *readings: nouns.Vitals, who: Principal = BOSTON_NURSE
    ) -> int:
        request = rpc.RecordVitalsRequest(session_id=session_id, readings=readings)
        return (await self.house.call(self.api.RecordVitals, request, who)).recorded_count

    async def complete(
        self, session_id: str, who: Principal = BOSTON_NURSE, **changes: Any
    ) -> nouns.Session:
        request = eg.end(session_id, **changes)
        return (await self.house.call(self.api.CompleteInfusion, request, who)).session

    async def get(self, session_id: str, who: Principal = BOSTON_NURSE) -> nouns.Session:
        request = rpc.GetSessionRequest(session_id=session_id)
        return (await self.house.call(self.api.GetSession, request, who)).session

    async def list(self, who: Principal = BOSTON_NURSE, **search: Any) -> rpc.ListSessionsResponse:
        return await self.house.call(self.api.ListSessions, rpc.ListSessionsRequest(**search), who)


@pytest.fixture
def ward(house: House) -> Ward:
    return Ward(house)


async def test_a_session_from_start_to_end(ward: Ward) -> None:
    case = await ward.expect()
    session_id, begun = case.session_id(1), ward.now()
    planned = await ward.get(session_id)
    assert (planned.status, planned.ordered_micrograms) == (nouns.SESSION_STATUS_PLANNED, 35000)
    started = await ward.start(session_id, at=begun)
    assert (started.status, started.revision) == (nouns.SESSION_STATUS_INFUSING, 1)
    assert await ward.start(session_id, at=begun) == started
    told = [
        eg.reading(begun - timedelta(minutes=9), systolic=151, diastolic=80),
        eg.reading(begun - timedelta(minutes=8), oxygen_saturation=95, diastolic=91),
        eg.reading(begun - timedelta(minutes=7), moaas=3),
    ]
    assert await ward.record(session_id, *told, told[0]) == 3
    assert await ward.record(session_id, *told) == 0
    ended = await ward.complete(session_id)
    assert (ended.status, ended.revision) == (nouns.SESSION_STATUS_COMPLETED, 2)
    assert ended.given_micrograms == 35000
    assert await ward.complete(session_id) == ended
    whole = await ward.get(session_id)
    assert list(whole.vitals) == [*told, eg.reading(begun)]
    assert whole.phq9_score == 18
    first, second = await ward.house.stated()
    assert first == facts.InfusionStarted(
        session_id=session_id,
        revision=1,
        number=1,
        series_id=str(case.series_id),
        plan_id=str(case.plan_id),
        referral_id=str(case.referral_id),
        clinic_id=str(eg.BOSTON),
        dose_order_id=case.approved().dose_order_id,
        dose_micrograms=35000,
        start_time=started.start_time,
    )
    assert second == facts.InfusionCompleted(
        session_id=session_id,
        revision=2,
        number=1,
        session_count=8,
        series_id=str(case.series_id),
        plan_id=str(case.plan_id),
        referral_id=str(case.referral_id),
        patient_id=str(case.patient_id),
        clinic_id=str(eg.BOSTON),
        outcome="completed",
        dose_order_id=case.approved().dose_order_id,
        given_micrograms=35000,
        running_minutes=40,
        peak_systolic=151,
        peak_diastolic=91,
        lowest_oxygen_saturation=95,
        lowest_moaas=3,
        adverse_events=["nausea"],
        phq9_score=18,
        complete_time=ended.end_time,
    )


async def test_the_gate_tells_everything_at_once(ward: Ward) -> None:
    session_id = (await ward.expect()).session_id(1)
    with pytest.raises(NotAllowed) as refused:
        await ward.start(session_id, fasting_kept=False, systolic=170, heart_rate=130)
    assert refused.value.reason == "GATE_NOT_PASSED"
    assert set(refused.value.metadata) == {"fasting_kept", "systolic", "heart_rate"}
    found = await ward.get(session_id)
    assert (found.status, list(found.vitals)) == (nouns.SESSION_STATUS_PLANNED, [])
    assert await ward.house.stated() == []


async def test_sessions_are_given_in_order_with_the_dose_in_force(ward: Ward) -> None:
    case = await ward.expect()
    with pytest.raises(NotAllowed) as refused:
        await ward.start(case.session_id(2))
    assert refused.value.reason == "OUT_OF_SEQUENCE"
    await ward.start(case.session_id(1))
    stopped = rpc.COMPLETION_OUTCOME_STOPPED_EARLY
    await ward.complete(case.session_id(1), outcome=stopped, given_micrograms=9000)
    await ward.house.given(case.adjusted(2, 28000))
    assert (await ward.get(case.session_id(1))).ordered_micrograms == 35000
    assert (await ward.start(case.session_id(2))).ordered_micrograms == 28000


async def test_no_dose_order_no_start(ward: Ward) -> None:
    case = eg.Case()
    await ward.house.given(case.confirmed())
    assert (await ward.get(case.session_id(1))).dose_order_id == ""
    with pytest.raises(NotAllowed) as refused:
        await ward.start(case.session_id(1))
    assert refused.value.reason == "NO_DOSE_ORDER"


async def test_a_released_session_does_not_start_but_a_running_one_ends(ward: Ward) -> None:
    case = await ward.expect()
    await ward.start(case.session_id(1))
    await ward.house.given(case.released(9))
    with pytest.raises(NotAllowed) as refused:
        await ward.start(case.session_id(2))
    assert refused.value.reason == "WRONG_STATE"
    ended = await ward.complete(case.session_id(1))
    assert ended.status == nouns.SESSION_STATUS_COMPLETED
    assert (await ward.get(case.session_id(2))).status == nouns.SESSION_STATUS_CANCELLED


async def test_readings_out_of_time_or_state_are_refused(ward: Ward) -> None:
    session_id = (await ward.expect()).session_id(1)
    now = ward.now()
    with pytest.raises(NotAllowed):
        await ward.record(session_id, eg.reading(now))
    await ward.start(session_id)
    far = eg.reading(now)
    far.measure_time.seconds = -(10**13)
    with pytest.raises(Invalid) as impossible:
        await ward.record(session_id, far)
    with pytest.raises(Invalid) as coming:
        await ward.record(session_id, eg.reading(now), eg.reading(now + timedelta(hours=1)))
    assert [fault.field for fault in impossible.value.violations] == ["readings[0].measure_time"]
    assert [fault.field for fault in coming.value.violations] == ["readings[1].measure_time"]
    await ward.complete(session_id)
    with pytest.raises(NotAllowed):
        await ward.record(session_id, eg.reading(now))
    assert len((await ward.get(session_id)).vitals) == 1


async def test_more_than_was_ordered_cannot_have_been_given(ward: Ward) -> None:
    session_id = (await ward.expect()).session_id(1)
    await ward.start(session_id)
    with pytest.raises(NotAllowed) as refused:
        await ward.complete(session_id, given_micrograms=35001)
    assert refused.value.reason == "DOSE_ABOVE_ORDER"


async def test_another_clinics_session_does_not_exist(ward: Ward) -> None:
    known = (await ward.expect()).session_id(1)
    refusals = set()
    for session_id in (known, str(uuid4())):
        for call in (ward.start, ward.complete, ward.get):
            with pytest.raises(NotFound) as refused:
                await call(session_id, who=CHICAGO_NURSE)
            refusals.add((refused.value.reason, refused.value.message))
        with pytest.raises(NotFound) as refused:
            await ward.record(session_id, eg.reading(ward.now()), who=CHICAGO_NURSE)
        refusals.add((refused.value.reason, refused.value.message))
    assert refusals == {("SESSION_NOT_FOUND", "No such session.")}
    assert not (await ward.list(CHICAGO_NURSE)).sessions
    assert not (await ward.list(CHICAGO_NURSE, clinic_id=str(eg.BOSTON))).sessions


async def test_the_list_page_by_page(ward: Ward) -> None:
    case, other = await ward.expect(), await ward.expect(clinic_id=eg.CHICAGO)
    await ward.start(case.session_id(1))
    seen: list[nouns.Session] = []
    page = await ward.list(page_size=3)
    while True:
        seen += page.sessions
        if not page.next_page_token:
            break
        page = await ward.list(page_size=3, page_token=page.next_page_token)
    assert [session.session_id for session in seen] == [case.session_id(n) for n in range(1, 9)]
    assert {session.ordered_micrograms for session in seen} == {35000}
    everyone = somebody("nurse")
    assert len((await ward.list(everyone)).sessions) == 16
    for search in ({"clinic_id": str(eg.CHICAGO)}, {"series_id": str(other.series_id)}):
        found = (await ward.list(everyone, **search)).sessions
        assert {session.patient_id for session in found} == {str(other.patient_id)}
        assert len(found) == 8
    running = (await ward.list(status=nouns.SESSION_STATUS_INFUSING)).sessions
    assert [session.session_id for session in running] == [case.session_id(1)]
    assert not (await ward.list(series_id=str(uuid4()))).sessions


async def test_a_page_of_sessions_is_read_in_a_few_queries(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        await ward.start((await ward.expect()).session_id(1))
    async with ward.house.db.read() as tx:
        monkeypatch.setattr(type(tx.driver), "fetchrow", None)
        found = await store.listed(tx, store.Question(None, None, None, None, 50))
    assert len(found) == 16
    assert len([visit for visit in found if visit.infusion]) == 2


async def test_a_thousand_readings_are_one_statement(ward: Ward) -> None:
    session_id = (await ward.expect()).session_id(1)
    await ward.start(session_id)
    begun = ward.now() - timedelta(minutes=20)
    readings = [eg.reading(begun + timedelta(seconds=index)) for index in range(1000)]
    assert await ward.record(session_id, *readings) == 1000
    assert await ward.record(session_id, *readings) == 0
