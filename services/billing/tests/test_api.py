"""What callers are told, and what they are not."""

from uuid import UUID, uuid4

import pytest

from chassis.principal import Principal
from chassis.refusal import Invalid, NotAllowed, NotFound
from chassis.testing import House, somebody
from halcyon.billing.v1 import billing_pb2 as nouns
from halcyon.billing.v1 import billing_service_pb2 as rpc
from services.billing import domain, gateway
from services.billing.api import Billing
from services.billing.domain import Declined
from services.billing.gateway import Simulator
from services.billing.tests.examples import (
    CLINIC,
    OTHER_CLINIC,
    infusion_completed,
    series_held,
    series_released,
)

STRANGER = somebody("cashier", clinics=frozenset({OTHER_CLINIC}))
OWN = somebody("cashier", clinics=frozenset({CLINIC}))


@pytest.fixture(autouse=True)
def simulator(monkeypatch: pytest.MonkeyPatch) -> None:
    fresh = Simulator()
    monkeypatch.setattr(gateway, "chosen", lambda: fresh)


@pytest.fixture
def service(house: House) -> Billing:
    return Billing(house.db)


async def paid(house: House, count: int = 1, clinic: UUID = CLINIC) -> list[str]:
    """Ids of paid invoices, oldest first."""
    held = [series_held(clinic=clinic) for _ in range(count)]
    for one in held:
        await house.given(one)
    await house.run_errands("collect-payment")
    return [str(domain.invoice_id(UUID(one.series_id))) for one in held]


async def failed(house: House, monkeypatch: pytest.MonkeyPatch) -> str:
    class Declining(Simulator):
        async def collect(self, charge: domain.Charge) -> Declined:
            return Declined("card_declined")

    with monkeypatch.context() as only_now:
        only_now.setattr(gateway, "chosen", Declining)
        return (await paid(house))[0]


async def test_an_invoice_is_found_by_its_id_its_referral_and_its_series(
    house: House, service: Billing
) -> None:
    await paid(house, 2)
    held = series_held()
    await house.given(held)
    invoice_id = str(domain.invoice_id(UUID(held.series_id)))
    by: list[rpc.GetInvoiceRequest] = [
        rpc.GetInvoiceRequest(invoice_id=invoice_id),
        rpc.GetInvoiceRequest(referral_id=held.referral_id),
        rpc.GetInvoiceRequest(series_id=held.series_id),
    ]
    found = [(await house.call(service.GetInvoice, one, OWN)).invoice for one in by]
    assert [one.invoice_id for one in found] == [invoice_id] * 3
    invoice = found[0]
    assert invoice.status == nouns.INVOICE_STATUS_ISSUED
    assert (invoice.revision, invoice.session_count, invoice.delivered_count) == (2, 8, 0)
    assert invoice.total == nouns.Money(currency_code="USD", minor_units=360000)
    (line,) = invoice.lines
    assert (line.description, line.quantity) == ("Ketamine infusion, 45 minutes", 8)
    assert line.amount == invoice.total


async def test_an_invoice_out_of_scope_is_not_there(house: House, service: Billing) -> None:
    (invoice_id,) = await paid(house)
    requests = [
        (service.GetInvoice, rpc.GetInvoiceRequest(invoice_id=invoice_id)),
        (service.GetInvoice, rpc.GetInvoiceRequest(invoice_id=str(uuid4()))),
        (service.GetInvoice, rpc.GetInvoiceRequest(referral_id=str(uuid4()))),
        (service.ListJournalEntries, rpc.ListJournalEntriesRequest(invoice_id=invoice_id)),
        (
            service.RetryPayment,
            rpc.RetryPaymentRequest(invoice_id=invoice_id, request_id=str(uuid4())),
        ),
    ]
    for method, request in requests:
        with pytest.raises(NotFound) as refused:
            await house.call(method, request, STRANGER)  # type: ignore[arg-type]
        assert refused.value.reason == "INVOICE_NOT_FOUND"


