"""Why a flow does not move: every kind of trouble has its one line, and calm has none."""

from datetime import UTC, datetime, timedelta

import pytest

from clients.flows import Picture, stuck, why
from halcyon.operations.v1 import flow_calls_pb2 as calls
from halcyon.operations.v1 import flow_pb2 as said

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
HELD = "halcyon.scheduling.events.v1.SeriesHeld"
EVENT = "11111111-1111-4111-8111-111111111111"


def stated(age=60, published=True):
    fact = said.StatedFact(event_id=EVENT, subject=HELD)
    fact.record_time.FromDatetime(NOW - timedelta(seconds=age))
    if published:
        fact.publish_time.FromDatetime(NOW - timedelta(seconds=age))
    return fact


def owing(state, kind=said.STEP_KIND_FACT, **more):
    name = said.StepName(kind=kind, name=HELD, id=EVENT)
    return said.Step(name=name, state=state, attempts=5, error_class="RuntimeError", **more)


def known(fact=None, steps=(), pauses=(), handled=(), silent=()):
    scheduling = calls.GetFlowResponse(facts=[fact] if fact else [])
    billing = calls.GetFlowResponse(hears=[HELD], steps=steps, pauses=pauses)
    seen = {"scheduling": scheduling, "billing": billing}
    done = dict.fromkeys(handled, NOW)
    return Picture(seen, {"scheduling": {}, "billing": done}, NOW, silent)


PAUSED = said.PauseState(name=said.PauseName(kind=said.PAUSE_KIND_CONSUMER, name="billing"))


@pytest.mark.parametrize(
    ("picture", "line"),
    [
        (known(stated(published=False)), "the stream has not taken it"),
        (known(stated()), "has not handled SeriesHeld"),
        (known(stated(), pauses=[PAUSED]), "its consumer is paused"),
        (known(stated(), [owing(said.STEP_STATE_PARKED)]), "parked SeriesHeld after 5 tries: Ru"),
        (known(stated(), [owing(said.STEP_STATE_FAILING)]), "fails at SeriesHeld, 5 tries"),
        (known(stated(), [owing(said.STEP_STATE_HELD, held_by="flow/x")]), "paused by flow/x"),
        (known(steps=[owing(said.STEP_STATE_OVERDUE)]), "which is overdue"),
        (known(silent=["intake"]), "does not answer"),
    ],
)
def test_each_trouble_has_one_line(picture, line):
    (reason,) = why(picture)
    assert line in reason.what


@pytest.mark.parametrize(
    "picture",
    [
        known(stated(), handled=[EVENT]),
        known(stated(age=1, published=False)),
        known(stated(age=1)),
        known(steps=[owing(said.STEP_STATE_WAITING, said.STEP_KIND_DEADLINE)]),
    ],
)
def test_what_is_done_or_in_motion_or_waits_for_its_time_is_no_trouble(picture):
    assert why(picture) == []


def test_only_steps_in_trouble_are_offered_to_act_on():
    states = [said.STEP_STATE_HELD, said.STEP_STATE_PARKED, said.STEP_STATE_OVERDUE]
    found = stuck(known(steps=[owing(state) for state in states]))
    assert [step.state for _, step in found] == states[1:]
