"""Payments at the desk, in parts and at once: one key takes money once."""

import asyncio
import io
from contextlib import aclosing
from typing import Any
from uuid import UUID, uuid4

import pypdf
import pytest
from google.type.date_pb2 import Date

from chassis.auth import act_as
from chassis.refusal import AlreadyExists, Invalid, NotAllowed, NotFound
from chassis.testing import House, somebody
from halcyon.billing.v1 import billing_pb2 as money
from halcyon.billing.v1 import payment_pb2 as nouns
from halcyon.billing.v1 import payment_service_pb2 as rpc
from halcyon.billing.v1 import refund_pb2 as back
from halcyon.billing.v1 import refund_service_pb2 as refunds
from halcyon.billing.v1.billing_service_pb2 import RetryPaymentRequest
from halcyon.billing.v1.superbill_service_pb2 import UpdateBillingProfileRequest
from halcyon.referral.v1.referral_pb2 import Patient
from halcyon.scheduling.events.v1.scheduling_events_pb2 import SeriesHeld
from services.billing import domain, gateway, store, wire
from services.billing.api import Billing, Payments, RefundDesk, Superbills
from services.billing.domain import Money
from services.billing.gateway import Simulator
from services.billing.tests.examples import (
    CLINIC,
    OTHER_CLINIC,
    PATIENT,
    infusion_completed,
    series_held,
    series_released,
)
from services.billing.tests.papers import PROFILE

TOTAL = 360000
CASH, TERMINAL = nouns.PAYMENT_METHOD_CASH, nouns.PAYMENT_METHOD_CARD_TERMINAL
STRANGER = somebody("cashier", clinics=frozenset({OTHER_CLINIC}))


@pytest.fixture(autouse=True)
def simulator(monkeypatch: pytest.MonkeyPatch) -> Simulator:
    fresh = Simulator()
    monkeypatch.setattr(gateway, "chosen", lambda: fresh)
    return fresh


@pytest.fixture
def service(house: House) -> Payments:
    return Payments(house.db)


def usd(minor_units: int, currency: str = "USD") -> money.Money:
    return money.Money(currency_code=currency, minor_units=minor_units)


def invoice_of(held: SeriesHeld) -> str:
    return str(domain.invoice_id(UUID(held.series_id)))


def at_desk(
    held: SeriesHeld,
    method: nouns.PaymentMethod.ValueType = CASH,
    amount: money.Money | None = None,
) -> rpc.RecordDeskPaymentRequest:
    return rpc.RecordDeskPaymentRequest(
        request_id=str(uuid4()),
        invoice_id=invoice_of(held),
        method=method,
        amount=amount or usd(TOTAL),
    )


def plan(held: SeriesHeld, deposit: int = 90000, **changes: Any) -> rpc.StartPaymentPlanRequest:
    asked: dict[str, Any] = {"instalment_count": 3, "days_between": 14, **changes}
    return rpc.StartPaymentPlanRequest(
        request_id=str(uuid4()), invoice_id=invoice_of(held), deposit=usd(deposit), **asked
    )


async def balances(house: House) -> dict[int, int]:
    found = await house.db.fetch(
        "SELECT account, sum(amount)::bigint FROM journal_entry,"
        " unnest(accounts, amounts) AS posting (account, amount) GROUP BY account"
    )
    return {row[0]: row[1] for row in found if row[1]}


async def listed(house: House, service: Payments, held: SeriesHeld) -> list[nouns.Payment]:
    request = rpc.ListPaymentsRequest(invoice_id=invoice_of(held))
    return list((await house.call(service.ListPayments, request)).payments)


async def held_series(house: House, **more: Any) -> SeriesHeld:
    held = series_held(**more)
    await house.given(held)
    return held


