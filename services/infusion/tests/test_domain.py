"""What is true of a session: the table of moves, the pump, and properties of every sequence."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chassis.refusal import Invalid, NotAllowed, Refusal
from services.infusion import domain
from services.infusion.domain import Status, pump
from services.infusion.domain.status import MOVES, Move, moved
from services.infusion.tests import examples as eg
from services.infusion.tests.examples import NOON, PACK

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
    begun = (first._replace(status=Status.COMPLETED), second._replace(status=Status.INFUSING))
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
            untold = booking.course._replace(patient_id=None, session_count=0, infusion_minutes=0)
            programme = domain.release(programme, untold)
    if programme is None:
        return
    word, revision = max(told, key=lambda word: word[1])
    expected = [s for s in programme.sessions if s.status is Status.PLANNED]
    assert programme.course.series_revision == revision
    assert len(expected) == (8 if word == "confirmed" else 0)
    assert all(s.planned_start_time >= NOON + timedelta(days=revision) for s in expected)


# --- the table of moves -----------------------------------------------------------------------

ROAD = {
    Status.PLANNED: {Status.ARRIVED, Status.NO_SHOW, Status.CANCELLED},
    Status.ARRIVED: {Status.HELD, Status.CHECKLIST_PASSED, Status.TRANSFERRED, Status.CANCELLED},
    Status.HELD: {Status.HELD, Status.CHECKLIST_PASSED, Status.TRANSFERRED, Status.CANCELLED},
    Status.CHECKLIST_PASSED: {Status.HELD, Status.CHECKLIST_PASSED, Status.INFUSING,
                              Status.TRANSFERRED, Status.CANCELLED},
    Status.INFUSING: {Status.PAUSED, Status.COMPLETED, Status.STOPPED_EARLY},
    Status.PAUSED: {Status.INFUSING, Status.COMPLETED, Status.STOPPED_EARLY},
    Status.COMPLETED: {Status.RECOVERY, Status.TRANSFERRED},
    Status.STOPPED_EARLY: {Status.RECOVERY, Status.TRANSFERRED},
    Status.RECOVERY: {Status.DISCHARGED, Status.TRANSFERRED},
    Status.DISCHARGED: set(),
    Status.TRANSFERRED: set(),
    Status.NO_SHOW: set(),
    Status.CANCELLED: set(),
}  # fmt: skip


@pytest.mark.parametrize("status", list(Status))
def test_every_state_leads_where_the_drawing_says(status: Status) -> None:
    assert {leg.after for leg in MOVES.values() if status in leg.before} == ROAD[status]


@pytest.mark.parametrize(("status", "move"), list(product(Status, Move)))
def test_an_illegal_move_says_from_where_it_would_be_legal(status: Status, move: Move) -> None:
    if status in MOVES[move].before:
        assert moved(status, move) is MOVES[move].after
        return
    with pytest.raises(NotAllowed) as refused:
        moved(status, move)
    assert refused.value.reason == "WRONG_STATE"
    legal = {Status(word) for word in refused.value.metadata["legal_from"].split(",")}
    assert legal == MOVES[move].before


# --- when things happened ---------------------------------------------------------------------


@pytest.mark.parametrize("minutes", [2, -241])
def test_no_arrival_from_the_future_nor_from_long_ago(minutes: int) -> None:
    told = NOON + timedelta(minutes=minutes)
    with pytest.raises(Invalid) as refused:
        domain.arrive(eg.Case().planned(), told, PACK, NOON)
    assert [fault.field for fault in refused.value.violations] == ["arrive_time"]


def test_nothing_happens_before_what_was_recorded() -> None:
    case, later = eg.Case(), NOON + timedelta(minutes=10)
    running = case.running()
    with pytest.raises(Invalid) as refused:
        domain.pause(running, NOON - timedelta(seconds=1), later)
    assert refused.value.reason == "INVALID_TIME"
    paused = domain.pause(running, NOON + timedelta(minutes=4), later)
    assert paused.infusion
    assert paused.infusion.running_seconds == 240


# --- the start --------------------------------------------------------------------------------


def begin(
    visit: domain.Visit, case: eg.Case, baseline: domain.Vitals | None = None, **changes: Any
) -> tuple[domain.Visit, tuple[domain.Event, ...]]:
    earlier = changes.pop("earlier", ())
    asked = domain.Start(baseline or eg.vitals())
    return domain.start(visit, asked, earlier, case.evidence(**changes), NOON)


def test_a_session_starts_once() -> None:
    case = eg.Case()
    begun, (stated,) = begin(case.ready(), case)
    assert begun.infusion
    assert stated == domain.InfusionStarted(begun, begun.infusion)
    assert (begun.session.status, begun.session.revision) == (Status.INFUSING, 1)
    assert begun.infusion.ordered_micrograms == 35000
    assert begun.infusion.intervals == (domain.Interval(NOON, Decimal("150.0")),)
    assert begin(begun, case) == (begun, ())
    with pytest.raises(NotAllowed) as refused:
        begin(begun, case, eg.vitals(heart_rate=80))
    assert refused.value.reason == "WRONG_STATE"


def test_nobody_starts_whom_nobody_saw() -> None:
    case = eg.Case()
    for visit in (case.planned(), replace(case.planned(), attendance=None)):
        with pytest.raises(NotAllowed) as refused:
            begin(visit, case)
        assert refused.value.reason == "WRONG_STATE"


def test_a_start_without_an_order_is_refused() -> None:
    case = eg.Case()
    with pytest.raises(NotAllowed) as refused:
        begin(case.ready(), case, order=None)
    assert refused.value.reason == "NO_DOSE_ORDER"


@pytest.mark.parametrize("status", list(Status))
def test_earlier_sessions_come_first(status: Status) -> None:
    case = eg.Case()
    earlier = [case.planned().session._replace(status=status)]
    if status.is_over:
        assert begin(case.ready(2), case, earlier=earlier)[1]
        return
    with pytest.raises(NotAllowed) as refused:
        begin(case.ready(2), case, earlier=earlier)
    assert refused.value.reason == "OUT_OF_SEQUENCE"


def test_a_gate_that_was_passed_is_looked_at_again_at_the_start() -> None:
    case = eg.Case()
    with pytest.raises(NotAllowed) as refused:
        begin(case.ready(), case, eg.vitals(systolic=171), order=case.order(42000, 2))
    assert refused.value.reason == "GATE_NOT_PASSED"
    assert set(refused.value.metadata) == {"systolic", "pump_dose"}


# --- the pump ---------------------------------------------------------------------------------

spans = st.lists(
    st.tuples(
        st.integers(0, 3_600_000_000),
        st.integers(0, 600_000_000),
        st.integers(1, 5000).map(lambda tenths: Decimal(tenths) / 10),
    ),
    max_size=8,
)


@given(spans)
def test_minutes_and_volume_are_the_sum_of_the_intervals(told: list[Any]) -> None:
    at, intervals, exact = NOON, [], Fraction()
    for run, rest, rate in told:
        end = at + timedelta(microseconds=run)
        intervals.append(domain.Interval(at, rate, end))
        exact += Fraction(rate) * run / 3_600_000_000
        at = end + timedelta(microseconds=rest)
    assert pump.pumped_ml(intervals) == exact
    assert pump.running_seconds(intervals) == sum(run for run, _, _ in told) // 1_000_000


doses = st.integers(1, 1200).map(lambda tenths: tenths * 100)


@given(doses, st.sampled_from(["50", "100", "250"]), st.integers(20, 120))
def test_a_setting_made_from_the_order_fits_it_exactly(
    dose: int, volume: str, minutes: int
) -> None:
    setting = eg.setting(dose, volume, minutes)
    found = dict(pump.faults(setting, dose, minutes, PACK.library))
    assert set(found) <= {"pump_rate_limit", "pump_dose_rate"}
    assert setting.concentration_mg_per_ml * setting.volume_ml * 1000 == dose


@given(st.integers(0, 1000))
def test_given_and_left_are_the_whole_exactly(tenths: int) -> None:
    setting, delivered = eg.setting(), Decimal(tenths) / 10
    left = setting.volume_ml - delivered
    given_mg = pump.given_micrograms(setting, delivered) / 1000
    assert given_mg + left * setting.concentration_mg_per_ml == setting.dose_mg


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def test_pause_rate_and_resume_are_intervals() -> None:
    running = eg.Case().running()
    paused = domain.pause(running, None, at(10))
    assert domain.pause(paused, None, at(11)) == paused
    resumed = domain.resume(paused, (None, None), (), at(15))
    assert domain.resume(resumed, (None, None), (), at(16)) == resumed
    slower = domain.change_rate(resumed, Decimal(75), None, at(25))
    assert domain.change_rate(slower, Decimal("75.0"), None, at(26)) == slower
    assert slower.infusion
    assert slower.infusion.intervals == (
        domain.Interval(at(0), Decimal("150.0"), at(10)),
        domain.Interval(at(15), Decimal("150.0"), at(25)),
        domain.Interval(at(25), Decimal(75), None),
    )
    (*_, stated), _ = finish(slower, at(65))
    assert stated.ending.running_minutes == 60


@pytest.mark.parametrize("rate", ["0.05", "500.1", "600", "515"])
def test_a_rate_beyond_the_drug_library_is_refused(rate: str) -> None:
    with pytest.raises(NotAllowed) as refused:
        domain.change_rate(eg.Case().running(), Decimal(rate), None, NOON)
    assert refused.value.reason == "RATE_NOT_ALLOWED"


def test_a_paused_pump_has_no_rate_to_change() -> None:
    paused = domain.pause(eg.Case().running(), None, NOON)
    with pytest.raises(NotAllowed) as refused:
        domain.change_rate(paused, Decimal(75), None, NOON)
    assert refused.value.reason == "WRONG_STATE"


# --- the end ----------------------------------------------------------------------------------

WORST = domain.Extremes(150, 90, 95, 3)


def finish(
    begun: domain.Visit, now: datetime | None = None, **changes: Any
) -> tuple[tuple[Any, ...], domain.Visit]:
    told: dict[str, Any] = {"stopped_early": False, "adverse_events": ("nausea", "nausea")}
    asked = domain.End(**told | changes)
    ended, events = domain.complete(begun, asked, WORST, ("vomiting",), now or at(40))
    return events, ended


def test_an_infusion_ends_once() -> None:
    (stated,), ended = finish(eg.Case().running())
    assert isinstance(stated, domain.InfusionCompleted)
    assert (ended.session.status, ended.session.revision) == (Status.COMPLETED, 2)
    assert stated.ending.given_micrograms == 35000
    assert stated.ending.adverse_events == ("vomiting", "nausea")
    assert stated.ending.running_minutes == 40
    assert stated.extremes == WORST
    for same in ({}, {"given_micrograms": 35000}, {"delivered_ml": Decimal("100.0")}):
        assert finish(ended, at(50), **same) == ((), ended)
    other: dict[str, Any] = {
        "stopped_early": True,
        "delivered_ml": Decimal(50),
        "stop_reason": "alert",
    }
    with pytest.raises(NotAllowed) as refused:
        finish(ended, **other)
    assert refused.value.reason == "WRONG_STATE"


@pytest.mark.parametrize(
    ("changes", "reason", "field"),
    [
        ({"delivered_ml": Decimal("100.1")}, "DOSE_ABOVE_ORDER", None),
        ({"delivered_ml": Decimal(99)}, "INVALID_COMPLETION", "delivered_ml"),
        ({"given_micrograms": 34999}, "INVALID_COMPLETION", "given_micrograms"),
        ({"stopped_early": True}, "INVALID_COMPLETION", "delivered_ml"),
        (
            {"stopped_early": True, "delivered_ml": Decimal(100), "stop_reason": "alert"},
            "INVALID_COMPLETION",
            "delivered_ml",
        ),
        (
            {"stopped_early": True, "delivered_ml": Decimal(50)},
            "INVALID_COMPLETION",
            "stop_reason",
        ),
    ],
)
def test_the_amount_given_must_fit(changes: dict[str, Any], reason: str, field: str | None) -> None:
    with pytest.raises(Refusal) as refused:
        finish(eg.Case().running(), **changes)
    assert refused.value.reason == reason
    faults = getattr(refused.value, "violations", ())
    assert [fault.field for fault in faults] == ([field] if field else [])


def test_no_more_is_given_than_the_pump_gave_in_its_time() -> None:
    with pytest.raises(Invalid) as refused:
        finish(eg.Case().running(), at(37))
    assert [fault.field for fault in refused.value.violations] == ["delivered_ml"]
    assert finish(eg.Case().running(), at(39))[0]


@pytest.mark.parametrize(("delivered", "micrograms"), [("0", 0), ("0.1", 35), ("33.3", 11655)])
def test_an_infusion_may_stop_early(delivered: str, micrograms: int) -> None:
    told: dict[str, Any] = {"delivered_ml": Decimal(delivered), "stop_reason": "alert"}
    told["stopped_early"] = True
    (stated,), ended = finish(eg.Case().running(), at(15), **told)
    assert ended.session.status is Status.STOPPED_EARLY
    assert (stated.ending.given_micrograms, stated.ending.stop_reason) == (micrograms, "alert")


def test_what_was_not_started_cannot_end() -> None:
    for visit in (eg.Case().planned(), eg.Case().ready()):
        with pytest.raises(NotAllowed) as refused:
            finish(visit)
        assert refused.value.reason == "WRONG_STATE"


# --- every sequence ---------------------------------------------------------------------------

steps = st.lists(
    st.sampled_from(
        ["arrive", "check", "check badly", "confirm", "confirm oneself", "override", "start",
         "start badly", "pause", "resume", "rate", "complete", "stop", "recover", "discharge",
         "transfer", "miss", "cancel", "release", "book"]
    ),
    max_size=14,
)  # fmt: skip


class World:
    """A session to which anything may be said; it remembers what its gate has seen."""

    def __init__(self) -> None:
        self.case = eg.Case()
        self.visit = self.case.planned()
        self.evidence = self.case.evidence(form=None, double_check=None, readings=())
        self.revision = 2

    def say(self, word: str) -> None:
        visit, seen = self.visit, self.evidence
        match word:
            case "arrive":
                self.visit, _ = domain.arrive(visit, None, PACK, NOON)
            case "check" | "check badly":
                told = eg.checklist(consent_current=word == "check")
                readings = (*seen.readings, eg.vitals())
                given = replace(seen, readings=readings)
                (self.visit, _), form = domain.check(visit, (told, None), given, "one", NOON)
                self.evidence = replace(given, form=form)
            case "confirm" | "confirm oneself":
                who = "two" if word == "confirm" else "one"
                dose = (eg.DRUG, eg.setting()), None
                (self.visit, _), second = domain.confirm(visit, dose, seen, who, NOON)
                self.evidence = replace(seen, double_check=second)
            case "override":
                said = domain.Answer(("systolic",), "why", "because", "doctor")
                (self.visit, _), new, _ = domain.override_start(visit, said, seen, NOON)
                self.evidence = replace(seen, overrides=(*seen.overrides, *new))
            case "start" | "start badly":
                baseline = eg.vitals(heart_rate=72 if word == "start" else 140)
                self.visit, _ = domain.start(visit, domain.Start(baseline), (), seen, NOON)
            case "pause":
                self.visit = domain.pause(visit, None, NOON)
            case "resume":
                self.visit = domain.resume(visit, (None, None), (), NOON)
            case "rate":
                self.visit = domain.change_rate(visit, Decimal(75), None, NOON)
            case "complete" | "stop":
                stopped = word == "stop"
                asked = domain.End(stopped, "alert", Decimal(0) if stopped else None)
                self.visit, _ = domain.complete(visit, asked, WORST, (), at(40))
            case _:
                self._leave(word)

    def _leave(self, word: str) -> None:
        visit = self.visit
        match word:
            case "recover":
                self.visit = domain.recover(visit, None, NOON)
            case "discharge":
                told = home(), None
                self.visit, _ = domain.discharge(visit, told, STAY, at(120))
            case "transfer":
                self.visit, _ = domain.transfer(visit, "chest_pain", None, NOON)
            case "miss":
                self.visit, _ = domain.miss(visit, NOON)
            case "cancel":
                self.visit, _ = domain.cancel(visit, "closed", NOON)
            case "release" | "book":
                self.revision += 1
                programme = domain.Programme(visit.course, (visit.session,))
                booking = self.case.booking(self.revision, count=1)
                if word == "release":
                    programme = domain.release(programme, booking.course)
                else:
                    programme, _ = domain.plan(programme, booking, NOON)
                (session,) = programme.sessions
                self.visit = replace(visit, course=programme.course, session=session)


STAY = domain.Stay((), domain.SuicideRisk.NOT_SCREENED, WORST, ())


def home() -> domain.Assessment:
    return domain.Assessment(
        10,
        5,
        0,
        True,
        True,
        True,
        "Synthetic Escort",
        domain.SuicideRisk.NOT_SCREENED,
        PACK.instructions,
        eg.vitals(at(119)),
    )


@settings(deadline=None, max_examples=300)
@given(steps)
def test_no_sequence_of_calls_infuses_without_a_passed_gate(told: list[str]) -> None:
    world = World()
    started = False
    for word in told:
        before, evidence = world.visit, world.evidence
        try:
            world.say(word)
        except Refusal:
            assert (world.visit, world.evidence) == (before, evidence)
            continue
        old, new = before.session.status, world.visit.session.status
        if new is Status.INFUSING and old not in (Status.INFUSING, Status.PAUSED):
            assert word == "start"
            assert not domain.findings(evidence, PACK, NOON)
            assert evidence.double_check
            started = True
        assert (world.visit.infusion is not None) == started
        assert world.visit.session.revision >= before.session.revision


@settings(deadline=None, max_examples=200)
@given(steps, st.integers(0, 9))
def test_the_right_words_in_order_always_come_through(told: list[str], place: int) -> None:
    """Whatever else is said in between and refused, the day goes on."""
    way = ["arrive", "check", "confirm", "start", "pause", "resume", "complete", "recover",
           "discharge"]  # fmt: skip
    world = World()
    noise = [word for word in told if word in ("start badly", "confirm oneself")]
    for word in [*way[:place], *noise, *way[place:]]:
        try:
            world.say(word)
        except Refusal:
            assert word in noise
    assert world.visit.session.status is Status.DISCHARGED