async def test_a_series_released_before_it_was_held_has_no_invoice(
    house: House, service: Billing
) -> None:
    held = series_held()
    await house.given(series_released(held, "referral_cancelled"))
    with pytest.raises(NotFound):
        await house.call(service.GetInvoice, rpc.GetInvoiceRequest(series_id=held.series_id))
    with pytest.raises(NotFound):
        await house.call(service.GetInvoice, rpc.GetInvoiceRequest(referral_id=held.referral_id))
    assert not (await house.call(service.ListInvoices, rpc.ListInvoicesRequest())).invoices


async def test_invoices_are_listed_newest_first_page_by_page(
    house: House, service: Billing
) -> None:
    expected = (await paid(house, 5))[::-1]
    seen: list[str] = []
    token = ""
    for size in (2, 2, 1):
        request = rpc.ListInvoicesRequest(page_size=2, page_token=token)
        page = await house.call(service.ListInvoices, request, OWN)
        assert len(page.invoices) == size
        seen += [one.invoice_id for one in page.invoices]
        token = page.next_page_token
    assert seen == expected
    assert token == ""


@pytest.mark.parametrize(
    ("status", "clinic_id", "principal", "count"),
    [
        (0, "", somebody(), 4),
        (0, "", OWN, 3),
        (0, "", STRANGER, 1),
        (0, str(CLINIC), OWN, 3),
        (0, str(CLINIC), STRANGER, 0),
        (nouns.INVOICE_STATUS_PAID, "", somebody(), 3),
        (nouns.INVOICE_STATUS_PAYMENT_FAILED, "", somebody(), 1),
        (nouns.INVOICE_STATUS_VOID, "", somebody(), 0),
        (nouns.INVOICE_STATUS_PAYMENT_FAILED, str(OTHER_CLINIC), somebody(), 0),
    ],
)
async def test_lists_are_filtered(
    house: House,
    service: Billing,
    monkeypatch: pytest.MonkeyPatch,
    *,
    status: nouns.InvoiceStatus.ValueType,
    clinic_id: str,
    principal: Principal,
    count: int,
) -> None:
    await paid(house, 2)
    await paid(house, 1, OTHER_CLINIC)
    await failed(house, monkeypatch)
    request = rpc.ListInvoicesRequest(status=status, clinic_id=clinic_id)
    found = await house.call(service.ListInvoices, request, principal)
    assert len(found.invoices) == count


@pytest.mark.parametrize("token", ["x", "WyIxIl0=", "WyJ4IiwgInkiXQ=="])
async def test_a_foreign_page_token_is_refused(house: House, service: Billing, token: str) -> None:
    with pytest.raises(Invalid):
        await house.call(service.ListInvoices, rpc.ListInvoicesRequest(page_token=token))


@pytest.mark.parametrize("token", ["x", "WyIxIiwgIjIiXQ==", "WyIteCJd"])
async def test_a_foreign_page_token_of_the_journal_is_refused(
    house: House, service: Billing, token: str
) -> None:
    (invoice_id,) = await paid(house)
    request = rpc.ListJournalEntriesRequest(invoice_id=invoice_id, page_token=token)
    with pytest.raises(Invalid):
        await house.call(service.ListJournalEntries, request)


async def test_a_failed_payment_is_tried_again_once_a_request(
    house: House, service: Billing, monkeypatch: pytest.MonkeyPatch
) -> None:
    invoice_id = await failed(house, monkeypatch)
    await house.stated()
    request = rpc.RetryPaymentRequest(invoice_id=invoice_id, request_id=str(uuid4()))
    first = (await house.call(service.RetryPayment, request)).invoice
    again = (await house.call(service.RetryPayment, request)).invoice
    assert first == again
    assert first.status == nouns.INVOICE_STATUS_ISSUED
    (asked,) = await house.stated()
    assert (type(asked).__name__, asked.payment_id) == ("PaymentRequested", first.payment_id)
    await house.run_errands("collect-payment")
    assert [type(fact).__name__ for fact in await house.stated()] == ["PaymentCollected"]
    settled = (await house.call(service.RetryPayment, request)).invoice
    assert settled.status == nouns.INVOICE_STATUS_PAID
    assert await house.count("SELECT count(*) FROM payment") == 2