@pytest.mark.parametrize(("method", "account"), [(CASH, 1020), (TERMINAL, 1000)])
async def test_money_at_the_desk_pays_the_invoice(
    house: House, service: Payments, method: nouns.PaymentMethod.ValueType, account: int
) -> None:
    held = await held_series(house)
    await house.stated()
    request = at_desk(held, method)
    first = await house.call(service.RecordDeskPayment, request)
    assert first.invoice.status == money.INVOICE_STATUS_PAID
    assert first.payment.status == nouns.PAYMENT_STATUS_COLLECTED
    assert first.payment.method == method
    again = await house.call(service.RecordDeskPayment, request)
    assert again.payment == first.payment
    (collected,) = await house.stated()
    assert type(collected).__name__ == "PaymentCollected"
    assert collected.payment_id == first.payment.payment_id
    assert await balances(house) == {account: TOTAL, 2000: -TOTAL}
    await house.run_errands("collect-payment")
    assert await balances(house) != {}
    statuses = [one.status for one in await listed(house, service, held)]
    assert statuses[1] == nouns.PAYMENT_STATUS_COLLECTED


async def test_money_that_came_online_as_well_goes_straight_back(
    house: House, service: Payments
) -> None:
    held = await held_series(house)
    await house.call(service.RecordDeskPayment, at_desk(held))
    await house.run_errands("collect-payment")
    await house.run_errands("refund-payment")
    online, cash = await listed(house, service, held)
    assert online.status == nouns.PAYMENT_STATUS_REFUNDED
    assert cash.status == nouns.PAYMENT_STATUS_COLLECTED
    assert await balances(house) == {1020: TOTAL, 2000: -TOTAL}


async def test_cash_goes_back_by_hand(house: House, service: Payments) -> None:
    held = await held_series(house)
    await house.call(service.RecordDeskPayment, at_desk(held))
    await house.given(infusion_completed(held, 1))
    await house.given(series_released(held, "referral_cancelled"))
    await house.run_errands("pay-refund")
    assert await balances(house) == {1020: TOTAL, 2100: -315000, 4000: -45000}
    ((status, reason),) = await house.db.fetch("SELECT status, reason FROM refund_part")
    assert (status, reason) == ("failed", "paid_at_desk")


@pytest.mark.parametrize(
    ("amount", "field"),
    [
        (usd(TOTAL - 1), "amount"),
        (usd(TOTAL + 1), "amount"),
        (usd(TOTAL, "EUR"), "amount"),
    ],
)
async def test_another_amount_or_currency_is_refused(
    house: House, service: Payments, amount: money.Money, field: str
) -> None:
    held = await held_series(house)
    with pytest.raises(Invalid) as refused:
        await house.call(service.RecordDeskPayment, at_desk(held, CASH, amount))
    assert refused.value.reason == "INVALID_PAYMENT"
    assert refused.value.violations[0].field == field
    assert await balances(house) == {}
    assert await house.count("SELECT count(*) FROM payment") == 1


async def test_a_request_id_means_one_payment(house: House, service: Payments) -> None:
    held = await held_series(house)
    request = at_desk(held)
    await house.call(service.RecordDeskPayment, request)
    request.method = TERMINAL
    with pytest.raises(AlreadyExists):
        await house.call(service.RecordDeskPayment, request)
    with pytest.raises(NotAllowed) as refused:
        await house.call(service.RecordDeskPayment, at_desk(held))
    assert refused.value.metadata == {"status": "PAID"}
    assert await balances(house) == {1020: TOTAL, 2000: -TOTAL}


async def test_another_clinics_payments_do_not_exist(house: House, service: Payments) -> None:
    held = await held_series(house)
    (payment,) = await listed(house, service, held)
    invoice = {"invoice_id": invoice_of(held)}
    for method, request in (
        (service.GetPayment, rpc.GetPaymentRequest(payment_id=payment.payment_id)),
        (service.ListPayments, rpc.ListPaymentsRequest(**invoice)),
        (service.RecordDeskPayment, at_desk(held)),
        (service.StartPaymentPlan, plan(held)),
        (service.GetPaymentPlan, rpc.GetPaymentPlanRequest(**invoice)),
        (service.RenderReceipt, receipt(held)),
    ):
        with pytest.raises(NotFound):
            await house.call(method, request, STRANGER)
    assert await house.count("SELECT count(*) FROM payment") == 1


