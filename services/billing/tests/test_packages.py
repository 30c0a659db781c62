"""A package is sold by itself, paid, and drawn from by a schedule that may be longer than it."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from chassis.refusal import Invalid, NotAllowed, NotFound
from chassis.testing import House, somebody
from halcyon.billing.v1 import billing_pb2 as nouns
from halcyon.billing.v1 import billing_service_pb2 as billing
from halcyon.billing.v1 import payment_pb2 as payments
from halcyon.billing.v1 import payment_service_pb2 as rpc
from halcyon.billing.v1 import refund_service_pb2 as back
from services.billing import domain, gateway
from services.billing.api import Billing, Payments, RefundDesk
from services.billing.gateway import Simulator
from services.billing.tests.examples import (
    CLINIC,
    OTHER_CLINIC,
    infusion_completed,
    series_held,
    series_released,
)
from services.billing.tests.journal import balances

UNIT, PREPAID = 45000, 40500
STRANGER = somebody("cashier", clinics=frozenset({OTHER_CLINIC}))
_ENTITLED = """
SELECT coalesce(sum(unit_minor_units
    * (session_count - delivered_count - refunded_count - forfeited_count)), 0)::bigint
FROM invoice WHERE status = 'paid'
"""


@pytest.fixture(autouse=True)
def simulator(monkeypatch: pytest.MonkeyPatch) -> None:
    fresh = Simulator()
    monkeypatch.setattr(gateway, "chosen", lambda: fresh)


@pytest.fixture
def till(house: House) -> Payments:
    return Payments(house.db)


def buying(held: Any, package: str = "six-pack", **changes: Any) -> rpc.SellPackageRequest:
    return rpc.SellPackageRequest(
        **{
            "request_id": str(uuid4()),
            "clinic_id": str(CLINIC),
            "patient_id": held.patient_id,
            "referral_id": held.referral_id,
            "package": package,
            "infusion_minutes": 60,
            **changes,
        }
    )


async def sold(house: House, till: Payments, held: Any, package: str = "six-pack") -> nouns.Invoice:
    """Sold twice under one request, and paid."""
    request = buying(held, package)
    for _ in range(2):
        found = (await house.call(till.SellPackage, request)).invoice
    await house.run_errands("collect-payment")
    return found


async def applied(house: House, till: Payments, held: Any, package: str) -> nouns.Invoice:
    series = str(domain.invoice_id(UUID(held.series_id)))
    request = rpc.ApplyPackageRequest(invoice_id=series, package_invoice_id=package)
    await house.call(till.ApplyPackage, request)
    return (await house.call(till.ApplyPackage, request)).invoice


async def is_owed(house: House) -> None:
    """Entitlements times their price are what we owe."""
    assert -(await balances(house)).get(2000, 0) == await house.count(_ENTITLED)


async def test_a_package_is_sold_by_itself_and_paid(house: House, till: Payments) -> None:
    package = await sold(house, till, series_held())
    assert package.total.minor_units == 6 * PREPAID
    assert package.lines[0].description == "Prepaid ketamine infusion, 60 minutes"
    assert package.package_invoice_id == package.invoice_id
    assert await balances(house) == {1000: 6 * PREPAID, 2000: -6 * PREPAID}
    (fact,) = await house.stated()
    assert type(fact).__name__ == "PackageSold"
    assert (fact.session_count, fact.minor_units) == (6, 6 * PREPAID)


async def test_eight_sessions_are_a_six_pack_and_two_singles(house: House, till: Payments) -> None:
    held = series_held(sessions=8)
    package = await sold(house, till, held)
    await house.given(held)
    await house.stated()
    series = await applied(house, till, held, package.invoice_id)
    assert (series.session_count, series.covered_session_count) == (2, 6)
    assert series.total.minor_units == 2 * UNIT
    await house.run_errands("collect-payment")
    await house.run_errands("refund-payment")
    names = [type(fact).__name__ for fact in await house.stated()]
    assert names == ["PaymentRequested", "PaymentCollected", "PaymentRefunded"]
    paid = 6 * PREPAID + 2 * UNIT
    assert await balances(house) == {1000: paid, 2000: -paid}
    for number in range(1, 9):
        await house.given(infusion_completed(held, number))
        await is_owed(house)
    assert await balances(house) == {1000: paid, 4000: -paid}
    bills = await house.db.fetch("SELECT minor_units, paid_minor_units FROM superbill")
    assert sorted(map(tuple, bills)) == [(PREPAID, PREPAID)] * 6 + [(UNIT, UNIT)] * 2
    await house.given(infusion_completed(held, 1, minutes=120, revision=3))
    assert await balances(house) == {1000: paid, 4000: -paid}
    corrected = "SELECT count(*) FROM superbill WHERE version = 2 AND invoice_id = $1"
    assert await house.count(corrected, UUID(package.invoice_id)) == 1
    await house.call(till.SellPackage, buying(held, "four-pack"))
    asked = billing.GetInvoiceRequest(referral_id=held.referral_id)
    newest = (await house.call(Billing(house.db).GetInvoice, asked)).invoice
    assert newest.invoice_id == series.invoice_id, "a referral's invoice is its series'"


async def test_a_series_that_is_wholly_prepaid_is_confirmed_without_money(
    house: House, till: Payments
) -> None:
    held = series_held(sessions=4)
    package = await sold(house, till, held)
    await house.given(held)
    await house.stated()
    series = await applied(house, till, held, package.invoice_id)
    assert series.status == nouns.INVOICE_STATUS_PAID
    (fact,) = await house.stated()
    assert (type(fact).__name__, fact.minor_units) == ("PaymentCollected", 0)
    assert fact.series_id == held.series_id
    asked = rpc.GetPaymentRequest(payment_id=fact.payment_id)
    payment = (await house.call(till.GetPayment, asked)).payment
    assert (payment.invoice_id, payment.amount.minor_units) == (series.invoice_id, 0)
    assert payment.status == payments.PAYMENT_STATUS_COLLECTED
    await house.run_errands("collect-payment")
    await house.run_errands("refund-payment")
    assert await balances(house) == {1000: 6 * PREPAID, 2000: -6 * PREPAID}


async def test_a_prepaid_series_whose_times_are_gone_draws_nothing(
    house: House, till: Payments
) -> None:
    held = series_held(sessions=4)
    package = await sold(house, till, held)
    await house.given(held)
    await applied(house, till, held, package.invoice_id)
    await house.run_errands("collect-payment")
    await house.run_errands("refund-payment")
    await house.stated()
    await house.given(series_released(held, "paid_too_late"))
    rows = await house.db.fetch("SELECT status, covered_count FROM invoice ORDER BY status")
    assert [tuple(row) for row in rows] == [("paid", 0), ("void", 0)]
    assert await house.stated() == []
    await is_owed(house)


async def test_a_package_applied_after_the_price_was_taken_sends_it_back(
    house: House, till: Payments, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = series_held(sessions=4)
    package = await sold(house, till, held)
    await house.given(held)
    await house.stated()

    class Meanwhile(Simulator):
        async def collect(self, charge: domain.Charge) -> domain.Standing:
            taken = await super().collect(charge)
            await applied(house, till, held, package.invoice_id)
            return taken

    monkeypatch.setattr(gateway, "chosen", Meanwhile)
    await house.run_errands("collect-payment")
    await house.run_errands("refund-payment")
    first, last = await house.stated()
    assert (type(first).__name__, first.minor_units) == ("PaymentCollected", 0)
    assert (type(last).__name__, last.minor_units) == ("PaymentRefunded", 4 * UNIT)
    assert last.revision > first.revision
    assert last.payment_id != first.payment_id
    asked = billing.GetInvoiceRequest(series_id=held.series_id)
    series = (await house.call(Billing(house.db).GetInvoice, asked)).invoice
    assert series.status == nouns.INVOICE_STATUS_PAID
    await is_owed(house)


async def test_sessions_of_a_package_have_no_times_to_give_up(house: House, till: Payments) -> None:
    package = await sold(house, till, series_held())
    await house.stated()
    request = back.RequestRefundRequest(
        request_id=str(uuid4()),
        invoice_id=package.invoice_id,
        reason="patient_request",
        session_count=1,
    )
    await house.call(RefundDesk(house.db).RequestRefund, request)
    await house.run_errands("pay-refund")
    assert await house.stated() == []
    await is_owed(house)


async def test_a_series_that_ends_leaves_its_sessions_in_the_package(
    house: House, till: Payments
) -> None:
    held = series_held(sessions=4)
    package = await sold(house, till, held)
    await house.given(held)
    await applied(house, till, held, package.invoice_id)
    await house.given(infusion_completed(held, 1))
    await house.run_errands("collect-payment")
    await house.run_errands("refund-payment")

    async def refund(count: int) -> None:
        request = back.RequestRefundRequest(
            request_id=str(uuid4()),
            invoice_id=package.invoice_id,
            reason="patient_request",
            session_count=count,
        )
        await house.call(RefundDesk(house.db).RequestRefund, request)

    with pytest.raises(Invalid):
        await refund(3)
    await refund(1)
    await is_owed(house)
    await house.given(series_released(held, "referral_cancelled"))
    promised = "SELECT covered_count FROM invoice WHERE invoice_id = $1"
    assert await house.count(promised, UUID(package.invoice_id)) == 0
    other = series_held(sessions=8)
    await house.given(other)
    series = await applied(house, till, other, package.invoice_id)
    assert (series.session_count, series.covered_session_count) == (4, 4)
    await is_owed(house)


async def test_what_is_no_package_of_theirs_is_refused(house: House, till: Payments) -> None:
    held, other = series_held(sessions=8), series_held(sessions=8)
    with pytest.raises(Invalid):
        await house.call(till.SellPackage, buying(held, "ten-pack"))
    await house.given(held)
    await house.given(other)
    unpaid = (await house.call(till.SellPackage, buying(held))).invoice.invoice_id
    with pytest.raises(NotAllowed) as refused:
        await applied(house, till, held, unpaid)
    assert refused.value.reason == "PACKAGE_NOT_USABLE"
    await house.run_errands("collect-payment")
    paid = await sold(house, till, other)
    fresh = series_held(sessions=2, patient=uuid4())
    await house.given(fresh)
    with pytest.raises(NotAllowed) as refused:
        await applied(house, till, fresh, paid.invoice_id)
    assert refused.value.reason == "WRONG_PACKAGE"
    request = rpc.ApplyPackageRequest(
        invoice_id=str(domain.invoice_id(UUID(fresh.series_id))), package_invoice_id=unpaid
    )
    with pytest.raises(NotFound):
        await house.call(till.ApplyPackage, request, STRANGER)
