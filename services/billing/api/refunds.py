"""What callers may ask about money that goes back for sessions given up or delivered."""

from uuid import UUID

import grpc

from chassis.auth import caller
from chassis.database import Database, Tx
from chassis.paging import after, cut, limit
from halcyon.billing.v1 import refund_service_pb2 as rpc
from services.billing import domain, store, wire
from services.billing.api.sight import visible

Context = grpc.ServicerContext


class Refunds:
    """Quotes, requests, the second person's word, and what to do when the gateway cannot."""

    _db: Database

    async def QuoteRefund(
        self, request: rpc.QuoteRefundRequest, context: Context
    ) -> rpc.QuoteRefundResponse:
        async with self._db.read() as tx:
            invoice = visible(await store.get(tx, UUID(request.invoice_id)))
            quoted = await _quote(tx, invoice, request.reason, request.session_count)
        return rpc.QuoteRefundResponse(quote=wire.refund_quote(quoted))

    async def RequestRefund(
        self, request: rpc.RequestRefundRequest, context: Context
    ) -> rpc.RequestRefundResponse:
        async with self._db.transaction() as tx:
            invoice = visible(await store.get(tx, UUID(request.invoice_id)))
            by = await _asking(tx, invoice, request.request_id)
            refund = await store.find_refund(tx, by.refund_id(invoice.invoice_id))
            if refund is None:
                quoted = await _quote(tx, invoice, request.reason, request.session_count)
                terms = await store.terms(tx, invoice.clinic_id)
                decision = domain.request_refund(invoice, quoted, terms, by, tx.now)
                refund = await _kept(tx, decision)
            domain.same_request(refund, request.session_count, request.reason)
        return rpc.RequestRefundResponse(refund=wire.refund(refund))

    async def RequestGoodwillRefund(
        self, request: rpc.RequestGoodwillRefundRequest, context: Context
    ) -> rpc.RequestGoodwillRefundResponse:
        async with self._db.transaction() as tx:
            bill = await store.get_superbill(tx, UUID(request.superbill_id))
            invoice = visible(await store.get(tx, bill.invoice_id), store.no_superbill())
            by = await _asking(tx, invoice, request.request_id)
            refund = await store.find_refund(tx, by.refund_id(invoice.invoice_id))
            on_its_way = await store.on_its_way(tx, bill)
            given = domain.Goodwill(bill, wire.amount(request.amount), on_its_way)
            if refund is None:
                terms = await store.terms(tx, invoice.clinic_id)
                refund = await _kept(tx, domain.request_goodwill(invoice, given, terms, by, tx.now))
            domain.same_goodwill(refund, given)
        return rpc.RequestGoodwillRefundResponse(refund=wire.refund(refund))

    async def ApproveRefund(
        self, request: rpc.ApproveRefundRequest, context: Context
    ) -> rpc.ApproveRefundResponse:
        async with self._db.transaction() as tx:
            invoice, refund = await _locked(tx, UUID(request.refund_id))
            decision = domain.approve(refund, invoice, caller().subject, tx.now)
            refund = await _kept(tx, decision, refund)
        return rpc.ApproveRefundResponse(refund=wire.refund(refund))

    async def RejectRefund(
        self, request: rpc.RejectRefundRequest, context: Context
    ) -> rpc.RejectRefundResponse:
        async with self._db.transaction() as tx:
            _, refund = await _locked(tx, UUID(request.refund_id))
            decision = domain.reject(refund, caller().subject, tx.now)
            refund = await _kept(tx, decision, refund)
        return rpc.RejectRefundResponse(refund=wire.refund(refund))

    async def RetryRefund(
        self, request: rpc.RetryRefundRequest, context: Context
    ) -> rpc.RetryRefundResponse:
        async with self._db.transaction() as tx:
            _, refund = await _locked(tx, UUID(request.refund_id))
            decision = domain.try_part_again(refund, UUID(request.payment_id), tx.now)
            refund = await _kept(tx, decision, refund)
        return rpc.RetryRefundResponse(refund=wire.refund(refund))

    async def PayRefundByHand(
        self, request: rpc.PayRefundByHandRequest, context: Context
    ) -> rpc.PayRefundByHandResponse:
        async with self._db.transaction() as tx:
            invoice, refund = await _locked(tx, UUID(request.refund_id))
            part = domain.part_for(refund, UUID(request.payment_id))
            going = await store.going(tx, refund, part)
            decision = domain.pay_by_hand(refund, invoice, going, tx.now)
            refund = await _kept(tx, decision, refund)
        return rpc.PayRefundByHandResponse(refund=wire.refund(refund))

    async def GetRefund(
        self, request: rpc.GetRefundRequest, context: Context
    ) -> rpc.GetRefundResponse:
        async with self._db.read() as tx:
            refund = _seen(await store.get_refund(tx, UUID(request.refund_id)))
        return rpc.GetRefundResponse(refund=wire.refund(refund))

    async def ListRefunds(
        self, request: rpc.ListRefundsRequest, context: Context
    ) -> rpc.ListRefundsResponse:
        clinic_id, start, size = (
            UUID(request.clinic_id),
            after(request.page_token),
            request.page_size,
        )
        caller().must_serve(clinic_id)
        async with self._db.read() as tx:
            found = await store.refunds(tx, clinic_id, start, limit(size))
        shown, token = cut(found, size, lambda one: (one.request_time, one.refund_id))
        return rpc.ListRefundsResponse(refunds=map(wire.refund, shown), next_page_token=token)


async def _quote(
    tx: Tx, invoice: domain.Invoice, reason: str, session_count: int
) -> domain.RefundQuote:
    terms = await store.terms(tx, invoice.clinic_id)
    list_price = await store.list_price(tx, invoice)
    return domain.quote_refund(invoice, list_price, terms, reason, session_count)


async def _asking(tx: Tx, invoice: domain.Invoice, request_id: str) -> domain.Asking:
    sources = await store.sources(tx, invoice)
    return domain.Asking(UUID(request_id), caller().subject, sources)


async def _locked(tx: Tx, refund_id: UUID) -> tuple[domain.Invoice, domain.Refund]:
    """The invoice is locked first, as everywhere; then the refund is read for good."""
    invoice_id = await store.invoice_of_refund(tx, refund_id)
    invoice = await store.get(tx, invoice_id)
    return invoice, _seen(await store.get_refund(tx, refund_id))


async def _kept(
    tx: Tx, decision: domain.Decision, before: domain.Refund | None = None
) -> domain.Refund:
    await store.record(tx, decision)
    refund = next((one for one in decision.kept if isinstance(one, domain.Refund)), before)
    assert refund is not None
    return refund


def _seen(refund: domain.Refund) -> domain.Refund:
    """A refund of a clinic out of the caller's scope does not exist for the caller."""
    if not caller().sees(refund.clinic_id):
        raise store.no_refund()
    return refund
