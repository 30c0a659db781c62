"""What is true of an infusion session: tables of rules, and properties that hold for every call."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chassis.refusal import Invalid, NotAllowed, Refusal
from services.infusion import domain
from services.infusion.domain import Status
from services.infusion.domain.gate import pass_gate
from services.infusion.tests import examples as eg
from services.infusion.tests.examples import NOON, PACK

# --- the start gate ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("checklist", "baseline", "failed"),
    [
        ({}, {}, set()),
        ({"consent_current": False}, {}, {"consent_current"}),
        ({"identity_checked_twice": False}, {}, {"identity_checked_twice"}),
        ({"escort_confirmed": False}, {}, {"escort_confirmed"}),
        ({"fasting_kept": False}, {}, {"fasting_kept"}),
        ({}, {"systolic": 159, "diastolic": 99}, set()),
        ({}, {"systolic": 160}, {"systolic"}),
        ({}, {"systolic": 90, "diastolic": 50}, set()),
        ({}, {"systolic": 89, "diastolic": 50}, {"systolic"}),
        ({}, {"diastolic": 100}, {"diastolic"}),
        ({}, {"systolic": None, "diastolic": None}, {"systolic", "diastolic"}),
        ({}, {"oxygen_saturation": 95}, set()),
        ({}, {"oxygen_saturation": 94}, {"oxygen_saturation"}),
        ({}, {"heart_rate": 50}, set()),
        ({}, {"heart_rate": 49}, {"heart_rate"}),
        ({}, {"heart_rate": 120}, set()),
        ({}, {"heart_rate": 121}, {"heart_rate"}),
        (
            {"fasting_kept": False},
            {"systolic": 190, "diastolic": 120, "oxygen_saturation": 80, "heart_rate": 30},
            {"fasting_kept", "systolic", "diastolic", "oxygen_saturation", "heart_rate"},
        ),
    ],
)
def test_the_gate(checklist: dict[str, bool], baseline: dict[str, Any], failed: set[str]) -> None:
    checked, measured = replace(eg.CHECKED, **checklist), eg.vitals(**baseline)
    if not failed:
        pass_gate(PACK.gate, checked, measured)
        return
    with pytest.raises(NotAllowed) as refused:
        pass_gate(PACK.gate, checked, measured)
    assert refused.value.reason == "GATE_NOT_PASSED"
    assert set(refused.value.metadata) == failed


def test_the_gate_tells_limits_and_no_reading() -> None:
    with pytest.raises(NotAllowed) as refused:
        pass_gate(PACK.gate, eg.CHECKED, eg.vitals(systolic=187, oxygen_saturation=83))
    assert "187" not in str(refused.value.metadata)
    assert "83" not in str(refused.value.metadata)


# --- planning a series ------------------------------------------------------------------------


def test_a_confirmed_series_has_its_sessions_expected_once() -> None:
    case = eg.Case()
    programme, (stated,) = domain.plan(None, case.booking(), NOON)
    assert stated == domain.SessionPlanned(programme, NOON)
    assert programme.course.revision == 1
    assert [session.number for session in programme.sessions] == list(range(1, 9))
    assert domain.plan(programme, case.booking(), NOON) == (programme, ())


def test_new_times_reach_only_what_has_not_started() -> None:
    case, later = eg.Case(), NOON + timedelta(days=30)
    programme, _ = domain.plan(None, case.booking(), NOON)
    first, second, *rest = programme.sessions
    begun = (replace(first, status=Status.COMPLETED), replace(second, status=Status.INFUSING))
    programme = replace(programme, sessions=(*begun, *rest))
    moved, (stated,) = domain.plan(programme, case.booking(3, later), NOON)
    assert stated.programme.course.revision == 2
    assert moved.sessions[:2] == begun
    assert [session.planned_start_time for session in moved.sessions[2:]] == [
        later + timedelta(days=number) for number in range(3, 9)
    ]


def test_the_same_times_again_are_no_news() -> None:
    case = eg.Case()
    programme, _ = domain.plan(None, case.booking(), NOON)
    again, events = domain.plan(programme, case.booking(5), NOON)
    assert (again.sessions, events) == (programme.sessions, ())
    assert (again.course.revision, again.course.series_revision) == (1, 5)


def test_a_session_left_out_is_called_off_and_may_come_back() -> None:
    case = eg.Case()
    programme, _ = domain.plan(None, case.booking(), NOON)
    shorter, _ = domain.plan(programme, case.booking(3, count=6), NOON)
    assert [session.number for session in shorter.sessions if session.status.is_over] == [7, 8]
    longer, _ = domain.plan(shorter, case.booking(4), NOON)
    assert longer.sessions == programme.sessions


words = st.lists(
    st.tuples(st.sampled_from(["confirmed", "released"]), st.integers(2, 6)),
    unique_by=lambda word: word[1],
    max_size=5,
)


@settings(deadline=None)
@given(words, st.randoms())
def test_the_order_of_news_does_not_matter(told: list[tuple[str, int]], random: Any) -> None:
    """A revision is one word; whoever hears all words ends with the highest."""
    case = eg.Case()
    mixed = [*told, *told]
    random.shuffle(mixed)
    programme = None
    for word, revision in mixed:
        booking = case.booking(revision, NOON + timedelta(days=revision))
        if word == "confirmed":
            programme, _ = domain.plan(programme, booking, NOON)
        else:
            untold = replace(booking.course, patient_id=None, session_count=0, infusion_minutes=0)
            programme = domain.release(programme, untold)
    if programme is None:
        return
    word, revision = max(told, key=lambda word: word[1])
    expected = [s for s in programme.sessions if s.status is Status.PLANNED]
    assert programme.course.series_revision == revision
    assert len(expected) == (8 if word == "confirmed" else 0)
    assert all(s.planned_start_time >= NOON + timedelta(days=revision) for s in expected)


# --- a session's life -------------------------------------------------------------------------


def visit(case: eg.Case, number: int = 1) -> domain.Visit:
    programme, _ = domain.plan(None, case.booking(), NOON)
    return domain.Visit(programme.course, programme.sessions[number - 1])


def begin(
    planned: domain.Visit, case: eg.Case, asked: domain.Start | None = None, **changes: Any
) -> tuple[domain.Visit, tuple[domain.Event, ...]]:
    told = asked or domain.Start(eg.CHECKED, eg.vitals(), 18)
    earlier, order = changes.get("earlier", ()), changes.get("order", case.order())
    return domain.start(planned, told, earlier, order, (PACK, NOON))


def running(case: eg.Case) -> domain.Visit:
    return begin(visit(case), case)[0]


WORST = domain.Extremes(150, 90, 95, 3)


def finish(begun: domain.Visit, **changes: Any) -> tuple[domain.Visit, tuple[domain.Event, ...]]:
    told: dict[str, Any] = {
        "stopped_early": False,
        "given_micrograms": 0,
        "running_minutes": 40,
        "adverse_events": ("nausea", "nausea"),
    }
    return domain.complete(begun, domain.End(**told | changes), WORST, NOON)


def test_a_session_starts_once() -> None:
    case = eg.Case()
    begun, (stated,) = begin(visit(case), case)
    assert begun.infusion
    assert stated == domain.InfusionStarted(begun, begun.infusion)
    assert (begun.session.status, begun.session.revision) == (Status.INFUSING, 1)
    assert begun.infusion.ordered_micrograms == 35000
    assert begin(begun, case) == (begun, ())


@pytest.mark.parametrize(
    ("status", "changes", "reason"),
    [
        (Status.COMPLETED, {}, "WRONG_STATE"),
        (Status.CANCELLED, {}, "WRONG_STATE"),
        (Status.PLANNED, {"order": None}, "NO_DOSE_ORDER"),
    ],
)
def test_a_start_is_refused(status: Status, changes: dict[str, Any], reason: str) -> None:
    case = eg.Case()
    planned = visit(case)
    planned = replace(planned, session=replace(planned.session, status=status))
    with pytest.raises(NotAllowed) as refused:
        begin(planned, case, **changes)
    assert refused.value.reason == reason


@pytest.mark.parametrize("status", list(Status))
def test_earlier_sessions_come_first(status: Status) -> None:
    case = eg.Case()
    earlier = [replace(visit(case).session, status=status)]
    if status.is_over:
        assert begin(visit(case, 2), case, earlier=earlier)[1]
        return
    with pytest.raises(NotAllowed) as refused:
        begin(visit(case, 2), case, earlier=earlier)
    assert refused.value.reason == "OUT_OF_SEQUENCE"


def test_another_start_of_a_running_infusion_is_refused() -> None:
    case = eg.Case()
    other = domain.Start(eg.CHECKED, eg.vitals(heart_rate=80), 18)
    with pytest.raises(NotAllowed) as refused:
        begin(running(case), case, other)
    assert refused.value.reason == "WRONG_STATE"


@pytest.mark.parametrize("minutes", [-31, 2])
def test_an_old_or_coming_baseline_is_refused(minutes: int) -> None:
    case = eg.Case()
    told = domain.Start(eg.CHECKED, eg.vitals(NOON + timedelta(minutes=minutes)), None)
    with pytest.raises(Invalid) as refused:
        begin(visit(case), case, told)
    assert [fault.field for fault in refused.value.violations] == ["baseline.measure_time"]


def test_readings_are_judged_one_by_one() -> None:
    begun = running(eg.Case())
    told = [
        eg.vitals(NOON),
        eg.vitals(NOON + timedelta(seconds=60)),
        eg.vitals(NOON + timedelta(seconds=61)),
        eg.vitals(NOON - timedelta(minutes=30)),
        eg.vitals(NOON - timedelta(minutes=31)),
        eg.vitals(diastolic=130),
        eg.vitals(systolic=None),
        eg.vitals(systolic=None, diastolic=None),
    ]
    places = [(f"readings[{index}]", one) for index, one in enumerate(told)]
    with pytest.raises(Invalid) as refused:
        domain.admit(begun.session, begun.infusion, places, (PACK, NOON))
    assert refused.value.reason == "INVALID_VITALS"
    assert [fault.field for fault in refused.value.violations] == [
        "readings[2].measure_time",
        "readings[4].measure_time",
        "readings[5].diastolic",
        "readings[6].diastolic",
    ]


def test_readings_are_taken_while_the_infusion_runs() -> None:
    case = eg.Case()
    ended = finish(running(case))[0]
    for found in (visit(case), ended):
        with pytest.raises(NotAllowed) as refused:
            domain.admit(found.session, found.infusion, [("x", eg.vitals())], (PACK, NOON))
        assert refused.value.reason == "WRONG_STATE"


def test_an_infusion_ends_once() -> None:
    ended, (stated,) = finish(running(eg.Case()))
    assert isinstance(stated, domain.InfusionCompleted)
    assert (ended.session.status, ended.session.revision) == (Status.COMPLETED, 2)
    assert (stated.ending.given_micrograms, stated.ending.adverse_events) == (35000, ("nausea",))
    assert stated.extremes == WORST
    assert finish(ended) == (ended, ())
    assert finish(ended, given_micrograms=35000) == (ended, ())
    for other in ({"running_minutes": 41}, {"stopped_early": True, "given_micrograms": 35000}):
        with pytest.raises(NotAllowed) as refused:
            finish(ended, **other)
        assert refused.value.reason == "WRONG_STATE"


@pytest.mark.parametrize(
    ("changes", "kind", "reason"),
    [
        ({"given_micrograms": 35001}, NotAllowed, "DOSE_ABOVE_ORDER"),
        (
            {"given_micrograms": 35001, "stopped_early": True},
            NotAllowed,
            "DOSE_ABOVE_ORDER",
        ),
        ({"given_micrograms": 34999}, Invalid, "INVALID_COMPLETION"),
        ({"given_micrograms": 35000, "stopped_early": True}, Invalid, "INVALID_COMPLETION"),
    ],
)
def test_the_amount_given_must_fit(
    changes: dict[str, Any], kind: type[Refusal], reason: str
) -> None:
    with pytest.raises(kind) as refused:
        finish(running(eg.Case()), **changes)
    assert refused.value.reason == reason


@pytest.mark.parametrize("given", [0, 1, 34999])
def test_an_infusion_may_stop_early(given: int) -> None:
    ended, (stated,) = finish(running(eg.Case()), stopped_early=True, given_micrograms=given)
    assert isinstance(stated, domain.InfusionCompleted)
    assert (ended.session.status, stated.ending.given_micrograms) == (Status.STOPPED_EARLY, given)


def test_what_was_not_started_cannot_end() -> None:
    with pytest.raises(NotAllowed) as refused:
        finish(visit(eg.Case()))
    assert refused.value.reason == "WRONG_STATE"


checklists = st.builds(domain.Checklist, *[st.booleans()] * 4)
baselines = st.builds(
    eg.vitals,
    st.just(NOON),
    oxygen_saturation=st.integers(85, 100),
    heart_rate=st.integers(40, 130),
    systolic=st.none() | st.integers(80, 170),
    diastolic=st.none() | st.integers(40, 110),
)
starts = st.builds(domain.Start, checklists, baselines, st.none() | st.integers(0, 27))
steps = st.one_of(
    st.tuples(st.just("start"), st.just(domain.Start(eg.CHECKED, eg.vitals(), 18)) | starts),
    st.tuples(st.just("complete"), st.booleans()),
    st.tuples(st.just("release"), st.integers(2, 9)),
    st.tuples(st.just("confirm"), st.integers(2, 9)),
)


@settings(deadline=None)
@given(st.lists(steps, max_size=8))
def test_no_sequence_of_calls_infuses_without_a_passed_gate(told: list[tuple[str, Any]]) -> None:
    case = eg.Case()
    programme, _ = domain.plan(None, case.booking(), NOON)
    begun = domain.Visit(programme.course, programme.sessions[0])
    for word, what in told:
        before = begun.session.status
        try:
            begun, _ = _say(begun, case, word, what)
        except Refusal:
            continue
        if begun.session.status is Status.INFUSING and before is not Status.INFUSING:
            assert (word, before) == ("start", Status.PLANNED)
            pass_gate(PACK.gate, what.checklist, what.baseline)
            assert begun.infusion
            assert begun.infusion.baseline == what.baseline
        assert (begun.infusion is None) == (
            begun.session.status in (Status.PLANNED, Status.CANCELLED)
        )


def _say(
    begun: domain.Visit, case: eg.Case, word: str, what: Any
) -> tuple[domain.Visit, tuple[domain.Event, ...]]:
    match word:
        case "start":
            return begin(begun, case, what)
        case "complete":
            return finish(begun, stopped_early=what, given_micrograms=0)
    programme = domain.Programme(begun.course, (begun.session,))
    if word == "release":
        told = replace(begun.course, series_revision=what)
        programme = domain.release(programme, told)
    else:
        programme, _ = domain.plan(programme, case.booking(what), NOON)
    return replace(begun, course=programme.course, session=programme.sessions[0]), ()
