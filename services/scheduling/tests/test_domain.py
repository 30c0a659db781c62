"""What may happen to a series and to a clinic, rule by rule."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.refusal import Invalid, NotAllowed
from services.scheduling import domain
from services.scheduling.domain import Clinic, Hours, Kind, Reason, Series, Status
from services.scheduling.domain.standing import hold, waitlist
from services.scheduling.packs import policy
from services.scheduling.tests.examples import MONDAY, clinic, plan

HOUR = timedelta(hours=1)
SHAPE = domain.Shape(15, 45, 60, 15)
PAYMENT = uuid4()
TIMES = [MONDAY + timedelta(days=day) for day in (1, 3, 5, 8, 10, 15, 22, 29)]
WAITING = waitlist(domain.opened(plan(uuid4()), MONDAY), "no_free_time", MONDAY)[0]
HELD = hold(domain.opened(plan(uuid4()), MONDAY), TIMES, SHAPE, HOUR, MONDAY)[0]
CONFIRMED = domain.confirm(HELD, PAYMENT, MONDAY)[0]
EXPIRED = domain.expire(HELD, MONDAY + HOUR)[0]
CANCELLED = domain.cancel(HELD, MONDAY)[0]
FULFILLED = CONFIRMED._replace(status=Status.FULFILLED, delivered=8)
EVERY = [WAITING, HELD, CONFIRMED, EXPIRED, CANCELLED, FULFILLED]


def status_and_reason(series: Series) -> tuple[Status, Reason | None]:
    return series.status, series.release_reason


def test_a_hold_lasts_as_long_as_the_clinic_says() -> None:
    held, events = hold(WAITING, TIMES, SHAPE, HOUR, MONDAY)
    assert events == (domain.SeriesHeld(held),)
    assert (held.status, held.revision) == (Status.HELD, WAITING.revision + 1)
    assert held.hold_expire_time == MONDAY + HOUR


@pytest.mark.parametrize("series", [HELD, CONFIRMED])
def test_what_has_times_keeps_them(series: Series) -> None:
    assert hold(series, TIMES[:1], SHAPE, HOUR, MONDAY) == (series, ())
    assert not domain.wants_times(series)


@pytest.mark.parametrize("series", [CANCELLED, FULFILLED])
def test_a_closed_series_gets_no_times(series: Series) -> None:
    with pytest.raises(NotAllowed, match="SERIES_CLOSED"):
        domain.wants_times(series)


def test_a_series_of_a_withdrawn_referral_gets_no_times() -> None:
    with pytest.raises(NotAllowed, match="SERIES_CLOSED"):
        domain.wants_times(WAITING, cancelled=True)


@pytest.mark.parametrize(
    ("series", "stated"),
    [(WAITING, 0), (HELD, 1), (CONFIRMED, 0), (EXPIRED, 0), (CANCELLED, 0), (FULFILLED, 0)],
)
def test_money_confirms_only_a_hold(series: Series, stated: int) -> None:
    paid, events = domain.confirm(series, PAYMENT, MONDAY)
    assert len(events) == stated
    assert paid.revision == series.revision + stated


@pytest.mark.parametrize(
    ("series", "late"),
    [
        (WAITING, True),
        (HELD, False),
        (CONFIRMED, False),
        (EXPIRED, True),
        (CANCELLED, True),
        (FULFILLED, False),
    ],
)
def test_money_without_times_is_late(series: Series, late: bool) -> None:
    assert domain.paid_late(series, PAYMENT) == late


def test_late_money_is_sent_back_once_a_payment() -> None:
    refused, events = domain.too_late(EXPIRED, PAYMENT, MONDAY)
    assert events == (domain.SeriesReleased(refused, Reason.PAID_TOO_LATE),)
    assert refused.revision == EXPIRED.revision + 1
    assert not domain.paid_late(refused, PAYMENT)
    assert domain.paid_late(refused, uuid4())


def test_late_money_does_not_reopen_a_cancelled_series() -> None:
    refused, events = domain.too_late(CANCELLED, PAYMENT, MONDAY)
    assert refused.closed
    assert [event for event in events if isinstance(event, domain.SeriesReleased)]


@pytest.mark.parametrize(
    ("series", "now", "may"),
    [
        (EXPIRED, MONDAY, True),
        (EXPIRED, TIMES[0], False),
        (CANCELLED, MONDAY, False),
        (WAITING, MONDAY, False),
    ],
)
def test_old_times_return_only_ahead_and_wanted(series: Series, now: datetime, may: bool) -> None:
    assert domain.may_restore(series, now) == may


def test_times_that_return_are_confirmed_at_once() -> None:
    restored, events = domain.restore(EXPIRED, PAYMENT, MONDAY)
    assert status_and_reason(restored) == (Status.CONFIRMED, None)
    assert events == (domain.SeriesConfirmed(restored),)
    assert restored.revision == EXPIRED.revision + 1


@pytest.mark.parametrize(
    ("series", "after", "released"),
    [
        (HELD, HOUR, True),
        (HELD, HOUR - timedelta(microseconds=1), False),
        (CONFIRMED, 2 * HOUR, False),
        (EXPIRED, 2 * HOUR, False),
        (WAITING, 2 * HOUR, False),
    ],
)
def test_only_a_hold_lapses_and_only_in_time(
    series: Series, after: timedelta, released: bool
) -> None:
    lapsed, events = domain.expire(series, MONDAY + after)
    assert bool(events) == released
    assert (lapsed.release_reason == Reason.HOLD_EXPIRED) == (released or series is EXPIRED)


@pytest.mark.parametrize(
    ("series", "failed_at", "released"),
    [
        (HELD, MONDAY, True),
        (HELD, MONDAY - HOUR, False),
        (CONFIRMED, MONDAY + HOUR, False),
        (EXPIRED, MONDAY + HOUR, False),
    ],
)
def test_a_failed_payment_ends_only_its_own_hold(
    series: Series, failed_at: datetime, released: bool
) -> None:
    _, events = domain.payment_failed(series, failed_at, MONDAY + HOUR)
    assert bool(events) == released


@pytest.mark.parametrize(
    ("series", "stated"), [(WAITING, 1), (HELD, 1), (CONFIRMED, 1), (EXPIRED, 0), (FULFILLED, 0)]
)
def test_a_withdrawal_releases_what_is_not_delivered(series: Series, stated: int) -> None:
    cancelled, events = domain.cancel(series, MONDAY)
    assert len(events) == stated
    assert cancelled.revision == series.revision + stated
    assert cancelled.closed


def test_the_last_session_fulfils_the_series() -> None:
    series = CONFIRMED
    for _ in TIMES:
        assert series.status == Status.CONFIRMED
        series, _ = domain.deliver(series, MONDAY)
    assert series.status == Status.FULFILLED


@given(st.sampled_from(EVERY), st.integers(0, 100), st.uuids())
def test_deciding_twice_states_nothing_new(series: Series, hours: int, payment_id: UUID) -> None:
    now = MONDAY + hours * HOUR
    for decide in (
        lambda one: domain.expire(one, now),
        lambda one: domain.confirm(one, payment_id, now),
        lambda one: domain.cancel(one, now),
        lambda one: domain.payment_failed(one, now, now),
        lambda one: (
            domain.too_late(one, payment_id, now)
            if domain.paid_late(one, payment_id)
            else (one, ())
        ),
    ):
        once, events = decide(series)
        assert once.revision == series.revision + len(events)
        assert decide(once)[1] == ()


def refused(wanted: Clinic, owned: domain.upkeep.Owned | None = None) -> set[str]:
    with pytest.raises(Invalid, match="INVALID_CLINIC") as refusal:
        domain.update(None, wanted, owned or {}, MONDAY)
    return {violation.field for violation in refusal.value.violations}


def test_a_new_clinic_is_stated_and_the_same_again_is_not() -> None:
    wanted = replace(clinic(), revision=0)
    joined, events = domain.update(None, wanted, {}, MONDAY)
    assert events == (domain.ClinicUpdated(joined, MONDAY),)
    assert joined.revision == 1
    backwards = replace(wanted, resources=wanted.resources[::-1], hours=wanted.hours[::-1])
    assert domain.update(joined, backwards, {}, MONDAY) == (joined, ())
    changed, events = domain.update(joined, replace(wanted, hold_seconds=60), {}, MONDAY)
    assert (changed.revision, len(events)) == (2, 1)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"time_zone": "America/Springfield"}, "clinic.time_zone"),
        ({"time_zone": "../etc/passwd"}, "clinic.time_zone"),
        ({"latitude": 91.0}, "clinic.position.latitude"),
        ({"longitude": float("nan")}, "clinic.position.longitude"),
        ({"hours": (Hours(1, 600, 600),)}, "clinic.opening_hours[0].close_minute"),
        (
            {"hours": (Hours(1, 600, 720), Hours(1, 540, 601))},
            "clinic.opening_hours[0].open_minute",
        ),
        ({"resources": clinic().resources[:4]}, "clinic.resources"),
        (
            {"resources": (*clinic(clinic_id=PAYMENT).resources,) * 2},
            "clinic.resources[6].resource_id",
        ),
    ],
)
def test_a_clinic_that_breaks_a_rule_is_refused(changes: dict[str, object], field: str) -> None:
    assert field in refused(replace(clinic(), **changes))  # type: ignore[arg-type]


def test_every_fault_is_told_at_once() -> None:
    wanted = replace(clinic(), time_zone="Nowhere", hours=(Hours(1, 2, 1),), resources=())
    assert refused(wanted) == {
        "clinic.time_zone",
        "clinic.opening_hours[0].close_minute",
        "clinic.resources",
    }


def test_a_resource_serves_one_clinic_and_stays_what_it_is() -> None:
    wanted = clinic()
    first, second = wanted.resources[:2]
    owned = {
        first.resource_id: (uuid4(), Kind.ROOM),
        second.resource_id: (wanted.clinic_id, Kind.PUMP),
    }
    assert refused(wanted, owned) == {
        "clinic.resources[0].resource_id",
        "clinic.resources[1].kind",
    }


def test_touching_hours_do_not_overlap() -> None:
    wanted = replace(clinic(), hours=(Hours(1, 480, 720), Hours(1, 720, 900)))
    assert domain.update(None, wanted, {}, MONDAY)[0].revision == 1


def test_the_pack_says_where_its_numbers_come_from() -> None:
    rules = policy()
    assert rules.pack == "halcyon-scheduling@3"
    assert (rules.unit_minutes, rules.horizon_days) == (15, 180)
    with pytest.raises(ValueError, match="divide 15"):
        replace(rules, unit_minutes=20)


@given(st.uuids(), st.integers(1, 400))
def test_a_session_has_the_id_that_everyone_derives(series: UUID, number: int) -> None:
    assert domain.session_id(series, number) == str(uuid5(series, f"session/{number}"))
