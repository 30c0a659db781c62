"""What people do before a series begins: ask the price, get an estimate, pay; calls of the SDK."""

from collections.abc import Mapping, Sequence
from uuid import uuid4

from clients.sdk import Halcyon
from halcyon.billing.v1 import estimate_service_pb2 as estimating
from halcyon.billing.v1 import payment_service_pb2 as paying
from halcyon.billing.v1.billing_pb2 import Invoice, Money
from halcyon.billing.v1.billing_service_pb2 import ListInvoicesRequest, RetryPaymentRequest
from halcyon.billing.v1.estimate_pb2 import (
    CoProviderShare,
    Estimate,
    InfusionsWanted,
    ItemWanted,
    ProvideWay,
    Quote,
)
from halcyon.billing.v1.payment_pb2 import Card, Payment, PaymentMethod
from halcyon.referral.v1.referral_service_pb2 import GetPatientRequest


async def quote(
    clerk: Halcyon, clinic_id: str, infusions: InfusionsWanted | None, items: Mapping[str, int]
) -> Quote:
    """What care would cost, and why."""
    request = estimating.GetQuoteRequest(
        clinic_id=clinic_id,
        infusions=infusions,
        items=[ItemWanted(item=item, quantity=count) for item, count in items.items()],
    )
    return (await clerk.estimates.GetQuote(request)).quote


async def estimate_of(clerk: Halcyon, invoice: Invoice) -> Estimate:
    """The newest version of the estimate that was issued with an invoice."""
    request = estimating.GetEstimateRequest(estimate_id=invoice.estimate_id)
    return (await clerk.estimates.GetEstimate(request)).estimate


async def provide(clerk: Halcyon, estimate: Estimate, way: "ProvideWay.ValueType") -> Estimate:
    """It has reached the patient."""
    request = estimating.ProvideEstimateRequest(
        estimate_id=estimate.estimate_id, version=estimate.version, way=way
    )
    return (await clerk.estimates.ProvideEstimate(request)).estimate


async def set_co_providers(
    clerk: Halcyon, request: estimating.UpdateCoProvidersRequest
) -> Sequence[CoProviderShare]:
    """Who else bills for a clinic's sessions from now on."""
    return (await clerk.estimates.UpdateCoProviders(request)).shares


async def payments_of(clerk: Halcyon, invoice_id: str) -> Sequence[Payment]:
    """Every payment of an invoice."""
    request = paying.ListPaymentsRequest(invoice_id=invoice_id)
    return (await clerk.payments.ListPayments(request)).payments


async def pay_at_desk(
    clerk: Halcyon, invoice: Invoice, method: "PaymentMethod.ValueType"
) -> Payment:
    """The whole price, in cash or with the card terminal."""
    request = paying.RecordDeskPaymentRequest(
        request_id=str(uuid4()), invoice_id=invoice.invoice_id, method=method, amount=invoice.total
    )
    return (await clerk.payments.RecordDeskPayment(request)).payment


async def start_plan(
    clerk: Halcyon, invoice: Invoice, deposit: int, count: int, days: int
) -> paying.StartPaymentPlanResponse:
    """A deposit now, and the rest in parts."""
    request = paying.StartPaymentPlanRequest(
        request_id=str(uuid4()),
        invoice_id=invoice.invoice_id,
        deposit=Money(currency_code=invoice.total.currency_code, minor_units=deposit),
        instalment_count=count,
        days_between=days,
    )
    return await clerk.payments.StartPaymentPlan(request)


async def try_again(clerk: Halcyon, invoice: Invoice) -> Invoice:
    """Ask once more for a payment that failed."""
    request = RetryPaymentRequest(invoice_id=invoice.invoice_id, request_id=str(uuid4()))
    return (await clerk.billing.RetryPayment(request)).invoice


async def receipt(clerk: Halcyon, invoice: Invoice) -> paying.RenderReceiptResponse:
    """For a health account; whom it names is asked of the registry by whoever wants it printed."""
    patient = GetPatientRequest(patient_id=invoice.patient_id)
    request = paying.RenderReceiptRequest(
        invoice_id=invoice.invoice_id,
        patient=(await clerk.referral.GetPatient(patient)).patient,
    )
    return await clerk.payments.RenderReceipt(request)


async def sell_package(
    clerk: Halcyon, invoice: Invoice, package: str, code: str, minutes: int
) -> Invoice:
    """Sessions sold by themselves to the patient of an invoice; asked to be paid."""
    request = paying.SellPackageRequest(
        request_id=str(uuid4()),
        clinic_id=invoice.clinic_id,
        patient_id=invoice.patient_id,
        referral_id=invoice.referral_id,
        package=package,
        indication_code=code,
        infusion_minutes=minutes,
    )
    return (await clerk.payments.SellPackage(request)).invoice


async def apply_package(
    clerk: Halcyon, series: Invoice, package_id: str
) -> paying.ApplyPackageResponse:
    """The series draws its sessions from the package, as many as it has."""
    request = paying.ApplyPackageRequest(
        invoice_id=series.invoice_id, package_invoice_id=package_id
    )
    return await clerk.payments.ApplyPackage(request)


async def packages_of(clerk: Halcyon, invoice: Invoice) -> Sequence[Invoice]:
    """The packages of an invoice's patient, the newest first."""
    found: list[Invoice] = []
    request = ListInvoicesRequest(clinic_id=invoice.clinic_id)
    while True:
        page = await clerk.billing.ListInvoices(request)
        found += [one for one in page.invoices if _is_package_of(one, invoice.patient_id)]
        if not page.next_page_token:
            return found
        request.page_token = page.next_page_token


async def keep_card(clerk: Halcyon, invoice: Invoice, token: str, consent: str) -> Card:
    """A card of an invoice's patient, kept at the gateway as the patient agreed."""
    request = paying.SaveCardRequest(
        request_id=str(uuid4()), invoice_id=invoice.invoice_id, token=token, consent=consent
    )
    return (await clerk.payments.SaveCard(request)).card


async def cards_of(clerk: Halcyon, invoice: Invoice) -> Sequence[Card]:
    """The cards of an invoice's patient at its clinic, the newest first."""
    request = paying.ListCardsRequest(invoice_id=invoice.invoice_id)
    return (await clerk.payments.ListCards(request)).cards


async def charge_balance(clerk: Halcyon, invoice: Invoice) -> Payment:
    """What is due, from the card on file."""
    request = paying.ChargeBalanceRequest(request_id=str(uuid4()), invoice_id=invoice.invoice_id)
    return (await clerk.payments.ChargeBalance(request)).payment


async def remove_card(clerk: Halcyon, card_id: str) -> Card:
    """Nothing is taken from it any more."""
    return (await clerk.payments.RemoveCard(paying.RemoveCardRequest(card_id=card_id))).card


def _is_package_of(one: Invoice, patient_id: str) -> bool:
    return one.patient_id == patient_id and one.package_invoice_id == one.invoice_id