async def test_only_a_failed_payment_is_tried_again(house: House, service: Billing) -> None:
    (invoice_id,) = await paid(house)
    request = rpc.RetryPaymentRequest(invoice_id=invoice_id, request_id=str(uuid4()))
    with pytest.raises(NotAllowed) as refused:
        await house.call(service.RetryPayment, request)
    assert refused.value.reason == "WRONG_STATE"
    assert refused.value.metadata == {"status": "PAID"}


async def test_the_trial_balance_has_every_account_and_sums_to_zero(
    house: House, service: Billing
) -> None:
    held = series_held()
    await house.given(held)
    await house.run_errands("collect-payment")
    await house.given(infusion_completed(held, 1))
    await paid(house, 1, OTHER_CLINIC)
    request = rpc.GetTrialBalanceRequest(clinic_id=str(CLINIC))
    found = (await house.call(service.GetTrialBalance, request, OWN)).balances
    assert [one.account[:4] for one in found] == [str(int(one)) for one in domain.Account]
    assert {one.account: n for one in found if (n := one.balance.minor_units)} == {
        "1000 Processor clearing": 360000,
        "2000 Deferred revenue - packages": -315000,
        "4000 Infusion revenue": -45000,
    }
    with pytest.raises(NotFound):
        await house.call(service.GetTrialBalance, request, STRANGER)


async def test_the_journal_of_an_invoice_is_listed_in_order(house: House, service: Billing) -> None:
    held = series_held()
    await house.given(held)
    await house.run_errands("collect-payment")
    await house.given(infusion_completed(held, 1), infusion_completed(held, 2))
    invoice_id = str(domain.invoice_id(UUID(held.series_id)))
    rules: list[str] = []
    token = ""
    for _ in range(2):
        request = rpc.ListJournalEntriesRequest(
            invoice_id=invoice_id, page_size=2, page_token=token
        )
        page = await house.call(service.ListJournalEntries, request, OWN)
        assert all(sum(p.amount.minor_units for p in one.postings) == 0 for one in page.entries)
        rules += [one.rule for one in page.entries]
        token = page.next_page_token
    assert rules == ["sell_package", "deliver_session", "deliver_session"]
    assert token == ""


def asking(minor_units: int, currency: str = "USD") -> rpc.UpdateClinicPriceRequest:
    price = nouns.Money(currency_code=currency, minor_units=minor_units)
    return rpc.UpdateClinicPriceRequest(
        price=nouns.ClinicPrice(clinic_id=str(CLINIC), infusion_price=price)
    )


async def test_a_clinic_charges_its_own_price_from_now_on(house: House, service: Billing) -> None:
    await paid(house)
    for minor_units in (50000, 60000):
        answer = await house.call(service.UpdateClinicPrice, asking(minor_units), OWN)
        assert answer.price == asking(minor_units).price
    held = series_held(sessions=6)
    await house.given(held, series_held(clinic=OTHER_CLINIC))
    totals = [fact.minor_units for fact in (await house.stated())[3::2]]
    assert totals == [360000, 360000]


@pytest.mark.parametrize(
    ("minor_units", "currency"), [(39999, "USD"), (200001, "USD"), (45000, "EUR")]
)
async def test_a_price_out_of_bounds_is_refused(
    house: House, service: Billing, minor_units: int, currency: str
) -> None:
    with pytest.raises(Invalid) as refused:
        await house.call(service.UpdateClinicPrice, asking(minor_units, currency))
    assert refused.value.reason == "INVALID_PRICE"
    assert refused.value.violations


async def test_a_stranger_sets_no_price(house: House, service: Billing) -> None:
    with pytest.raises(NotFound):
        await house.call(service.UpdateClinicPrice, asking(50000), STRANGER)
    assert await house.count("SELECT count(*) FROM clinic_price") == 0