async def test_fifty_payments_with_one_key_are_one_capture(
    house: House, service: Payments, simulator: Simulator
) -> None:
    """Fifty calls with one request id, then fifty runs of the errand at once."""
    held = await held_series(house)
    request = at_desk(held, TERMINAL)
    answers = await asyncio.gather(
        *(house.call(service.RecordDeskPayment, request) for _ in range(50))
    )
    assert len({one.payment.payment_id for one in answers}) == 1
    assert await house.count("SELECT count(*) FROM journal_entry") == 1
    assert await balances(house) == {1000: TOTAL, 2000: -TOTAL}


async def test_fifty_tries_to_collect_one_payment_are_one_capture(
    house: House, monkeypatch: pytest.MonkeyPatch, simulator: Simulator
) -> None:
    held = await held_series(house, sessions=3)
    for minor_units in (40034, 45000):
        async with house.db.transaction() as tx:
            await store.set_price(tx, CLINIC, Money(minor_units))
        if minor_units == 40034:
            held = await held_series(house, sessions=3)
            await house.run_errands("collect-payment")
    billing = Billing(house.db)
    request = RetryPaymentRequest(invoice_id=invoice_of(held), request_id=str(uuid4()))
    answers = await asyncio.gather(*(house.call(billing.RetryPayment, request) for _ in range(50)))
    assert len({one.invoice.payment_id for one in answers}) == 1
    assert await house.count("SELECT count(*) FROM payment WHERE status = 'pending'") == 1
    monkeypatch.setattr(simulator, "_stands", lambda _: domain.Collected())
    await asyncio.gather(*(house.run_errands("collect-payment") for _ in range(50)))
    assert set(simulator.bank.taken.values()) == {1}
    assert await house.count(
        "SELECT count(*) FROM journal_entry WHERE rule = 'sell_package' AND invoice_id = $1",
        UUID(invoice_of(held)),
    ) == 1  # fmt: skip


async def test_a_deposit_confirms_and_instalments_follow(house: House, service: Payments) -> None:
    held = await held_series(house)
    await house.stated()
    request = plan(held)
    started = await house.call(service.StartPaymentPlan, request)
    again = await house.call(service.StartPaymentPlan, request)
    assert again == started
    assert [one.amount.minor_units for one in started.plan.instalments] == [90000] * 3
    assert started.plan.policy == "payment-plan/1"
    await house.run_errands("collect-payment")
    facts = await house.stated()
    assert [type(fact).__name__ for fact in facts] == ["PaymentRequested", "PaymentCollected"]
    assert facts[-1].minor_units == 90000
    await house.run_errands("refund-payment")
    await house.stated()
    assert await balances(house) == {1000: 90000, 1100: 270000, 2000: -TOTAL}
    for number, instalment in enumerate(started.plan.instalments, 1):
        for _ in range(2):
            await house.meet("collect-instalment", UUID(instalment.payment_id))
        await house.run_errands("collect-payment")
        assert await balances(house) == {
            1000: 90000 * (number + 1),
            2000: -TOTAL,
            **({1100: 270000 - 90000 * number} if number < 3 else {}),
        }
    assert await house.stated() == []
    shown = rpc.GetPaymentPlanRequest(invoice_id=invoice_of(held))
    assert (await house.call(service.GetPaymentPlan, shown)).plan.outstanding == usd(0)
    purposes = [one.purpose for one in await listed(house, service, held)]
    assert purposes == [1, 2, 3, 3, 3]


