"""Fees that scheduling decided: what a policy's words are in money, and what changes nothing."""

from dataclasses import replace

import pytest

from chassis.refusal import Busy, Reject
from chassis.testing import House
from halcyon.billing.v1 import refund_pb2 as states
from halcyon.billing.v1 import refund_service_pb2 as rpc
from halcyon.scheduling.events.v1.scheduling_events_pb2 import SeriesHeld
from services.billing import domain, gateway
from services.billing.api import RefundDesk
from services.billing.domain import FeeKind, Invoice, Missed, Money, Rule, Status, Tariff
from services.billing.gateway import Simulator
from services.billing.tests.examples import (
    NOW,
    SERIES,
    delivery,
    fee_incurred,
    need,
    series_held,
    series_released,
)
from services.billing.tests.journal import balances

UNIT = 45000
SOLD = {1000: 8 * UNIT, 2000: -8 * UNIT}
FLAT, FULL = Tariff(FeeKind.FLAT, 5000), Tariff(FeeKind.FORFEIT)
SESSION = delivery().session_id


def invoice(status: Status = Status.PAID, *, unit: int = 40001, **changes: int) -> Invoice:
    issued = domain.issue_for(need(session_count=6), None, Money(unit), NOW).invoice
    assert issued
    return issued._replace(status=status, **changes)  # type: ignore[arg-type]


def news(tariff: Tariff, currency: str = "USD") -> domain.Incurred:
    return domain.Incurred(
        series_id=SERIES,
        session_id=SESSION,
        missed=Missed.NO_SHOW,
        tariff=tariff,
        currency_code=currency,
        policy="halcyon-cancellation@1",
    )


@pytest.mark.parametrize(
    ("tariff", "before", "fee", "rule"),
    [
        (FLAT, invoice(), 5000, Rule.CHARGE_FEE),
        (Tariff(FeeKind.FLAT, 40002), invoice(), 40001, Rule.CHARGE_FEE),
        (Tariff(FeeKind.PERCENT, 1), invoice(), 400, Rule.CHARGE_FEE),
        (Tariff(FeeKind.PERCENT, 50), invoice(), 20000, Rule.CHARGE_FEE),
        (Tariff(FeeKind.PERCENT, 100), invoice(), 40001, Rule.CHARGE_FEE),
        (Tariff(FeeKind.PERCENT, 1), invoice(unit=99), 0, None),
        (FULL, invoice(), 40001, Rule.FORFEIT_SESSION),
        (FULL, invoice(delivered_count=6), 40001, Rule.CHARGE_FEE),
        (FULL, invoice(disputed=1), 40001, Rule.CHARGE_FEE),
        (FULL, invoice(Status.ISSUED), 40001, Rule.CHARGE_FEE),
        (FULL, invoice(Status.PAYMENT_FAILED), 40001, Rule.CHARGE_FEE),
        (FULL, invoice(Status.REFUNDED), 40001, Rule.CHARGE_FEE),
    ],
)
def test_the_policy_decides_and_the_price_makes_it_money(
    tariff: Tariff, before: Invoice, fee: int, rule: Rule | None
) -> None:
    decision = domain.charge_incurred(before, news(tariff), None, NOW)
    (kept,) = decision.kept
    assert isinstance(kept, domain.Fee)
    assert (kept.amount, kept.terms, kept.waiver) == (Money(fee), "halcyon-cancellation@1", "")
    assert kept.forfeits == (rule is Rule.FORFEIT_SESSION)
    assert [entry.rule for entry in decision.entries] == ([rule] if rule else [])
    assert all(entry.cause_id == SESSION for entry in decision.entries)
    after = decision.invoice or before
    assert after.forfeited_count - before.forfeited_count == kept.forfeits


@pytest.mark.parametrize("tariff", [FLAT, FULL])
def test_who_charged_first_has_decided_even_if_it_was_taken_back(tariff: Tariff) -> None:
    first = domain.charge_incurred(invoice(), news(tariff), None, NOW)
    (fee,) = first.kept
    assert first.invoice
    assert isinstance(fee, domain.Fee)
    for known in (fee, replace(fee, reverse_time=NOW), replace(fee, amount=Money(0))):
        again = domain.charge_incurred(first.invoice, news(FULL), known, NOW)
        assert again == domain.NOTHING


def test_nothing_is_charged_on_a_void_invoice() -> None:
    assert domain.charge_incurred(invoice(Status.VOID), news(FLAT), None, NOW) == domain.NOTHING


def test_a_flat_fee_is_of_the_currency_of_the_invoice_and_a_share_of_the_price_is_always() -> None:
    with pytest.raises(Reject):
        domain.charge_incurred(invoice(), news(FLAT, "EUR"), None, NOW)
    assert domain.charge_incurred(invoice(), news(FULL, ""), None, NOW).entries


