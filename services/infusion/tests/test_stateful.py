"""One session under any calls, crashes and redeliveries: the record equals the model."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from google.protobuf.message import Message
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from chassis import database
from chassis.deadlines import Sweeper
from chassis.embedded import Servers
from chassis.refusal import Refusal
from chassis.testing import House, open_house
from halcyon.infusion.v1 import gate_calls_pb2 as gating
from halcyon.infusion.v1 import gate_pb2 as gate
from halcyon.infusion.v1 import infusion_pb2 as nouns
from halcyon.infusion.v1 import infusion_service_pb2 as rpc
from halcyon.infusion.v1 import leaving_calls_pb2 as leaving
from halcyon.infusion.v1 import monitoring_calls_pb2 as monitoring
from halcyon.infusion.v1 import observation_pb2 as noted
from halcyon.infusion.v1 import pump_calls_pb2 as pumping
from services.infusion import api, domain, handlers
from services.infusion.tests import examples as eg
from services.infusion.tests.session_model import Model
from services.infusion.tests.ward import DOCTOR, NURSE, SECOND

Method = Callable[[Any, Any], Awaitable[Any]]

_SESSION = "SELECT status, revision FROM session WHERE session_id = $1"
_FACTS = "SELECT subject, revision FROM outbox WHERE entity_id = $1 ORDER BY seq"
_INTERVALS = """SELECT extract(epoch FROM start_time - $2)::int,
    extract(epoch FROM end_time - $2)::int, (rate_ml_per_h * 10)::int
    FROM pump_interval WHERE session_id = $1 ORDER BY number"""
_ALERTS = """SELECT rule_id, extract(epoch FROM raise_time - $2)::int,
    extract(epoch FROM clear_time - $2)::int, by_prescriber
    FROM alert WHERE session_id = $1"""
_READINGS = """SELECT extract(epoch FROM measure_time - $2)::int FROM vitals
    WHERE session_id = $1 AND measure_time >= $2"""
_GIVEN = """SELECT (delivered_ml * 10)::int, running_minutes, given_micrograms FROM infusion
    WHERE session_id = $1"""
_DUE = "SELECT count(*) FROM due WHERE entity_id = $1"
_FORGET = "DELETE FROM due"
"""The sessions of other examples wait for nothing any more."""
_CODES = "SELECT DISTINCT code FROM observation WHERE session_id = $1"


EVERY_STATUS = {status.value for status in domain.Status}
EVERY_FACT = {
    "GateOverridden",
    "InfusionStarted",
    "VitalsOverdue",
    "InfusionCompleted",
    "DischargeOverridden",
    "SessionDischarged",
    "SessionTransferred",
    "SessionMissed",
    "SessionCancelled",
}


class Crash(Exception):
    """The process dies here."""


class Dying:
    """A failpoint that is hit once where it is armed."""

    def __init__(self) -> None:
        self.at = ""

    def __call__(self, name: str) -> None:
        if name == self.at:
            self.at = ""
            raise Crash


class Clinic:
    """One database and one loop for all examples; each has a session of its own."""

    def __init__(self, servers: Servers, dying: Dying) -> None:
        self.dying = dying
        self.runner = asyncio.Runner()
        self._open = open_house(servers, "infusion")
        self.house: House = self.run(self._open.__aenter__())

    def run(self, work: Any) -> Any:
        async def within() -> Any:
            async with asyncio.timeout(30):
                return await work

        return self.runner.run(within())

    def servicer(self) -> api.InfusionService:
        """A process that remembers nothing, on the same database."""

        async def made() -> api.InfusionService:
            return api.InfusionService(self.house.db)

        servicer: api.InfusionService = self.run(made())
        return servicer

    def close(self) -> None:
        self.run(self._open.__aexit__(None, None, None))
        self.runner.close()


crashes = st.sampled_from(["", "", "", "before-commit", "reply lost", "restart"])
flags = st.booleans()
seldom = st.integers(0, 5).map(lambda drawn: drawn == 5)
"""For what ends a session: examples would all be short."""


class Visit(RuleBasedStateMachine):
    """Every rule asks the service and the model, and both must say the same."""

    clinic: Clinic
    reached: set[tuple[str, str]]
    """Where a session stood, and the last fact it had stated."""

    def __init__(self) -> None:
        super().__init__()
        self.case, self.model, self.revision, self.told = eg.Case(), Model(), 2, 2
        self.house = self.clinic.house
        self.api = self.clinic.servicer()
        self.session_id = self.case.session_id(1)
        self.clinic.run(self.house.db.fetch(_FORGET))
        self.give(self.case.approved(), self.case.confirmed())
        self.base = datetime.now(UTC).replace(microsecond=0)
        self.house.db.clock = self.at  # type: ignore[method-assign]

    @initialize(steps=st.integers(0, 8))
    def some_way_into_the_day(self, steps: int) -> None:
        for _ in range(steps):
            self.go_on("")

    # --- asking ---

    def at(self, seconds: int | None = None) -> datetime:
        return self.base + timedelta(seconds=self.model.now if seconds is None else seconds)

    def stamp(self) -> Any:
        return eg.stamp(self.at())

    def give(self, *facts: Message) -> None:
        self.clinic.run(self.house.given(*facts))

    def tick(self, seconds: int = 1) -> None:
        self.model.now += seconds

    def ask(self, name: str, request: Message, crash: str, who: Any = NURSE) -> bool:
        """Whether it was allowed; a caller whose call died asks again with the same words."""
        if crash == "restart":
            self.api = self.clinic.servicer()
        self.clinic.dying.at = crash
        try:
            self.clinic.run(self.house.call(getattr(self.api, name), request, who))
            if crash == "reply lost":
                self.clinic.run(self.house.call(getattr(self.api, name), request, who))
        except Refusal:
            return False
        except Crash:
            return self.ask(name, request, "", who)
        finally:
            self.clinic.dying.at = ""
        return True

    def both(self, asked: bool, expected: bool) -> None:
        assert asked == expected
        self.tick()

    # --- the gate ---

    @rule(crash=crashes)
    def arrive(self, crash: str) -> None:
        request = gating.RecordArrivalRequest(session_id=self.session_id, arrive_time=self.stamp())
        expected = self.model.arrive()
        self.both(self.ask("RecordArrival", request, crash), expected)

    @rule(good=flags, escort=flags, crash=crashes)
    def check(self, good: bool, escort: bool, crash: str) -> None:
        request = eg.checklist_request(
            self.session_id, self.at(), consent_current=good, escort_confirmed=escort
        )
        request.check_time.CopyFrom(self.stamp())
        self.both(self.ask("RecordChecklist", request, crash), self.model.check(good, escort))

    @rule(crash=crashes, same=flags)
    def confirm(self, crash: str, same: bool) -> None:
        request = eg.confirmation(self.session_id)
        request.confirm_time.CopyFrom(self.stamp())
        if same:
            assert not self.ask("ConfirmDose", request, crash, NURSE)
            return
        self.both(self.ask("ConfirmDose", request, crash, SECOND), self.model.confirm())

    @rule(discharge=flags, crash=crashes)
    def override(self, discharge: bool, crash: str) -> None:
        request = gating.OverrideGateRequest(
            session_id=self.session_id,
            gate=gate.GATE_KIND_DISCHARGE if discharge else gate.GATE_KIND_START,
            items=["stay" if discharge else "escort_confirmed"],
            reason_code="benefit_outweighs_risk",
            rationale="weighed with the patient",
        )
        expected = self.model.override_stay() if discharge else self.model.override_start()
        self.tick()
        self.both(self.ask("OverrideGate", request, crash, DOCTOR), expected)

    # --- the pump ---

    @rule(calm=flags, crash=crashes)
    def start(self, calm: bool, crash: str) -> None:
        pressure = 122 if calm else 163
        request = eg.start(self.session_id, self.at(), systolic=pressure)
        request.start_time.CopyFrom(self.stamp())
        self.both(self.ask("StartInfusion", request, crash), self.model.start(pressure))

    @rule(crash=crashes)
    def pause(self, crash: str) -> None:
        request = pumping.PauseInfusionRequest(
            session_id=self.session_id, reason="alert", pause_time=self.stamp()
        )
        self.both(self.ask("PauseInfusion", request, crash), self.model.pause())

    @rule(crash=crashes)
    def resume(self, crash: str) -> None:
        request = pumping.ResumeInfusionRequest(
            session_id=self.session_id, resume_time=self.stamp()
        )
        self.both(self.ask("ResumeInfusion", request, crash), self.model.resume())

    @rule(rate=st.sampled_from([750, 1500, 2000]), crash=crashes)
    def change_rate(self, rate: int, crash: str) -> None:
        request = pumping.ChangeRateRequest(
            session_id=self.session_id, rate_ml_per_h=f"{rate / 10}", change_time=self.stamp()
        )
        self.both(self.ask("ChangeRate", request, crash), self.model.change_rate(rate))

    @rule(delivered=st.sampled_from([0, 1, 250, 1000]), crash=crashes)
    def end(self, delivered: int, crash: str) -> None:
        whole = delivered == 1000
        request = rpc.CompleteInfusionRequest(
            session_id=self.session_id,
            outcome=rpc.COMPLETION_OUTCOME_COMPLETED
            if whole
            else rpc.COMPLETION_OUTCOME_STOPPED_EARLY,
            delivered_ml=f"{delivered / 10}",
            stop_reason="" if whole else "patient_request",
            end_time=self.stamp(),
        )
        again = self.model.delivered == delivered
        expected = self.model.end(delivered) or again
        self.both(self.ask("CompleteInfusion", request, crash), expected)

    # --- readings ---

    @rule(
        offsets=st.lists(st.integers(-20, 0), min_size=1, max_size=4),
        pressure=st.sampled_from([110, 158, 162, 170, 185]),
        artefact=flags,
        crash=crashes,
    )
    def measure(self, offsets: list[int], pressure: int, artefact: bool, crash: str) -> None:
        times = {self.model.now + offset for offset in offsets if self.model.now + offset >= 0}
        quality = nouns.READING_QUALITY_ARTEFACT if artefact else nouns.READING_QUALITY_GOOD
        readings = []
        for second in sorted(times):
            reading = eg.reading(self.at(second), systolic=pressure)
            reading.quality = quality
            readings.append(reading)
        if not readings:
            return
        request = rpc.RecordVitalsRequest(session_id=self.session_id, readings=readings)
        allowed = self.model.may_measure()
        if allowed:
            self.model.measure(dict.fromkeys(times, pressure), artefact)
        self.both(self.ask("RecordVitals", request, crash), allowed)

    @rule(prescriber=flags, crash=crashes)
    def acknowledge(self, prescriber: bool, crash: str) -> None:
        rows = self.clinic.run(
            self.house.db.fetch(
                "SELECT alert_id, rule_id FROM alert WHERE session_id = $1 AND clear_time IS NULL",
                UUID(self.session_id),
            )
        )
        for alert_id, rule_id in rows:
            request = monitoring.AcknowledgeAlertRequest(
                session_id=self.session_id, alert_id=str(alert_id)
            )
            assert self.ask("AcknowledgeAlert", request, crash, DOCTOR if prescriber else NURSE)
            for alert in self.model.alerts:
                if alert[0] == rule_id and alert[2] is None:
                    alert[3] = alert[3] or prescriber

    @rule(code=st.sampled_from(["nausea", "chest_pain"]), crash=crashes)
    def note(self, code: str, crash: str) -> None:
        event = noted.AdverseEvent(code=code, severity=noted.SEVERITY_MILD)
        request = monitoring.RecordObservationRequest(
            request_id=str(uuid4()),
            session_id=self.session_id,
            observation=noted.Observation(adverse_event=event, occur_time=self.stamp()),
        )
        self.both(self.ask("RecordObservation", request, crash), self.model.note(code))

    # --- the way home ---

    @rule(crash=crashes)
    def recover(self, crash: str) -> None:
        request = leaving.BeginRecoveryRequest(
            session_id=self.session_id, recover_time=self.stamp()
        )
        self.both(self.ask("BeginRecovery", request, crash), self.model.recover())

    @rule(crash=crashes)
    def discharge(self, crash: str) -> None:
        request = eg.going_home(self.session_id, self.at())
        request.discharge_time.CopyFrom(self.stamp())
        self.both(self.ask("DischargeSession", request, crash), self.model.discharge())

    @rule(crash=crashes, now=seldom)
    def transfer(self, crash: str, now: bool) -> None:
        if not now:
            return
        request = leaving.TransferSessionRequest(
            session_id=self.session_id, reason="chest_pain", transfer_time=self.stamp()
        )
        self.both(self.ask("TransferSession", request, crash), self.model.transfer())

    @rule(crash=crashes, now=seldom)
    def miss(self, crash: str, now: bool) -> None:
        if not now:
            return
        request = gating.RecordNoShowRequest(session_id=self.session_id)
        self.both(self.ask("RecordNoShow", request, crash), self.model.miss())

    @rule(crash=crashes, now=seldom)
    def cancel(self, crash: str, now: bool) -> None:
        if not now:
            return
        request = gating.CancelSessionRequest(session_id=self.session_id, reason="closed")
        self.both(self.ask("CancelSession", request, crash), self.model.cancel())

    @rule(crash=crashes)
    def go_on(self, crash: str) -> None:
        """What the clinic would do next, so that examples come far."""
        match self.model.status:
            case "planned":
                self.arrive(crash)
            case "arrived" | "held":
                self.confirm(crash, False) if self._waits_for_second() else self.check(
                    True, True, crash
                )
            case "checklist_passed":
                self.start(True, crash)
            case "infusing" | "paused":
                self.time_passes(30, "")
                self.time_passes(16, "")
                self.end(1000 if self.model.status == "infusing" else 250, crash)
            case "completed" | "stopped_early":
                self.recover(crash)
            case "recovery":
                self.time_passes(30, "")
                self.discharge(crash)

    def _waits_for_second(self) -> bool:
        return bool(self.model.good_form) and not self.model.confirmed

    # --- the platform ---

    @rule()
    def facts_come_again(self) -> None:
        self.give(self.case.approved(), self.case.confirmed(2), self.case.confirmed(2))

    @rule(paused=seldom)
    def the_plan_moves(self, paused: bool) -> None:
        """Told twice, and an older word after it."""
        self.told += 1
        word = self.case.paused(self.told) if paused else self.case.resumed(self.told)
        self.give(word, self.case.paused(self.told - 1), word)
        self.model.paused = paused

    @rule(higher=seldom)
    def the_dose_moves(self, higher: bool) -> None:
        """What was programmed fits no other order."""
        self.told += 1
        self.model.ordered = 40 if higher else 35
        word = self.case.adjusted(self.told, self.model.ordered * 1000)
        self.give(word, self.case.adjusted(self.told - 1, 20000), word)

    @rule(high=seldom)
    def a_screener_is_answered(self, high: bool) -> None:
        self.tick()
        until = self.at() + timedelta(hours=1) if high else None
        word = self.case.screened(self.at(), until)
        earlier = self.at() - timedelta(seconds=1)
        self.give(word, self.case.screened(earlier, earlier + timedelta(days=1)), word)
        self.model.blocked_until = self.model.now + 3600 if high else 0

    @rule(now=seldom)
    def released(self, now: bool) -> None:
        if not now:
            return
        self.revision += 1
        self.give(self.case.released(self.revision), self.case.released(self.revision))
        self.model.release()

    @rule()
    def booked_again(self) -> None:
        self.revision += 1
        self.give(self.case.confirmed(self.revision))
        self.model.book()

    @rule(minutes=st.sampled_from([2, 8, 16, 30]), crash=st.sampled_from(["", "before-commit"]))
    def time_passes(self, minutes: int, crash: str) -> None:
        self.tick(60 * minutes)
        self.model.sweep()
        self.clinic.dying.at = crash
        self.clinic.run(Sweeper(handlers.due, self.house.db).sweep())
        self.clinic.dying.at = ""

    # --- the record equals the model ---

    @invariant()
    def the_record_equals_the_model(self) -> None:
        self.clinic.run(self._compare())

    async def _compare(self) -> None:
        model, key, base = self.model, UUID(self.session_id), self.base
        self.reached |= {("status", model.status), *(("fact", name) for name in model.facts)}
        fetch = self.house.db.fetch
        ((status, revision),) = await fetch(_SESSION, key)
        facts = await fetch(_FACTS, key)
        assert (status, revision) == (model.status, len(model.facts))
        assert [row[0].rpartition(".")[2] for row in facts] == model.facts
        assert [row[1] for row in facts] == list(range(1, len(facts) + 1))
        intervals = [list(row) for row in await fetch(_INTERVALS, key, base)]
        assert intervals == model.intervals
        alerts = [list(row) for row in await fetch(_ALERTS, key, base)]
        assert sorted(map(str, alerts)) == sorted(map(str, model.alerts))
        assert {row[0] for row in await fetch(_READINGS, key, base)} == model.readings
        assert {row[0] for row in await fetch(_CODES, key)} == model.events
        assert (await fetch(_DUE, key))[0][0] == (model.overdue is not None)
        for delivered, minutes, given in await fetch(_GIVEN, key):
            assert delivered == model.delivered
            if delivered is not None:
                seconds = sum((end or 0) - (start or 0) for start, end, _ in model.intervals)
                assert (minutes, given) == (seconds // 60, delivered * 35)


@pytest.fixture
def clinic(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> Iterator[Clinic]:
    dying = Dying()
    monkeypatch.setattr(database, "failpoint", dying)
    opened = Clinic(servers, dying)
    yield opened
    opened.close()


@pytest.fixture
def machine(clinic: Clinic) -> type[Visit]:
    """A machine of this test: its class remembers what was reached."""
    return type("Machine", (Visit,), {"clinic": clinic, "reached": set()})


def test_the_record_equals_the_model_whatever_is_said_and_whatever_dies(
    machine: type[Visit],
) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=30,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


TOURS: dict[str, list[Callable[[Visit, str], None]]] = {
    "home": [
        lambda v, crash: v.arrive(crash),
        lambda v, crash: v.check(True, False, crash),
        lambda v, crash: v.confirm(crash, False),
        lambda v, crash: v.override(False, crash),
        lambda v, crash: v.start(False, crash),
        lambda v, crash: v.start(True, crash),
        lambda v, crash: v.measure([0], 185, False, crash),
        lambda v, crash: v.pause(crash),
        lambda v, crash: v.resume(crash),
        lambda v, crash: v.acknowledge(True, crash),
        lambda v, crash: v.resume(crash),
        lambda v, crash: v.change_rate(2000, crash),
        lambda v, _: v.time_passes(30, "before-commit"),
        lambda v, crash: v.measure([-3, 0], 120, False, crash),
        lambda v, _: v.time_passes(8, ""),
        lambda v, crash: v.end(1000, crash),
        lambda v, crash: v.recover(crash),
        lambda v, crash: v.discharge(crash),
        lambda v, crash: v.override(True, crash),
        lambda v, crash: v.discharge(crash),
    ],
    "elsewhere": [
        *[lambda v, crash: v.go_on(crash)] * 4,
        lambda v, crash: v.note("chest_pain", crash),
        lambda v, crash: v.pause(crash),
        lambda v, crash: v.resume(crash),
        lambda v, crash: v.end(0, crash),
        lambda v, crash: v.transfer(crash, True),
    ],
    "held back": [
        *[lambda v, crash: v.go_on(crash)] * 3,
        lambda v, _: v.the_plan_moves(True),
        lambda v, crash: v.start(True, crash),
        lambda v, _: v.the_plan_moves(False),
        lambda v, _: v.a_screener_is_answered(True),
        lambda v, crash: v.start(True, crash),
        lambda v, _: v.a_screener_is_answered(False),
        lambda v, _: v.the_dose_moves(True),
        lambda v, crash: v.start(True, crash),
        lambda v, crash: v.check(True, True, crash),
        lambda v, _: v.the_dose_moves(False),
        lambda v, crash: v.start(True, crash),
        lambda v, _: v.the_plan_moves(True),
        lambda v, crash: v.pause(crash),
        lambda v, crash: v.resume(crash),
    ],
    "nowhere": [lambda v, crash: v.miss(crash, True)],
    "called off and back": [
        *[lambda v, crash: v.go_on(crash)] * 3,
        lambda v, crash: v.cancel(crash, True),
        lambda v, _: v.booked_again(),
        *[lambda v, crash: v.go_on(crash)] * 4,
    ],
}


@pytest.mark.parametrize("crash", ["", "before-commit", "reply lost", "restart"])
def test_every_state_and_fact_is_reached_through_every_crash(
    machine: type[Visit], crash: str
) -> None:
    for tour in TOURS.values():
        visit = machine()
        for step in tour:
            step(visit, crash)
            visit.the_record_equals_the_model()
    assert {name for kind, name in machine.reached if kind == "status"} == EVERY_STATUS
    assert {name for kind, name in machine.reached if kind == "fact"} == EVERY_FACT