async def test_a_session_is_receipted_for_what_has_come(house: House, service: Payments) -> None:
    held = await held_series(house)
    await house.call(service.StartPaymentPlan, plan(held, 72000, instalment_count=1))
    await house.run_errands("collect-payment")
    await house.given(*(infusion_completed(held, number) for number in (1, 2, 3)))
    found = await house.db.fetch("SELECT paid_minor_units FROM superbill")
    assert sorted(row[0] for row in found) == [0, 27000, 45000]
    await house.stated()
    ((instalment,),) = await house.db.fetch("SELECT payment_id FROM instalment")
    for _ in range(2):
        await house.meet("collect-instalment", UUID(str(instalment)))
        await house.run_errands("collect-payment")
    newest = await house.db.fetch(
        "SELECT DISTINCT ON (superbill_id) version, paid_minor_units FROM superbill"
        " ORDER BY superbill_id, version DESC"
    )
    assert sorted(map(tuple, newest)) == [(1, 45000), (2, 45000), (2, 45000)]
    facts = await house.stated()
    assert [type(fact).__name__ for fact in facts] == ["SuperbillIssued", "SuperbillIssued"]
    assert facts[0].revision + 1 == facts[1].revision


async def test_a_plan_given_back_owes_nothing_and_gives_back_what_came(
    house: House, service: Payments
) -> None:
    held = await held_series(house)
    started = await house.call(service.StartPaymentPlan, plan(held))
    await house.run_errands("collect-payment")
    await house.run_errands("refund-payment")
    await house.meet("collect-instalment", UUID(started.plan.instalments[0].payment_id))
    await house.run_errands("collect-payment")
    await house.given(infusion_completed(held, 1))
    await house.given(series_released(held, "referral_cancelled"))
    assert await balances(house) == {1000: 180000, 2100: -135000, 4000: -45000}
    await house.run_errands("pay-refund")
    assert await balances(house) == {1000: 45000, 4000: -45000}
    await house.meet("collect-instalment", UUID(started.plan.instalments[1].payment_id))
    assert await house.count("SELECT count(*) FROM errand") == 0


async def test_sessions_given_up_under_a_plan_are_let_go_of_what_is_owed_first(
    house: House, service: Payments
) -> None:
    """A deposit of 900 paid for two of eight sessions: giving up seven gives back one's money."""
    held = await held_series(house)
    await house.call(service.StartPaymentPlan, plan(held, deposit=90000))
    await house.run_errands("collect-payment")
    await house.run_errands("refund-payment")
    await house.given(infusion_completed(held, 1))
    await house.stated()
    desk, told = RefundDesk(house.db), []
    for count in (1, 6):
        request = refunds.RequestRefundRequest(
            request_id=str(uuid4()),
            invoice_id=invoice_of(held),
            reason="patient_request",
            session_count=count,
        )
        told.append((await house.call(desk.RequestRefund, request)).refund)
    assert [(one.amount.minor_units, one.set_off.minor_units) for one in told] == [
        (0, 45000), (45000, 225000),
    ]  # fmt: skip
    assert told[0].status == back.REFUND_STATUS_PAID
    await house.run_errands("pay-refund")
    assert await balances(house) == {1000: 45000, 4000: -45000}
    assert await house.count("SELECT outstanding_minor_units FROM invoice") == 0


async def test_an_instalment_that_was_owed_no_more_goes_back(
    house: House, service: Payments
) -> None:
    held = await held_series(house)
    started = await house.call(service.StartPaymentPlan, plan(held))
    await house.run_errands("collect-payment")
    await house.run_errands("refund-payment")
    await house.meet("collect-instalment", UUID(started.plan.instalments[0].payment_id))
    await house.given(series_released(held, "paid_too_late"))
    await house.run_errands("collect-payment")
    await house.run_errands("refund-payment")
    await house.run_errands("pay-refund")
    assert await balances(house) == {}
    assert await house.count("SELECT count(*) FROM payment WHERE status = 'refunded'") == 2


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"deposit": 71999}, "deposit.minor_units"),
        ({"deposit": TOTAL}, "deposit.minor_units"),
        ({"instalment_count": 7}, "instalment_count"),
        ({"days_between": 32}, "days_between"),
    ],
)
async def test_a_plan_outside_the_policy_is_refused(
    house: House, service: Payments, changes: dict[str, Any], field: str
) -> None:
    held = await held_series(house)
    with pytest.raises(Invalid) as refused:
        await house.call(service.StartPaymentPlan, plan(held, **changes))
    assert refused.value.violations[0].field == field
    assert await house.count("SELECT count(*) FROM instalment") == 0