@pytest.fixture(autouse=True)
def simulator(monkeypatch: pytest.MonkeyPatch) -> None:
    fresh = Simulator()
    monkeypatch.setattr(gateway, "chosen", lambda: fresh)


@pytest.fixture
def desk(house: House) -> RefundDesk:
    return RefundDesk(house.db)


async def paid(house: House) -> SeriesHeld:
    held = series_held()
    await house.given(held)
    await house.run_errands("collect-payment")
    await house.stated()
    return held


async def by_hand(house: House, desk: RefundDesk, held: SeriesHeld) -> states.MissedSessionFee:
    (row,) = await house.db.fetch("SELECT invoice_id FROM invoice")
    request = rpc.ChargeMissedSessionRequest(
        invoice_id=str(row[0]),
        session_id=held.sessions[0].session_id,
        missed=states.MISSED_REASON_NO_SHOW,
    )
    fee: states.MissedSessionFee = (await house.call(desk.ChargeMissedSession, request)).fee
    return fee


async def test_a_fee_is_owed_once_however_often_it_is_told(house: House) -> None:
    held = await paid(house)
    told = fee_incurred(held)
    await house.given(told, told)
    await house.given(told)
    await house.given(fee_incurred(held, revision=9, cause="no_show", charge="full"))
    assert await balances(house) == {**SOLD, 1100: 5000, 4100: -5000}
    rows = await house.db.fetch(
        "SELECT missed, minor_units, currency_code, forfeits, terms FROM missed_session_fee"
    )
    assert [tuple(row) for row in rows] == [
        ("cancelled", 5000, "USD", False, "halcyon-cancellation@1")
    ]
    assert await house.count("SELECT count(*) FROM journal_entry WHERE rule = 'charge_fee'") == 1
    assert await house.count("SELECT count(*) FROM due WHERE name = 'remind-of-balance'") == 1
    assert await house.stated() == []


async def test_a_no_show_told_by_scheduling_is_what_the_cashier_would_have_charged(
    house: House, desk: RefundDesk
) -> None:
    held = await paid(house)
    told = fee_incurred(held, cause="no_show", charge="full", currency_code="", minor_units=0)
    await house.given(told)
    fee = await by_hand(house, desk, held)
    assert (fee.amount.minor_units, fee.settled_by, fee.terms) == (
        UNIT,
        "forfeit",
        "halcyon-cancellation@1",
    )
    assert await balances(house) == {**SOLD, 2000: -7 * UNIT, 4100: -UNIT}


async def test_a_fee_that_the_cashier_charged_by_hand_is_not_charged_again(
    house: House, desk: RefundDesk
) -> None:
    held = await paid(house)
    await by_hand(house, desk, held)
    before = await balances(house)
    await house.given(fee_incurred(held))
    assert await balances(house) == before == {**SOLD, 2000: -7 * UNIT, 4100: -UNIT}
    back = rpc.ReverseMissedSessionFeeRequest(session_id=held.sessions[0].session_id)
    await house.call(desk.ReverseMissedSessionFee, back)
    await house.given(fee_incurred(held, revision=6))
    assert await balances(house) == SOLD


async def test_the_policy_s_own_fee_is_charged_whatever_the_terms_forgive(
    house: House, desk: RefundDesk
) -> None:
    held = await paid(house)
    kinder = rpc.UpdateClinicTermsRequest(clinic_id=held.clinic_id, terms_name="halcyon-claw-back")
    await house.call(desk.UpdateClinicTerms, kinder)
    await house.given(fee_incurred(held, charge="percent", percent=50))
    assert (await balances(house))[1100] == UNIT // 2


async def test_a_fee_for_an_unknown_series_comes_again_and_for_a_void_one_is_let_go(
    house: House,
) -> None:
    held = series_held()
    with pytest.raises(Busy):
        await house.given(fee_incurred(held))
    await house.given(held)
    await house.given(series_released(held, "hold_expired"))
    await house.given(fee_incurred(held))
    assert await house.count("SELECT count(*) FROM missed_session_fee") == 0
    assert await balances(house) == {}


@pytest.mark.parametrize(
    "asked",
    [
        {"cause": "weather"},
        {"charge": "none"},
        {"minor_units": 0},
        {"minor_units": -1},
        {"charge": "percent"},
        {"charge": "percent", "percent": 101},
        {"currency_code": "EUR"},
    ],
)
async def test_a_fee_that_makes_no_sense_is_parked(
    house: House, asked: dict[str, int | str]
) -> None:
    held = await paid(house)
    with pytest.raises(Reject):
        await house.given(fee_incurred(held, **asked))  # type: ignore[arg-type]
    assert await balances(house) == SOLD
