"""Invoices, their journal and the prices they are made of."""

from uuid import UUID

import grpc

from chassis.auth import caller
from chassis.database import Database, Tx
from chassis.paging import after, cut, limit
from halcyon.billing.v1 import billing_service_pb2 as rpc
from halcyon.billing.v1.billing_service_pb2_grpc import BillingServiceServicer
from services.billing import domain, packs, store, wire
from services.billing.api.sight import clinics_asked_for, visible

Context = grpc.ServicerContext


class Billing(BillingServiceServicer):
    """Prices series, collects upfront and keeps a balanced journal."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def GetInvoice(
        self, request: rpc.GetInvoiceRequest, context: Context
    ) -> rpc.GetInvoiceResponse:
        async with self._db.read() as tx:
            invoice = visible(await _asked_for(tx, request))
        return rpc.GetInvoiceResponse(invoice=wire.invoice(invoice))

    async def ListInvoices(
        self, request: rpc.ListInvoicesRequest, context: Context
    ) -> rpc.ListInvoicesResponse:
        clinics = clinics_asked_for(wire.optional_id(request.clinic_id))
        status = wire.status(request.status)
        start, size = after(request.page_token), request.page_size
        async with self._db.read() as tx:
            found = await store.invoices(tx, clinics, status, start, limit(size))
        shown, token = cut(found, size, lambda one: (one.issue_time, one.invoice_id))
        return rpc.ListInvoicesResponse(invoices=map(wire.invoice, shown), next_page_token=token)

    async def RetryPayment(
        self, request: rpc.RetryPaymentRequest, context: Context
    ) -> rpc.RetryPaymentResponse:
        async with self._db.transaction() as tx:
            invoice = visible(await store.get(tx, UUID(request.invoice_id)))
            earlier = await store.find_request(tx, invoice.invoice_id, UUID(request.request_id))
            decision = domain.retry_payment(invoice, UUID(request.request_id), earlier, tx.now)
            await store.record(tx, decision)
        return rpc.RetryPaymentResponse(invoice=wire.invoice(decision.invoice or invoice))

    async def GetTrialBalance(
        self, request: rpc.GetTrialBalanceRequest, context: Context
    ) -> rpc.GetTrialBalanceResponse:
        caller().must_serve(UUID(request.clinic_id))
        async with self._db.read() as tx:
            balances = await store.trial_balance(tx, UUID(request.clinic_id))
        return rpc.GetTrialBalanceResponse(balances=wire.balances(balances))

    async def ListJournalEntries(
        self, request: rpc.ListJournalEntriesRequest, context: Context
    ) -> rpc.ListJournalEntriesResponse:
        start, size = wire.entry_after(request.page_token), request.page_size
        async with self._db.read() as tx:
            invoice = visible(await store.get(tx, UUID(request.invoice_id)))
            found = await store.entries(tx, invoice.invoice_id, start, limit(size))
        shown, token = cut(found, size, lambda one: (one[0],))
        entries = [wire.entry(entry) for _, entry in shown]
        return rpc.ListJournalEntriesResponse(entries=entries, next_page_token=token)

    async def UpdateClinicPrice(
        self, request: rpc.UpdateClinicPriceRequest, context: Context
    ) -> rpc.UpdateClinicPriceResponse:
        clinic_id, price = wire.clinic_price(request.price)
        caller().must_serve(clinic_id)
        async with self._db.transaction() as tx:
            domain.check_price(price, domain.price_list(packs.PRICE_LISTS, tx.now.date()))
            await store.set_price(tx, clinic_id, price)
        return rpc.UpdateClinicPriceResponse(price=request.price)


async def _asked_for(tx: Tx, request: rpc.GetInvoiceRequest) -> domain.Invoice:
    if request.HasField("referral_id"):
        return await store.of_referral(tx, UUID(request.referral_id))
    if request.HasField("series_id"):
        return await store.get(tx, domain.invoice_id(UUID(request.series_id)))
    return await store.get(tx, UUID(request.invoice_id))
