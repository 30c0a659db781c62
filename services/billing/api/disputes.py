"""What callers may ask about money that a bank has taken back."""

from uuid import UUID

import grpc

from chassis.auth import caller
from chassis.database import Database, Tx
from chassis.paging import after, cut, limit
from halcyon.billing.v1 import refund_pb2 as nouns
from halcyon.billing.v1 import refund_service_pb2 as rpc
from services.billing import domain, store, wire
from services.billing.api.sight import visible

Context = grpc.ServicerContext


class Disputes:
    """A chargeback's life, from the processor's word to the bank's."""

    _db: Database

    async def RecordDispute(
        self, request: rpc.RecordDisputeRequest, context: Context
    ) -> rpc.RecordDisputeResponse:
        told = wire.chargeback(request)
        async with self._db.transaction() as tx:
            invoice_id = await store.invoice_of_payment(tx, told.payment_id)
            invoice = visible(await store.get(tx, invoice_id), store.no_payment())
            payment = await store.get_payment(tx, told.payment_id)
            known = await store.find_dispute(tx, told.dispute_id)
            decision = domain.open_dispute(invoice, payment, told, known, tx.now)
            found = await _kept(tx, decision, known)
        return rpc.RecordDisputeResponse(dispute=found)

    async def SubmitDisputeEvidence(
        self, request: rpc.SubmitDisputeEvidenceRequest, context: Context
    ) -> rpc.SubmitDisputeEvidenceResponse:
        async with self._db.transaction() as tx:
            invoice, known = await _locked(tx, UUID(request.dispute_id))
            terms = await store.terms(tx, invoice.clinic_id)
            decision = domain.answer(known, wire.evidence(request), terms, tx.now)
            found = await _kept(tx, decision, known)
        return rpc.SubmitDisputeEvidenceResponse(dispute=found)

    async def DecideDispute(
        self, request: rpc.DecideDisputeRequest, context: Context
    ) -> rpc.DecideDisputeResponse:
        async with self._db.transaction() as tx:
            invoice, known = await _locked(tx, UUID(request.dispute_id))
            decision = domain.decide_dispute(known, invoice, wire.outcome(request), tx.now)
            found = await _kept(tx, decision, known)
        return rpc.DecideDisputeResponse(dispute=found)

    async def ListDisputes(
        self, request: rpc.ListDisputesRequest, context: Context
    ) -> rpc.ListDisputesResponse:
        clinic_id, start, size = (
            UUID(request.clinic_id),
            after(request.page_token),
            request.page_size,
        )
        caller().must_serve(clinic_id)
        async with self._db.read() as tx:
            terms = await store.terms(tx, clinic_id)
            found = await store.disputes(tx, clinic_id, start, limit(size))
        shown, token = cut(found, size, lambda one: (one.respond_by, one.dispute_id))
        disputes = [wire.dispute(one, terms) for one in shown]
        return rpc.ListDisputesResponse(disputes=disputes, next_page_token=token)


async def _locked(tx: Tx, dispute_id: UUID) -> tuple[domain.Invoice, domain.Dispute]:
    """The invoice is locked first, as everywhere; then the dispute is read for good."""
    invoice = await store.get(tx, await store.invoice_of_dispute(tx, dispute_id))
    if not caller().sees(invoice.clinic_id):
        raise store.no_dispute()
    known = await store.find_dispute(tx, dispute_id)
    assert known is not None
    return invoice, known


async def _kept(tx: Tx, decision: domain.Decision, before: domain.Dispute | None) -> nouns.Dispute:
    await store.record(tx, decision)
    found = next((one for one in decision.kept if isinstance(one, domain.Dispute)), before)
    assert found is not None
    return wire.dispute(found, await store.terms(tx, found.clinic_id))