async def test_a_deposit_in_another_currency_is_refused(house: House, service: Payments) -> None:
    held = await held_series(house)
    request = plan(held)
    request.deposit.currency_code = "EUR"
    with pytest.raises(Invalid) as refused:
        await house.call(service.StartPaymentPlan, request)
    assert refused.value.violations[0].field == "deposit.currency_code"


def receipt(held: SeriesHeld, patient_id: UUID = PATIENT) -> rpc.RenderReceiptRequest:
    person = Patient(
        patient_id=str(patient_id),
        given_name="Ada",
        family_name="Muster",
        birth_date=Date(year=1980, month=2, day=29),
    )
    return rpc.RenderReceiptRequest(invoice_id=invoice_of(held), patient=person)


async def test_a_receipt_for_a_health_account_equals_the_ledger(
    house: House, service: Payments
) -> None:
    profile = UpdateBillingProfileRequest(profile=wire.profile_told(PROFILE))
    await house.call(Superbills(house.db).UpdateBillingProfile, profile)
    held = await held_series(house)
    with pytest.raises(NotAllowed):
        await house.call(service.RenderReceipt, receipt(held))
    await house.call(service.RecordDeskPayment, at_desk(held, TERMINAL))
    await house.given(infusion_completed(held, 1), infusion_completed(held, 2))
    made = await house.call(service.RenderReceipt, receipt(held))
    reader = pypdf.PdfReader(io.BytesIO(made.pdf))
    text = " ".join(" ".join(page.extract_text().split()) for page in reader.pages)
    for words in (
        "Ada Muster", "Halcyon Denver PLLC", "NPI 1234567893", "TIN 84-0000001",
        "Ketamine infusion, 45 minutes", "96365, J3490", "450.00 USD", "Card, at the desk",
        "3,600.00 USD", "Of it for services received 900.00 USD", "2,700.00 USD",
    ):  # fmt: skip
        assert words in text, words
    assert (await balances(house))[2000] == -270000
    with pytest.raises(Invalid):
        await house.call(service.RenderReceipt, receipt(held, uuid4()))
    await refunded(house, held)
    made = await house.call(service.RenderReceipt, receipt(held))
    reader = pypdf.PdfReader(io.BytesIO(made.pdf))
    text = " ".join(" ".join(page.extract_text().split()) for page in reader.pages)
    for words in ("Refund -450.00 USD", "given back 3,150.00 USD", "come 2,250.00 USD"):
        assert words in text, words
    assert (await balances(house))[2000] == -225000


async def refunded(house: House, held: SeriesHeld) -> None:
    """One unused session went back."""
    request = refunds.RequestRefundRequest(
        request_id=str(uuid4()),
        invoice_id=invoice_of(held),
        reason="patient_request",
        session_count=1,
    )
    desk = RefundDesk(house.db)
    refund_id = (await house.call(desk.RequestRefund, request)).refund.refund_id
    await house.run_errands("pay-refund")
    ((payment_id,),) = await house.db.fetch("SELECT payment_id FROM refund_part")
    by_hand = refunds.PayRefundByHandRequest(refund_id=refund_id, payment_id=str(payment_id))
    await house.call(desk.PayRefundByHand, by_hand)


async def test_a_cashier_sees_a_payment_change(house: House, service: Payments) -> None:
    held = await held_series(house)
    seen = []
    stream: Any = service.WatchPayments(
        rpc.WatchPaymentsRequest(invoice_id=invoice_of(held)),
        None,  # type: ignore[arg-type]
    )
    act_as(somebody("cashier"))
    async with asyncio.timeout(20), aclosing(stream) as changes:
        async for change in changes:
            seen.append([one.status for one in change.payments])
            if len(seen) == 1:
                await house.call(service.RecordDeskPayment, at_desk(held))
            if len(seen[-1]) == 2:
                break
    assert seen[0] == [nouns.PAYMENT_STATUS_PENDING]
    assert seen[-1] == [nouns.PAYMENT_STATUS_CANCELLING, nouns.PAYMENT_STATUS_COLLECTED]
