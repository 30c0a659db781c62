"""The rules, as tables."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from math import nan
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chassis.refusal import Invalid
from services.referral import domain, wire
from services.referral.domain import Clinic, Coding, Day, Person, Position, Status, Step
from services.referral.domain.admission import age_on, is_npi
from services.referral.domain.progress import Source
from services.referral.tests import examples as eg

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TODAY = NOW.date()


@pytest.mark.parametrize(
    ("number", "right"),
    [
        ("1234567893", True),
        ("1245319599", True),
        ("1234567890", False),
        ("1234567983", False),
        ("2000000002", True),
        ("2000000001", False),
    ],
)
def test_npi_check_digit(number: str, right: bool) -> None:
    assert is_npi(number) is right


@pytest.mark.parametrize(
    ("born", "today", "years"),
    [
        (date(1984, 2, 29), date(2026, 2, 28), 41),
        (date(1984, 2, 29), date(2026, 3, 1), 42),
        (date(2000, 5, 5), date(2020, 5, 5), 20),
        (date(2000, 5, 5), date(2020, 5, 4), 19),
    ],
)
def test_age_is_in_completed_years(born: date, today: date, years: int) -> None:
    assert age_on(today, born) == years


def application(**changes: object) -> domain.Application:
    return replace(wire.application(eg.asked()), **changes)  # type: ignore[arg-type]


def person(**changes: object) -> Person:
    return replace(application().patient, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("birth", "right"),
    [
        (Day(1984, 2, 29), True),
        (Day(1983, 2, 29), False),
        (Day(1984, 0, 0), False),
        (Day(1984, 2, 0), False),
        (Day(0, 2, 2), False),
        (Day(-1, 1, 1), False),
        (Day(20000, 1, 1), False),
        (Day(2026, 3, 1), False),
        (Day(2026, 2, 28), True),
        (Day(1895, 3, 2), True),
        (Day(1895, 3, 1), False),
    ],
)
def test_birth_dates(birth: Day, right: bool) -> None:
    asked = application(patient=person(birth_date=birth))
    assert faults(asked) == ([] if right else ["patient.birth_date"])


@pytest.mark.parametrize(
    ("measured", "right"),
    [
        (Day(2026, 3, 1), True),
        (Day(2026, 3, 2), False),
        (Day(2026, 2, 30), False),
        (Day(2026, 2, 0), False),
    ],
)
def test_weight_dates(measured: Day, right: bool) -> None:
    asked = application(clinical=application().clinical._replace(weight_date=measured))
    assert faults(asked) == ([] if right else ["clinical.weight_date"])


@pytest.mark.parametrize(
    ("place", "right"),
    [
        (Position(90, 180), True),
        (Position(91, 0), False),
        (Position(0, -181), False),
        (Position(nan, 0), False),
    ],
)
def test_positions_are_on_earth(place: Position, right: bool) -> None:
    asked = application(patient=person(address=domain.Address(position=place)))
    assert faults(asked) == ([] if right else ["patient.address.position"])


def test_a_bar_in_a_code_would_be_read_as_another_code() -> None:
    section = (Coding("a", "b"), Coding("a", "b|c"))
    asked = application(clinical=application().clinical._replace(allergies=section))
    assert faults(asked) == ["clinical.allergies.entries[1].code"]


def faults(asked: domain.Application) -> list[str]:
    try:
        domain.must_be_sound(asked, TODAY)
    except Invalid as refused:
        return [violation.field for violation in refused.violations]
    return []


@given(st.text(min_size=1), st.text(min_size=1).filter(lambda code: "|" not in code))
def test_a_coding_survives_its_text(system: str, code: str) -> None:
    assert Coding.parse(str(Coding(system, code))) == Coding(system, code)


@pytest.mark.parametrize(
    ("given_name", "family_name", "same"),
    [
        ("Jane", "Doe", True),
        ("JANE", " doe ", True),
        ("\uff2aane", "Doe", True),
        ("Jane", "Doe Roe", False),
        ("Doe", "Jane", False),
        ("Jan", "eDoe", False),
    ],
)
def test_the_same_patient(given_name: str, family_name: str, same: bool) -> None:
    other = person(given_name=given_name, family_name=family_name)
    assert (domain.match_key(other) == domain.match_key(person())) is same


def test_another_birth_date_is_another_patient() -> None:
    other = person(birth_date=Day(1984, 2, 28))
    assert domain.match_key(other) != domain.match_key(person())


A, B, C = (UUID(int=number) for number in (1, 2, 3))
HERE, NEAR, FAR = Position(40, -100), Position(41, -100), Position(45, -100)


def clinic(clinic_id: UUID, position: Position = FAR, **changes: object) -> Clinic:
    made = Clinic(clinic_id, 1, position, (), 10, 0)
    return made._replace(**changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("clinics", "preferred", "home", "chosen"),
    [
        ([], None, HERE, None),
        ([clinic(A), clinic(B, NEAR)], None, HERE, B),
        ([clinic(A), clinic(B, NEAR)], A, HERE, A),
        ([clinic(B, NEAR), clinic(A, NEAR)], None, HERE, A),
        ([clinic(A), clinic(B, NEAR, open_series=10)], None, HERE, A),
        ([clinic(A), clinic(B, NEAR, open_series=10)], B, HERE, A),
        ([clinic(A), clinic(B, NEAR, categories=("G90",))], B, HERE, A),
        ([clinic(A, categories=("G90", "F33"))], None, HERE, A),
        ([clinic(A, series_capacity=0)], A, HERE, None),
        ([clinic(A, series_capacity=0, open_series=-1)], A, HERE, None),
        ([clinic(A, open_series=6), clinic(B, open_series=5)], None, None, B),
        ([clinic(A, open_series=5), clinic(B, series_capacity=4, open_series=1)], None, None, B),
        ([clinic(C), clinic(B), clinic(A)], None, None, A),
    ],
)
def test_routing(
    clinics: Sequence[Clinic], preferred: UUID | None, home: Position | None, chosen: UUID | None
) -> None:
    assert domain.choose(clinics, "F33", preferred, home) == chosen


@pytest.mark.parametrize(
    ("one", "other", "kilometres"),
    [
        (Position(0, 0), Position(0, 0), 0),
        (Position(0, 0), Position(0, 180), 20015),
        (Position(42.36, -71.06), Position(41.88, -87.63), 1366),
        (Position(0, 179.5), Position(0, -179.5), 111),
    ],
)
def test_great_circles(one: Position, other: Position, kilometres: float) -> None:
    assert domain.kilometres(one, other) == pytest.approx(kilometres, abs=2)


PROGRESS = domain.Progress(uuid4(), Status.ROUTED, NOW, NOW, clinic_id=A, revision=2, changes=2)


def news(step: Step, source: Source = Source.OTHER, revision: int = 1, at: int = 1) -> domain.News:
    when = NOW + timedelta(minutes=at)
    mark = hash((step, source, revision))
    return domain.News(mark, PROGRESS.referral_id, "cause", step, source, revision, when)


@pytest.mark.parametrize(
    ("status", "step", "after"),
    [
        (Status.RECEIVED, Step.ASSESSING, Status.IN_ASSESSMENT),
        (Status.ROUTED, Step.ASSESSING, Status.IN_ASSESSMENT),
        (Status.PLANNED, Step.ASSESSING, Status.PLANNED),
        (Status.PLANNED, Step.HELD, Status.AWAITING_PAYMENT),
        (Status.SCHEDULED, Step.HELD, Status.SCHEDULED),
        (Status.PLANNED, Step.WAITLISTED, Status.NEEDS_ATTENTION),
        (Status.IN_TREATMENT, Step.RELEASED, Status.NEEDS_ATTENTION),
        (Status.IN_TREATMENT, Step.GIVEN_BACK, Status.IN_TREATMENT),
        (Status.AWAITING_PAYMENT, Step.UNPAID, Status.NEEDS_ATTENTION),
        (Status.NEEDS_ATTENTION, Step.PLANNED, Status.NEEDS_ATTENTION),
        (Status.NEEDS_ATTENTION, Step.ASKED, Status.NEEDS_ATTENTION),
        (Status.NEEDS_ATTENTION, Step.EXPECTED, Status.NEEDS_ATTENTION),
        (Status.NEEDS_ATTENTION, Step.HELD, Status.AWAITING_PAYMENT),
        (Status.NEEDS_ATTENTION, Step.PAID, Status.AWAITING_PAYMENT),
        (Status.NEEDS_ATTENTION, Step.CONFIRMED, Status.SCHEDULED),
        (Status.NEEDS_ATTENTION, Step.TREATING, Status.IN_TREATMENT),
        (Status.NEEDS_ATTENTION, Step.TREATED, Status.COMPLETED),
        (Status.NEEDS_ATTENTION, Step.DECLINED, Status.DECLINED),
        (Status.SCHEDULED, Step.NOTED, Status.SCHEDULED),
        (Status.SCHEDULED, Step.EXPECTED, Status.SCHEDULED),
        *((ended, step, ended) for ended in sorted(domain.ENDED) for step in Step),
    ],
)
def test_statuses_move_by_rank(status: Status, step: Step, after: Status) -> None:
    moved, (line,) = domain.follow(PROGRESS._replace(status=status), news(step))
    assert moved.status is after
    assert (line.status, line.number) == (after, 3)
    assert moved.revision == PROGRESS.revision


def test_older_news_of_the_same_source_moves_nothing() -> None:
    told = [news(Step.HELD, Source.SERIES, 2, 2), news(Step.WAITLISTED, Source.SERIES, 1, 1)]
    assert after(told).status is Status.AWAITING_PAYMENT
    told = [news(Step.PAID, Source.INVOICE, 4, 2), news(Step.UNPAID, Source.INVOICE, 3, 1)]
    assert after(told).status is Status.AWAITING_PAYMENT


@pytest.mark.parametrize("order", [1, -1])
def test_of_trouble_and_its_settlement_the_later_holds(order: int) -> None:
    paid = news(Step.PAID, Source.INVOICE, 3, 5)
    released = news(Step.RELEASED, Source.SERIES, 2, 6)
    assert after([paid, released][::order]).status is Status.NEEDS_ATTENTION
    failed = news(Step.UNPAID, Source.INVOICE, 3, 5)
    held = news(Step.HELD, Source.SERIES, 3, 6)
    assert after([failed, held][::order]).status is Status.AWAITING_PAYMENT


@pytest.mark.parametrize(
    ("told", "occupied"),
    [
        ([news(Step.PLANNED)], True),
        ([news(Step.PLANNED), news(Step.HELD, Source.SERIES, 1)], True),
        ([news(Step.HELD, Source.SERIES, 1), news(Step.RELEASED, Source.SERIES, 2)], False),
        ([news(Step.RELEASED, Source.SERIES, 2), news(Step.HELD, Source.SERIES, 1)], False),
        ([news(Step.RELEASED, Source.SERIES, 2), news(Step.PLANNED)], False),
        ([news(Step.RELEASED, Source.SERIES, 2), news(Step.HELD, Source.SERIES, 3)], True),
        ([news(Step.PLANNED), news(Step.DECLINED)], False),
        ([news(Step.PLANNED), news(Step.TREATED)], False),
        ([news(Step.TREATED), news(Step.PLANNED)], False),
        ([news(Step.PLANNED), news(Step.GIVEN_BACK, Source.SERIES, 2)], False),
        ([news(Step.ASKED, Source.INVOICE), news(Step.ASSESSING)], False),
    ],
)
def test_capacity_is_used_from_plan_to_end(told: Sequence[domain.News], occupied: bool) -> None:
    assert after(told).occupied_clinic_id == (A if occupied else None)


def after(told: Sequence[domain.News]) -> domain.Progress:
    progress = PROGRESS
    for one in told:
        progress, _ = domain.follow(progress, one)
    return progress


_ANY_NEWS = st.builds(
    domain.News,
    mark=st.integers(0, 20),
    referral_id=st.just(PROGRESS.referral_id),
    cause=st.just("cause"),
    step=st.sampled_from(Step),
    source=st.sampled_from(Source),
    revision=st.integers(1, 5),
    time=st.datetimes(timezones=st.just(UTC)),
)


@settings(max_examples=200)
@given(st.lists(_ANY_NEWS, max_size=20))
def test_hearing_twice_states_nothing_new(told: Sequence[domain.News]) -> None:
    progress, numbers = PROGRESS, count(PROGRESS.changes + 1)
    for one in told:
        ended = progress.ended and progress.status
        progress, lines = domain.follow(progress, one)
        assert [line.number for line in lines] == [next(numbers) for _ in lines]
        assert not ended or progress.status is ended
        assert not progress.ended or progress.occupied_clinic_id is None
        assert domain.follow(progress, one) == (progress, ())


@given(st.sampled_from(domain.CancelReason), st.sampled_from(Status))
def test_cancelling_twice_states_nothing_new(reason: domain.CancelReason, status: Status) -> None:
    known = domain.Known(uuid4(), uuid4(), False, b"key", None, None, [clinic(A)])
    viewer = domain.Viewer(frozenset({"coordinator"}), None, None)
    referral, events = domain.receive(application(), known, viewer, NOW)
    assert [type(event) for event in events] == [
        domain.Registered,
        domain.Received,
        domain.Routed,
    ]
    referral = replace(referral, progress=referral.progress._replace(status=status))
    if status in domain.ENDED - {Status.CANCELLED}:
        return
    cancelled, _ = domain.cancel(referral, reason, NOW)
    assert domain.cancel(cancelled, reason, NOW) == (cancelled, ())


def test_nothing_that_is_printed_names_a_patient() -> None:
    for word in eg.FORGETTABLE:
        assert word not in repr(application())
