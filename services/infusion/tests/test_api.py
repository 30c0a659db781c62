"""What callers may ask of infusion, on a real database."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from chassis.refusal import AlreadyExists, Invalid, NotAllowed, NotFound
from chassis.testing import House, somebody
from halcyon.infusion.events.v1 import infusion_events_pb2 as facts
from halcyon.infusion.v1 import gate_pb2 as gate
from halcyon.infusion.v1 import infusion_pb2 as nouns
from halcyon.infusion.v1 import observation_pb2 as noted
from services.infusion import store, wire
from services.infusion.tests import examples as eg
from services.infusion.tests.ward import DOCTOR, NURSE, SECOND, STRANGER, Ward


@pytest.fixture
async def ward(house: House) -> Ward:
    return Ward(house)


async def test_a_session_from_the_door_to_the_door(ward: Ward) -> None:
    case = await ward.expect()
    session_id = case.session_id(1)
    planned = await ward.get(session_id)
    assert (planned.status, planned.ordered_micrograms) == (nouns.SESSION_STATUS_PLANNED, 35000)
    arrived = await ward.arrive(session_id)
    assert (arrived.status, arrived.pack) == (nouns.SESSION_STATUS_ARRIVED, eg.PACK.label)
    held = await ward.check(session_id)
    assert held.session.status == nouns.SESSION_STATUS_HELD
    assert [finding.item for finding in held.findings] == ["double_check"]
    passed = await ward.confirm(session_id)
    assert (passed.session.status, len(passed.findings)) == (
        nouns.SESSION_STATUS_CHECKLIST_PASSED,
        0,
    )
    begun = ward.now()
    started = await ward.start(session_id, at=begun)
    assert (started.status, started.revision) == (nouns.SESSION_STATUS_INFUSING, 1)
    assert await ward.start(session_id, at=begun) == started
    ward.later(minutes=10)
    await ward.record(session_id, eg.reading(ward.now(), systolic=151, diastolic=80))
    await ward.pause(session_id)
    ward.later(minutes=5)
    await ward.record(
        session_id, eg.reading(ward.now(), oxygen_saturation=95, diastolic=91, moaas=4)
    )
    resumed = await ward.resume(session_id)
    assert [bool(one.HasField("end_time")) for one in resumed.intervals] == [True, False]
    ward.later(minutes=30)
    await ward.note(session_id, noted.Observation(adverse_event=_vomiting()))
    ended = await ward.complete(session_id)
    assert (ended.status, ended.revision) == (nouns.SESSION_STATUS_COMPLETED, 2)
    assert (ended.given_micrograms, ended.given_mg, ended.delivered_ml) == (35000, "35", "100")
    assert ended.running_minutes == 40
    assert await ward.complete(session_id) == ended
    assert (await ward.recover(session_id)).status == nouns.SESSION_STATUS_RECOVERY
    ward.later(minutes=61)
    gone = await ward.discharge(session_id)
    assert (gone.status, gone.revision) == (nouns.SESSION_STATUS_DISCHARGED, 3)
    assert await ward.discharge(session_id) == gone
    first, second, third = await ward.house.stated()
    about: dict[str, Any] = {
        "session_id": session_id,
        "number": 1,
        "series_id": str(case.series_id),
        "plan_id": str(case.plan_id),
        "referral_id": str(case.referral_id),
        "clinic_id": str(eg.BOSTON),
    }
    assert first == facts.InfusionStarted(
        **about,
        revision=1,
        dose_order_id=case.approved().dose_order_id,
        dose_micrograms=35000,
        start_time=started.start_time,
    )
    assert second == facts.InfusionCompleted(
        **about,
        revision=2,
        session_count=8,
        patient_id=str(case.patient_id),
        outcome="completed",
        dose_order_id=case.approved().dose_order_id,
        given_micrograms=35000,
        given_mg="35",
        running_minutes=40,
        peak_systolic=151,
        peak_diastolic=91,
        lowest_oxygen_saturation=95,
        lowest_moaas=4,
        adverse_events=["vomiting", "nausea"],
        phq9_score=18,
        complete_time=ended.end_time,
    )
    assert third == facts.SessionDischarged(
        **about,
        revision=3,
        outcome="completed",
        company="escorted",
        stay_minutes=61,
        adverse_events=["vomiting", "nausea"],
        peak_systolic=151,
        peak_diastolic=91,
        lowest_oxygen_saturation=95,
        lowest_moaas=4,
        discharge_time=gone.leave_time,
    )
    assert await ward.house.count("SELECT count(*) FROM due WHERE name = $1", store.OVERDUE) == 0


def _vomiting() -> noted.AdverseEvent:
    return noted.AdverseEvent(code="vomiting", severity=noted.SEVERITY_MODERATE)


# --- the gate ---------------------------------------------------------------------------------


async def test_the_gate_tells_everything_at_once_and_keeps_nothing(ward: Ward) -> None:
    session_id = (await ward.expect()).session_id(1)
    await ward.arrive(session_id)
    held = await ward.check(session_id, fasting_kept=False, consent_current=False)
    wrong = {"fasting_kept", "consent_current", "double_check"}
    assert {finding.item for finding in held.findings} == wrong
    with pytest.raises(NotAllowed) as refused:
        await ward.start(session_id, systolic=170, heart_rate=130)
    assert refused.value.reason == "GATE_NOT_PASSED"
    assert set(refused.value.metadata) == wrong | {"systolic", "heart_rate"}
    found = await ward.get(session_id)
    assert (found.status, len(found.vitals)) == (nouns.SESSION_STATUS_HELD, 1)
    assert await ward.house.stated() == []


async def test_a_bad_reading_cannot_be_hidden_behind_a_good_one(ward: Ward) -> None:
    session_id = (await ward.expect()).session_id(1)
    await ward.arrive(session_id)
    await ward.record(session_id, eg.reading(ward.now(), systolic=172))
    ward.later(minutes=1)
    held = await ward.check(session_id)
    assert {finding.item for finding in held.findings} == {"systolic", "double_check"}
    ward.later(minutes=5)
    again = await ward.check(session_id)
    assert {finding.item for finding in again.findings} == {"double_check"}


async def test_the_second_person_is_another_person(ward: Ward) -> None:
    session_id = (await ward.expect()).session_id(1)
    await ward.arrive(session_id)
    await ward.check(session_id)
    with pytest.raises(NotAllowed) as refused:
        await ward.confirm(session_id, who=NURSE)
    assert refused.value.reason == "SAME_PERSON"
    with pytest.raises(NotAllowed) as refused:
        await ward.confirm(session_id, dose=42000)
    assert refused.value.reason == "DOUBLE_CHECK_MISMATCH"
    assert (await ward.get(session_id)).status == nouns.SESSION_STATUS_HELD


async def test_a_prescriber_overrides_by_a_fact(ward: Ward) -> None:
    case = await ward.expect()
    session_id = case.session_id(1)
    await ward.arrive(session_id)
    await ward.check(session_id, escort_confirmed=False)
    await ward.confirm(session_id)
    with pytest.raises(NotAllowed) as refused:
        await ward.override(session_id, "escort_confirmed", "consent_current")
    assert refused.value.reason == "NOT_OVERRIDABLE"
    answered = await ward.override(session_id, "escort_confirmed")
    assert answered.session.status == nouns.SESSION_STATUS_CHECKLIST_PASSED
    (stated,) = await ward.house.stated()
    assert isinstance(stated, facts.GateOverridden)
    assert (stated.revision, list(stated.items)) == (1, ["escort_confirmed"])
    assert "weighed" not in str(stated)
    await ward.override(session_id, "escort_confirmed")
    assert await ward.house.stated() == []
    assert (await ward.start(session_id)).revision == 2
    (kept,) = (await ward.whole(session_id)).overrides
    assert (kept.prescriber, kept.rationale) == ("doctor", "weighed with the patient")


async def test_a_paused_plan_starts_nothing_before_it_is_resumed(ward: Ward) -> None:
    case = await ward.expect()
    session_id = case.session_id(1)
    await ward.house.given(case.paused())
    assert await ward.found_at_arrival(session_id) == {"plan_paused"}
    held = await ward.check(session_id)
    assert {finding.item for finding in held.findings} == {"plan_paused", "double_check"}
    confirmed = await ward.confirm(session_id)
    assert {finding.item for finding in confirmed.findings} == {"plan_paused"}
    with pytest.raises(NotAllowed) as refused:
        await ward.start(session_id)
    assert (refused.value.reason, set(refused.value.metadata)) == (
        "GATE_NOT_PASSED",
        {"plan_paused"},
    )
    await ward.house.given(case.resumed(), case.paused())
    assert (await ward.start(session_id)).status == nouns.SESSION_STATUS_INFUSING


async def test_a_screener_at_high_risk_bars_that_day_and_the_next_answer_lifts_it(
    ward: Ward,
) -> None:
    case, other = await ward.expect(), await ward.expect()
    await ward.ready(case.session_id(1))
    morning, end = ward.now(), ward.now() + timedelta(hours=8)
    await ward.house.given(case.screened(morning, end), case.screened(morning, end))
    with pytest.raises(NotAllowed) as refused:
        await ward.start(case.session_id(1))
    assert set(refused.value.metadata) == {"suicide_risk_high"}
    with pytest.raises(NotAllowed) as refused:
        await ward.override(case.session_id(1), "suicide_risk_high")
    assert refused.value.reason == "NOT_OVERRIDABLE"
    running = await ward.running(other.session_id(1))
    assert running.status == nouns.SESSION_STATUS_INFUSING
    later = ward.later(minutes=5)
    await ward.house.given(case.screened(later), case.screened(morning, end))
    assert (await ward.start(case.session_id(1))).status == nouns.SESSION_STATUS_INFUSING


async def test_a_stop_after_the_checklist_is_seen_at_the_start(ward: Ward) -> None:
    case = await ward.expect()
    session_id = case.session_id(1)
    assert await ward.found_at_arrival(session_id) == set()
    await ward.check(session_id)
    passed = await ward.confirm(session_id)
    assert passed.session.status == nouns.SESSION_STATUS_CHECKLIST_PASSED
    await ward.house.given(case.stopped())
    with pytest.raises(NotAllowed) as refused:
        await ward.override(session_id, "plan_stopped")
    assert refused.value.reason == "NOT_OVERRIDABLE"
    with pytest.raises(NotAllowed) as refused:
        await ward.start(session_id)
    assert set(refused.value.metadata) == {"plan_stopped"}


async def test_what_runs_is_not_touched_by_a_pause_of_the_plan(ward: Ward) -> None:
    case = await ward.expect()
    session_id = case.session_id(1)
    await ward.arrive(session_id)
    await ward.check(session_id)
    await ward.confirm(session_id)
    begun = ward.now()
    started = await ward.start(session_id, at=begun)
    await ward.house.given(case.paused())
    assert await ward.start(session_id, at=begun) == started


async def test_an_override_of_another_day_counts_for_nothing(ward: Ward) -> None:
    case = await ward.expect()
    session_id = case.session_id(1)
    await ward.arrive(session_id)
    await ward.check(session_id, escort_confirmed=False)
    await ward.confirm(session_id)
    await ward.override(session_id, "escort_confirmed")
    await ward.house.given(case.released(9))
    assert (await ward.get(session_id)).status == nouns.SESSION_STATUS_CANCELLED
    await ward.house.given(case.confirmed(10))
    ward.later(days=1)
    await ward.arrive(session_id)
    with pytest.raises(NotAllowed) as refused:
        await ward.start(session_id)
    assert set(refused.value.metadata) == {"checklist"}
    await ward.check(session_id, escort_confirmed=False)
    held = await ward.confirm(session_id)
    assert [finding.item for finding in held.findings] == ["escort_confirmed"]


async def test_a_new_order_after_the_gate_holds_the_session(ward: Ward) -> None:
    case = await ward.expect()
    session_id = case.session_id(1)
    await ward.ready(session_id)
    await ward.house.given(case.adjusted(2, 28000))
    with pytest.raises(NotAllowed) as refused:
        await ward.start(session_id)
    assert set(refused.value.metadata) == {"pump_dose"}
    await ward.check(session_id, setting=eg.setting(28000))
    await ward.confirm(session_id, dose=28000)
    assert (await ward.start(session_id)).ordered_micrograms == 28000


async def test_two_starts_at_once_are_one(ward: Ward) -> None:
    session_id = (await ward.expect()).session_id(1)
    await ward.ready(session_id)
    begun = ward.now()
    same = await asyncio.gather(*(ward.start(session_id, at=begun) for _ in range(5)))
    assert len({one.SerializeToString() for one in same}) == 1
    assert len(await ward.house.stated()) == 1


async def test_two_different_starts_at_once_are_one_and_a_refusal(ward: Ward) -> None:
    session_id = (await ward.expect()).session_id(1)
    await ward.ready(session_id)
    starts = [ward.start(session_id, heart_rate=pulse) for pulse in (70, 71)]
    outcomes = await asyncio.gather(*starts, return_exceptions=True)
    (refused,) = [one for one in outcomes if isinstance(one, NotAllowed)]
    assert refused.reason == "WRONG_STATE"
    assert await ward.house.count("SELECT count(*) FROM pump_interval") == 1


async def test_sessions_are_given_in_order(ward: Ward) -> None:
    case = await ward.expect()
    await ward.ready(case.session_id(2))
    with pytest.raises(NotAllowed) as refused:
        await ward.start(case.session_id(2))
    assert refused.value.reason == "OUT_OF_SEQUENCE"
    await ward.running(case.session_id(1))
    await ward.stop(case.session_id(1))
    assert (await ward.start(case.session_id(2))).status == nouns.SESSION_STATUS_INFUSING


async def test_no_dose_order_no_start(ward: Ward) -> None:
    case = eg.Case()
    await ward.house.given(case.confirmed())
    session_id = case.session_id(1)
    assert (await ward.get(session_id)).dose_order_id == ""
    await ward.arrive(session_id)
    assert "dose_order" in {one.item for one in (await ward.check(session_id)).findings}
    with pytest.raises(NotAllowed) as refused:
        await ward.start(session_id)
    assert refused.value.reason == "NO_DOSE_ORDER"


async def test_a_released_session_does_not_start_but_a_running_one_ends(ward: Ward) -> None:
    case = await ward.expect()
    await ward.running(case.session_id(1))
    await ward.ready(case.session_id(2))
    await ward.house.given(case.released(9))
    with pytest.raises(NotAllowed) as refused:
        await ward.start(case.session_id(2))
    assert refused.value.reason == "WRONG_STATE"
    ended = await ward.stop(case.session_id(1))
    assert ended.status == nouns.SESSION_STATUS_STOPPED_EARLY


async def test_who_does_not_come_and_what_is_called_off(ward: Ward) -> None:
    case = await ward.expect()
    ward.later(days=-60)
    with pytest.raises(NotAllowed) as refused:
        await ward.miss(case.session_id(1))
    assert refused.value.reason == "NOT_MISSED"
    ward.later(days=60)
    assert (await ward.miss(case.session_id(1))).status == nouns.SESSION_STATUS_NO_SHOW
    await ward.miss(case.session_id(1))
    await ward.arrive(case.session_id(2))
    assert (await ward.cancel(case.session_id(2))).status == nouns.SESSION_STATUS_CANCELLED
    await ward.cancel(case.session_id(2))
    missed, cancelled = await ward.house.stated()
    assert isinstance(missed, facts.SessionMissed)
    assert isinstance(cancelled, facts.SessionCancelled)
    assert (missed.revision, cancelled.revision) == (1, 1)
    assert cancelled.reason == "clinic_closed"
    with pytest.raises(NotAllowed):
        await ward.arrive(case.session_id(1))


# --- the pump ---------------------------------------------------------------------------------


async def test_a_stop_for_good_and_a_transfer(ward: Ward) -> None:
    session_id = (await ward.expect()).session_id(1)
    await ward.running(session_id)
    ward.later(minutes=12)
    await ward.rate(session_id, "75")
    ward.later(minutes=12)
    await ward.note(
        session_id,
        noted.Observation(
            adverse_event=noted.AdverseEvent(code="chest_pain", severity=noted.SEVERITY_SEVERE)
        ),
    )
    await ward.pause(session_id)
    with pytest.raises(NotAllowed) as refused:
        await ward.resume(session_id, who=DOCTOR)
    assert refused.value.reason == "ALERT_STOPS"
    ended = await ward.stop(session_id, "44.5")
    assert (ended.given_mg, ended.given_micrograms) == ("15.575", 15575)
    assert (ended.running_minutes, ended.stop_reason) == (24, "adverse_event")
    assert (await ward.transfer(session_id)).status == nouns.SESSION_STATUS_TRANSFERRED
    *_, completed, transferred = await ward.house.stated()
    assert (completed.running_minutes, completed.stop_reason) == (24, "adverse_event")
    assert (transferred.reason, transferred.revision) == ("chest_pain", 3)


async def test_more_than_the_pump_gave_cannot_have_been_given(ward: Ward) -> None:
    session_id = (await ward.expect()).session_id(1)
    await ward.running(session_id)
    ward.later(minutes=20)
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"delivered_ml": "100.5"}, "DOSE_ABOVE_ORDER"),
        ({}, "INVALID_COMPLETION"),
    ]
    for changes, reason in wrong:
        with pytest.raises((NotAllowed, Invalid)) as refused:
            await ward.complete(session_id, **changes)
        assert refused.value.reason == reason
    with pytest.raises(NotAllowed) as beyond:
        await ward.rate(session_id, "501")
    assert beyond.value.reason == "RATE_NOT_ALLOWED"
    assert (await ward.get(session_id)).status == nouns.SESSION_STATUS_INFUSING


# --- readings and alerts ----------------------------------------------------------------------


async def test_an_alert_is_raised_acknowledged_and_cleared(ward: Ward) -> None:
    session_id = (await ward.expect()).session_id(1)
    await ward.running(session_id)
    ward.later(minutes=5)
    await ward.record(session_id, eg.reading(ward.now(), systolic=184, diastolic=100))
    raised = {one.rule_id: one for one in (await ward.whole(session_id)).alerts}
    assert set(raised) == {"systolic_high", "systolic_very_high"}
    await ward.pause(session_id)
    alert_id = raised["systolic_very_high"].alert_id
    await ward.acknowledge(session_id, alert_id)
    with pytest.raises(NotAllowed) as refused:
        await ward.resume(session_id)
    assert (refused.value.reason, set(refused.value.metadata)) == (
        "ALERT_OPEN",
        {"systolic_very_high"},
    )
    seen = (await ward.acknowledge(session_id, alert_id, DOCTOR)).alert
    assert (seen.acknowledged_by, seen.acknowledged_by_prescriber) == ("doctor", True)
    assert (await ward.resume(session_id)).status == nouns.SESSION_STATUS_INFUSING
    ward.later(minutes=1)
    await ward.record(session_id, eg.reading(ward.now()))
    assert all(one.HasField("clear_time") for one in (await ward.whole(session_id)).alerts)
    with pytest.raises(NotFound) as unknown:
        await ward.acknowledge(session_id, str(uuid4()))
    assert unknown.value.reason == "ALERT_NOT_FOUND"


async def test_a_missing_reading_is_overdue_by_a_deadline(ward: Ward) -> None:
    session_id = (await ward.expect()).session_id(1)
    await ward.running(session_id)
    due = "SELECT extract(epoch FROM due_at - $2) / 60 FROM due WHERE name = $1"
    begun = ward.now()
    assert round(await ward.house.count(due, store.OVERDUE, begun)) in (14, 15)
    ward.later(minutes=9)
    await ward.record(session_id, eg.reading(ward.now()))
    ward.later(minutes=6)
    await ward.overdue(session_id)
    assert [type(one).__name__ for one in await ward.house.stated()] == ["InfusionStarted"]
    assert round(await ward.house.count(due, store.OVERDUE, ward.now())) in (8, 9)
    ward.later(minutes=60)
    await ward.overdue(session_id)
    (overdue,) = await ward.house.stated()
    assert isinstance(overdue, facts.VitalsOverdue)
    waited = overdue.overdue_time.seconds - overdue.last_time.seconds
    assert (overdue.revision, waited) == (2, 15 * 60)
    await ward.record(session_id, eg.reading(ward.now()))
    (alert,) = (await ward.whole(session_id)).alerts
    assert (alert.rule_id, alert.HasField("clear_time")) == ("vitals_overdue", True)


async def test_readings_out_of_time_or_state_are_refused(ward: Ward) -> None:
    session_id = (await ward.expect()).session_id(1)
    now = ward.now()
    with pytest.raises(NotAllowed):
        await ward.record(session_id, eg.reading(now))
    await ward.arrive(session_id)
    far = eg.reading(now)
    far.measure_time.seconds = -(10**13)
    with pytest.raises(Invalid) as impossible:
        await ward.record(session_id, far)
    told = eg.reading(now), eg.reading(now + timedelta(hours=1)), eg.reading(now, diastolic=130)
    with pytest.raises(Invalid) as refused:
        await ward.record(session_id, *told)
    assert [fault.field for fault in impossible.value.violations] == ["readings[0].measure_time"]
    assert [fault.field for fault in refused.value.violations] == [
        "readings[1].measure_time",
        "readings[2].diastolic",
    ]
    with pytest.raises(Invalid):
        await ward.record(session_id, eg.reading(now - timedelta(minutes=31)))
    assert not (await ward.get(session_id)).vitals
    assert await ward.record(session_id, told[0], told[0]) == 1
    assert await ward.record(session_id, told[0]) == 0


async def test_calls_that_wait_together_are_judged_apart(ward: Ward) -> None:
    case = await ward.expect()
    await ward.arrive(case.session_id(1))
    now = ward.now()
    outcomes = await asyncio.gather(
        ward.record(case.session_id(1), eg.reading(now)),
        ward.record(case.session_id(1), eg.reading(now), eg.reading(now - timedelta(seconds=1))),
        ward.record(case.session_id(2), eg.reading(now)),
        ward.record(case.session_id(1), eg.reading(now + timedelta(hours=2))),
        ward.record(case.session_id(1), eg.reading(now), who=STRANGER),
        return_exceptions=True,
    )
    assert list(outcomes[:2]) == [1, 1]
    kinds = [type(one) for one in outcomes[2:]]
    assert kinds == [NotAllowed, Invalid, NotFound]
    assert len((await ward.get(case.session_id(1))).vitals) == 2


async def test_a_thousand_readings_are_one_call(ward: Ward) -> None:
    session_id = (await ward.expect()).session_id(1)
    await ward.running(session_id)
    begun = ward.now() - timedelta(minutes=20)
    readings = [eg.reading(begun + timedelta(seconds=index)) for index in range(1000)]
    assert await ward.record(session_id, *readings) == 1000
    assert await ward.record(session_id, *readings) == 0


async def test_readings_have_the_month_that_they_were_taken_in(ward: Ward) -> None:
    session_id = (await ward.expect()).session_id(1)
    await ward.arrive(session_id)
    await ward.record(session_id, eg.reading(ward.now()))

    async def kept_in(part: str) -> int:
        where = "WHERE tableoid = to_regclass($1)"
        return await ward.house.count(f"SELECT count(*) FROM vitals {where}", part)

    assert await kept_in(f"vitals_{ward.now():%Y%m}") == 1
    await ward.house.db.fetch(
        """INSERT INTO vitals (session_id, measure_time, oxygen_saturation, heart_rate)
        VALUES ($1, '2031-05-17T12:00Z', 97, 70)""",
        uuid4(),
    )
    assert await kept_in("vitals_other") == 1
    await ward.house.db.fetch("SELECT make_vitals_partition('2031-05-02T00:00Z')")
    assert await kept_in("vitals_203105") == 1
    assert await kept_in("vitals_other") == 0
    await ward.house.meet(store.PARTITIONS, uuid4())
    assert await ward.house.count("SELECT count(*) FROM vitals") == 2


# --- what is noted ----------------------------------------------------------------------------

NOTES = [
    noted.Observation(adverse_event=_vomiting()),
    noted.Observation(
        medication=noted.Medication(code="ondansetron", amount="4.00", unit="mg", route="iv")
    ),
    noted.Observation(scale=noted.Scale(code="nausea", score=2)),
    noted.Observation(companion=noted.Companion(code="therapist")),
    noted.Observation(setting=noted.RoomSetting(code="music")),
    noted.Observation(session_note=noted.SessionNote(code="kap", note="Spoke of the sea.")),
    noted.Observation(
        experience=noted.Experience(
            items=[noted.ExperienceItem(code="calm", score=4)], note="Like floating."
        )
    ),
]


@pytest.mark.parametrize("told", NOTES, ids=lambda told: told.WhichOneof("about"))
async def test_what_is_noted_is_kept_as_it_was_told(ward: Ward, told: noted.Observation) -> None:
    session_id = (await ward.expect()).session_id(1)
    await ward.arrive(session_id)
    request_id = uuid4()
    kept = await ward.note(session_id, told, request_id)
    assert await ward.note(session_id, told, request_id) == kept
    assert list((await ward.whole(session_id)).observations) == [kept]
    about = told.WhichOneof("about") or ""
    assert getattr(kept, about) == getattr(told, about)
    assert kept.recorded_by == "nurse one"
    other = noted.Observation(scale=noted.Scale(code="pain", score=9))
    with pytest.raises(AlreadyExists):
        await ward.note(session_id, other, request_id)


async def test_nothing_is_noted_of_who_is_not_here(ward: Ward) -> None:
    session_id = (await ward.expect()).session_id(1)
    with pytest.raises(NotAllowed):
        await ward.note(session_id, NOTES[0])


# --- the way home -----------------------------------------------------------------------------


async def test_a_discharge_is_refused_and_then_answered_for(ward: Ward) -> None:
    session_id = (await ward.expect()).session_id(1)
    await ward.running(session_id)
    ward.later(minutes=40)
    await ward.complete(session_id)
    await ward.recover(session_id)
    ward.later(minutes=20)
    with pytest.raises(NotAllowed) as refused:
        await ward.discharge(session_id, aldrete=7, escort_present=False)
    assert refused.value.reason == "DISCHARGE_NOT_READY"
    assert set(refused.value.metadata) == {"stay", "aldrete", "escort_present"}
    assert len((await ward.get(session_id)).vitals) == 2
    await ward.override(session_id, "stay", kind=gate.GATE_KIND_DISCHARGE)
    await ward.discharge(session_id)
    *_, overridden, discharged = await ward.house.stated()
    assert isinstance(overridden, facts.DischargeOverridden)
    assert (overridden.revision, discharged.revision) == (3, 4)
    whole = await ward.whole(session_id)
    assert (whole.discharge.aldrete, whole.discharge.escort_name) == (10, "Synthetic Escort")
    assert (whole.checked_by, whole.confirmed_by) == ("nurse one", "nurse two")


# --- who may know -----------------------------------------------------------------------------


async def test_another_clinics_session_does_not_exist(ward: Ward) -> None:
    known = (await ward.expect()).session_id(1)
    await ward.running(known)
    before = await ward.whole(known)
    calls: Any = (
        ward.arrive, ward.check, ward.confirm, ward.start, ward.pause, ward.resume, ward.complete,
        ward.recover, ward.discharge, ward.transfer, ward.miss, ward.cancel, ward.get, ward.whole,
    )  # fmt: skip
    refusals = set()
    for session_id in (known, str(uuid4())):
        told = (eg.reading(ward.now()),)
        asked = [call(session_id, who=STRANGER) for call in calls]
        asked += [
            ward.record(session_id, *told, who=STRANGER),
            ward.rate(session_id, "75", who=STRANGER),
            ward.override(session_id, "stay", who=STRANGER),
            ward.note(session_id, NOTES[0], who=STRANGER),
            ward.acknowledge(session_id, str(uuid4()), who=STRANGER),
        ]
        for one in asked:
            with pytest.raises(NotFound) as refused:
                await one
            refusals.add((refused.value.reason, refused.value.message))
    assert refusals == {("SESSION_NOT_FOUND", "No such session.")}
    assert await ward.whole(known) == before
    assert not (await ward.list(STRANGER)).sessions
    assert not (await ward.list(STRANGER, clinic_id=str(eg.BOSTON))).sessions


async def test_the_list_page_by_page(ward: Ward) -> None:
    case, other = await ward.expect(), await ward.expect(clinic_id=eg.CHICAGO)
    await ward.running(case.session_id(1))
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
        await ward.running((await ward.expect()).session_id(1))
    async with ward.house.db.read() as tx:
        monkeypatch.setattr(type(tx.driver), "fetchrow", None)
        found = await store.listed(tx, store.Question(None, None, None, None, 50))
    assert len(found) == 16
    assert len([visit for visit in found if visit.infusion]) == 2
    assert SECOND.subject != NURSE.subject


async def test_what_lasts_is_seen_where_it_is_measured_rarely(ward: Ward) -> None:
    session_id = (await ward.expect()).session_id(1)
    await ward.running(session_id)
    await ward.record(session_id, eg.reading(ward.later(minutes=2), oxygen_saturation=85))
    assert not (await ward.whole(session_id)).alerts
    await ward.record(session_id, eg.reading(ward.later(minutes=2), oxygen_saturation=85))
    raised = {alert.rule_id for alert in (await ward.whole(session_id)).alerts}
    assert raised == {"saturation_low", "saturation_very_low"}
    await ward.record(session_id, eg.reading(ward.later(minutes=2), oxygen_saturation=98))
    await ward.record(session_id, eg.reading(ward.later(minutes=2), oxygen_saturation=98))
    assert all(alert.HasField("clear_time") for alert in (await ward.whole(session_id)).alerts)


async def test_the_pump_must_have_the_infusion_time_that_was_revised(ward: Ward) -> None:
    case = await ward.expect()
    session_id = case.session_id(1)
    await ward.arrive(session_id)
    await ward.house.given(case.revised(60, 4))
    await ward.house.given(case.revised(50, 3))
    assert (await ward.get(session_id)).infusion_minutes == 60
    held = await ward.check(session_id)
    assert "pump_minutes" in {finding.item for finding in held.findings}
    await ward.check(session_id, setting=eg.setting(minutes=60))
    again = eg.confirmation(session_id)
    again.programme.CopyFrom(wire.told(eg.checklist(setting=eg.setting(minutes=60))).programme)
    await ward.house.call(ward.api.ConfirmDose, again, SECOND)
    assert (await ward.start(session_id)).status == nouns.SESSION_STATUS_INFUSING
    listed = await ward.list(series_id=str(case.series_id))
    assert {one.infusion_minutes for one in listed.sessions} == {60}
