"""The terms at their boundaries: notice, fees, refunds, approval, expiry."""

from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from chassis.refusal import Invalid, NotAllowed
from services.billing import domain
from services.billing.domain import Invoice, Money, Status, Tariff, Terms
from services.billing.packs import lined, policies
from services.billing.tests.examples import LATER, NOW, need

DAY = date(2026, 11, 23)
PRO_RATA = policies.terms(DAY)
CLAW_BACK = policies.terms(DAY, "halcyon-claw-back")


def invoice(*, unit: int = 40000, count: int = 6, **changes: int) -> Invoice:
    issued = domain.issue_for(need(session_count=count), None, Money(unit), NOW).invoice
    assert issued
    return issued._replace(**{"status": Status.PAID, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("notice", "fee"),
    [
        (timedelta(hours=49), 0),
        (timedelta(hours=48), 0),
        (timedelta(hours=48) - timedelta(microseconds=1), 5000),
        (timedelta(hours=24), 5000),
        (timedelta(hours=24) - timedelta(microseconds=1), 10000),
        (timedelta(), 10000),
    ],
)
def test_a_notice_at_the_boundary_belongs_to_the_kinder_side(notice: timedelta, fee: int) -> None:
    assert PRO_RATA.fee_for(notice).of(40000) == fee


@pytest.mark.parametrize(
    ("tariff", "price", "fee"),
    [
        (Tariff(domain.FeeKind.NONE), 40000, 0),
        (Tariff(domain.FeeKind.FLAT, 15000), 40000, 15000),
        (Tariff(domain.FeeKind.FLAT, 50000), 40000, 40000),
        (Tariff(domain.FeeKind.PERCENT, 50), 40001, 20000),
        (Tariff(domain.FeeKind.PERCENT, 100), 40001, 40001),
        (Tariff(domain.FeeKind.FORFEIT), 40000, 40000),
    ],
)
def test_a_fee_is_never_above_the_price(tariff: Tariff, price: int, fee: int) -> None:
    assert tariff.of(price) == fee


# package of 6 at 400 each; a single session costs 500
@pytest.mark.parametrize(
    ("terms", "reason", "used", "count", "value", "clawed", "fee", "amount"),
    [
        (PRO_RATA, "patient_request", 0, 0, 240000, 0, 0, 240000),
        (PRO_RATA, "patient_request", 2, 0, 160000, 0, 0, 160000),
        (PRO_RATA, "patient_request", 2, 1, 40000, 0, 0, 40000),
        (PRO_RATA, "patient_request", 5, 1, 40000, 0, 0, 40000),
        (PRO_RATA, "found_unsuitable", 0, 0, 240000, 0, 12000, 228000),
        (CLAW_BACK, "patient_request", 0, 0, 240000, 0, 0, 240000),
        (CLAW_BACK, "patient_request", 2, 0, 160000, 20000, 0, 140000),
        (CLAW_BACK, "patient_request", 4, 0, 80000, 40000, 0, 40000),
        (CLAW_BACK, "patient_request", 5, 0, 40000, 40000, 0, 0),
        (CLAW_BACK, "patient_request", 2, 2, 80000, 40000, 0, 40000),
        (CLAW_BACK, "found_unsuitable", 2, 0, 160000, 20000, 7000, 133000),
        (CLAW_BACK, "plan_stopped", 2, 0, 160000, 0, 0, 160000),
    ],
)
def test_a_refund_by_the_terms(
    terms: Terms, reason: str, used: int, count: int, value: int, clawed: int, fee: int, amount: int
) -> None:
    found = domain.quote_refund(invoice(delivered_count=used), Money(50000), terms, reason, count)
    assert found.value.minor_units == value
    assert found.clawed_back.minor_units == clawed
    assert found.fee.minor_units == fee
    assert found.amount.minor_units == amount
    assert found.session_count == (count or 6 - used)


def test_giving_up_in_two_steps_never_gives_more_than_in_one() -> None:
    before = invoice(delivered_count=2)
    first = domain.quote_refund(before, Money(50000), CLAW_BACK, "patient_request", 2)
    after = before._replace(refunded_count=2, returned=first.amount.minor_units)
    second = domain.quote_refund(after, Money(50000), CLAW_BACK, "patient_request", 2)
    at_once = domain.quote_refund(before, Money(50000), CLAW_BACK, "patient_request", 4)
    assert first.amount.minor_units + second.amount.minor_units <= at_once.amount.minor_units


@pytest.mark.parametrize(
    ("changes", "count", "reason", "refusal"),
    [
        ({}, 7, "patient_request", "INVALID_REFUND"),
        ({"delivered_count": 6}, 0, "patient_request", "INVALID_REFUND"),
        ({"delivered_count": 2, "forfeited_count": 2}, 3, "patient_request", "INVALID_REFUND"),
        ({}, 1, "because", "INVALID_REFUND"),
        ({"disputed": 1}, 1, "patient_request", "DISPUTE_OPEN"),
        ({"status": Status.ISSUED}, 1, "patient_request", "WRONG_STATE"),
    ],
)
def test_what_cannot_be_refunded(
    changes: dict[str, int], count: int, reason: str, refusal: str
) -> None:
    with pytest.raises((Invalid, NotAllowed)) as refused:
        domain.quote_refund(invoice(**changes), Money(50000), PRO_RATA, reason, count)
    assert refused.value.reason == refusal


@pytest.mark.parametrize(
    ("unit", "status"),
    [(50000, domain.RefundStatus.PENDING), (50001, domain.RefundStatus.REQUESTED)],
)
def test_one_minor_unit_above_the_limit_needs_a_second_person(
    unit: int, status: domain.RefundStatus
) -> None:
    paid = invoice(unit=unit, count=1)
    quoted = domain.quote_refund(paid, Money(unit), PRO_RATA, "patient_request", 1)
    by = domain.Asking(paid.series_id, "one", [domain.Source(paid.payment_id, unit)])
    (refund,) = domain.request_refund(paid, quoted, PRO_RATA, by, NOW).kept
    assert isinstance(refund, domain.Refund)
    assert refund.status is status


@pytest.mark.parametrize(
    ("later", "expired"),
    [
        (timedelta(days=365), False),
        (timedelta(days=365, microseconds=1), True),
    ],
)
def test_sessions_expire_after_their_last_day(later: timedelta, expired: bool) -> None:
    decision = domain.expire(invoice(delivered_count=4), NOW, PRO_RATA, NOW + later)
    assert bool(decision.entries) is expired
    if expired:
        assert [p.amount.minor_units for p in decision.entries[0].postings] == [80000, -80000]
        assert decision.invoice
        assert (decision.invoice.unused_count, decision.invoice.forfeited_count) == (0, 2)


DENVER = ZoneInfo("America/Denver")


@pytest.mark.parametrize(
    ("told", "start", "hours"),
    [
        ((2026, 11, 20, 9), (2026, 11, 23, 9), 24),
        ((2026, 11, 21, 9), (2026, 11, 23, 9), 9),
        ((2026, 11, 23, 9), (2026, 11, 23, 9), 0),
        ((2026, 11, 23, 10), (2026, 11, 23, 9), 0),
        ((2026, 10, 30, 9), (2026, 11, 2, 9), 24),
        ((2027, 3, 12, 9), (2027, 3, 15, 9), 24),
    ],
)
def test_business_hours_are_the_hours_of_business_days(
    told: tuple[int, ...], start: tuple[int, ...], hours: int
) -> None:
    begin, end = (datetime(*t, tzinfo=DENVER) for t in (told, start))  # type: ignore[misc, arg-type]
    found = domain.business_notice(begin, end, DENVER, lambda day: day.weekday() < 5)
    assert found == timedelta(hours=hours)


def test_calendar_notice_is_never_negative() -> None:
    assert domain.calendar_notice(LATER, NOW) == timedelta()
    assert domain.calendar_notice(NOW, LATER) == timedelta(hours=1)


BROKEN = [
    ("number: 5000, source", "number: -1, source", "flat with the number -1"),
    ('{fee: forfeit, source: "POL yarrow: no-show in full"}', "{fee: forfeit}", "no_show: says"),
    ("at_least_hours: 0, fee: flat, number: 10000", "at_least_hours: 1, fee: flat, number: 1", "0"),
    ("at_least_hours: 24", "at_least_hours: 48", "longest comes first"),
    ("number: [7, 30, 60]", "number: [30, 7]", "must rise"),
    ("      other:", "      others:", "any other reason"),
    ("plan_stopped:", "plan_halted:", "plan_stopped: is missing"),
    ("spares_discount: true", "spares_discount: 1", "true or false"),
    ("method: pro_rata", "method: kindly", "not the form of a rule"),
    ("expire_days: {number: 365, source: ", "expire_days: {number: x, source: ", "whole number"),
]


@pytest.mark.parametrize(("good", "bad", "words"), BROKEN)
def test_a_broken_pack_is_refused_by_its_line(
    tmp_path: Path, good: str, bad: str, words: str
) -> None:
    text = policies.FILE.read_text()
    assert good in text
    path = tmp_path / "terms.yaml"
    path.write_text(text.replace(good, bad, 1))
    with pytest.raises(lined.PackBroken) as broken:
        policies.all_terms(path)
    assert words in str(broken.value)
    assert str(broken.value).startswith("terms.yaml line ")


def test_terms_of_tomorrow_are_not_in_force_today() -> None:
    with pytest.raises(Invalid):
        policies.terms(date(2019, 12, 31))
    assert PRO_RATA.label == "halcyon-default/1"
