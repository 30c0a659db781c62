"""What people do with a series' money, as calls of the SDK, for the CLI, the demo and tests."""

import asyncio
from collections.abc import Iterable, Sequence
from uuid import UUID, uuid4, uuid5

from clients.sdk import Halcyon
from halcyon.billing.v1 import billing_service_pb2 as billing
from halcyon.billing.v1 import estimate_service_pb2 as estimating
from halcyon.billing.v1 import refund_service_pb2 as refunding
from halcyon.billing.v1 import superbill_service_pb2 as receipts
from halcyon.billing.v1.billing_pb2 import AccountBalance, Invoice
from halcyon.billing.v1.ledger_pb2 import Statement
from halcyon.billing.v1.ledger_service_pb2 import (
    GetStatementRequest,
    RenderStatementRequest,
    RenderStatementResponse,
)
from halcyon.billing.v1.refund_pb2 import REFUND_STATUS_PENDING, Refund, RefundQuote
from halcyon.billing.v1.superbill_pb2 import SUPERBILL_FORMAT_PDF, ClaimPayer, Superbill
from halcyon.billing.v1.superbill_pb2 import SuperbillFormat as Format
from halcyon.referral.v1.referral_service_pb2 import GetPatientRequest, GetReferralRequest

_POLL = 0.05
_AT_ONCE = 20


async def invoice_of(clerk: Halcyon, referral_id: str) -> Invoice:
    """The newest invoice of a referral."""
    request = billing.GetInvoiceRequest(referral_id=referral_id)
    return (await clerk.billing.GetInvoice(request)).invoice


async def referrals_of(clerk: Halcyon, invoice_ids: Iterable[str]) -> dict[str, str]:
    """The referral that each invoice serves."""
    turns = asyncio.Semaphore(_AT_ONCE)

    async def asking(invoice_id: str) -> tuple[str, str]:
        async with turns:
            request = billing.GetInvoiceRequest(invoice_id=invoice_id)
            return invoice_id, (await clerk.billing.GetInvoice(request)).invoice.referral_id

    return dict(await asyncio.gather(*map(asking, set(invoice_ids))))


async def statement_of(clerk: Halcyon, patient_id: str) -> Statement:
    """A patient's account."""
    request = GetStatementRequest(patient_id=patient_id)
    return (await clerk.ledger.GetStatement(request)).statement


async def statement_paper(clerk: Halcyon, invoice: Invoice) -> RenderStatementResponse:
    """The account at the invoice's clinic, on paper; the registry says whom it names."""
    patient = GetPatientRequest(patient_id=invoice.patient_id)
    request = RenderStatementRequest(
        clinic_id=invoice.clinic_id, patient=(await clerk.referral.GetPatient(patient)).patient
    )
    return await clerk.ledger.RenderStatement(request)


async def quote(clerk: Halcyon, invoice_id: str, reason: str, count: int) -> RefundQuote:
    """What would go back."""
    request = refunding.QuoteRefundRequest(
        invoice_id=invoice_id, reason=reason, session_count=count
    )
    return (await clerk.refunds.QuoteRefund(request)).quote


async def refund(
    clerk: Halcyon, invoice_id: str, reason: str, count: int, request_id: UUID | None = None
) -> Refund:
    """Give sessions up for money; the same request id again is the same refund."""
    request = refunding.RequestRefundRequest(
        request_id=str(request_id or uuid4()),
        invoice_id=invoice_id,
        reason=reason,
        session_count=count,
    )
    return (await clerk.refunds.RequestRefund(request)).refund


async def settled(clerk: Halcyon, refund_id: str, patience: float = 30) -> Refund:
    """The refund once the gateway has answered about every part."""
    async with asyncio.timeout(patience):
        while True:
            request = refunding.GetRefundRequest(refund_id=refund_id)
            found = (await clerk.refunds.GetRefund(request)).refund
            if found.status != REFUND_STATUS_PENDING:
                return found
            await asyncio.sleep(_POLL)


async def superbills_of(clerk: Halcyon, invoice_id: str) -> Sequence[Superbill]:
    """The receipts of a series."""
    request = receipts.ListSuperbillsRequest(invoice_id=invoice_id)
    return (await clerk.superbills.ListSuperbills(request)).superbills


async def document(
    clerk: Halcyon,
    invoice: Invoice,
    superbill_id: str = "",
    form: "Format.ValueType" = SUPERBILL_FORMAT_PDF,
    payer: ClaimPayer | None = None,
) -> receipts.RenderSuperbillResponse:
    """A receipt's document: whom it names is asked of the registry, by whoever wants it printed."""
    patient = GetPatientRequest(patient_id=invoice.patient_id)
    referral = GetReferralRequest(referral_id=invoice.referral_id)
    request = receipts.RenderSuperbillRequest(
        format=form,
        patient=(await clerk.referral.GetPatient(patient)).patient,
        referrer=(await clerk.referral.GetReferral(referral)).referral.referrer,
        payer=payer,
    )
    if superbill_id:
        request.superbill_id = superbill_id
    else:
        request.invoice_id = invoice.invoice_id
    return await clerk.superbills.RenderSuperbill(request)


async def estimate_document(clerk: Halcyon, invoice: Invoice) -> estimating.RenderEstimateResponse:
    """The Good Faith Estimate that was issued with an invoice."""
    patient = GetPatientRequest(patient_id=invoice.patient_id)
    request = estimating.RenderEstimateRequest(
        estimate_id=invoice.estimate_id,
        patient=(await clerk.referral.GetPatient(patient)).patient,
    )
    return await clerk.estimates.RenderEstimate(request)


async def balances_of(clerk: Halcyon, clinic_id: str) -> Sequence[AccountBalance]:
    """The trial balance of a clinic."""
    request = billing.GetTrialBalanceRequest(clinic_id=clinic_id)
    return (await clerk.billing.GetTrialBalance(request)).balances


def request_for(invoice_id: str, purpose: str) -> UUID:
    """The same purpose asks once, however often it is said."""
    return uuid5(UUID(invoice_id), purpose)
