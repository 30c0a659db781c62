"""What callers may ask about sessions that did not happen."""

from datetime import timedelta
from uuid import UUID

import grpc

from chassis.database import Database, Tx
from halcyon.billing.v1 import refund_service_pb2 as rpc
from services.billing import domain, store, wire
from services.billing.api.sight import visible

Context = grpc.ServicerContext


class MissedSessions:
    """Fees by the terms, and taking them back."""

    _db: Database

    async def ChargeMissedSession(
        self, request: rpc.ChargeMissedSessionRequest, context: Context
    ) -> rpc.ChargeMissedSessionResponse:
        async with self._db.transaction() as tx:
            invoice = visible(await store.get(tx, UUID(request.invoice_id)))
            known = await store.find_fee(tx, UUID(request.session_id))
            terms = await store.terms(tx, invoice.clinic_id)
            absence = await _absence(tx, invoice, terms, request)
            decision = domain.charge_absence(invoice, absence, terms, known, tx.now)
            fee = await _kept(tx, decision, known)
        return rpc.ChargeMissedSessionResponse(fee=wire.fee(fee))

    async def ReverseMissedSessionFee(
        self, request: rpc.ReverseMissedSessionFeeRequest, context: Context
    ) -> rpc.ReverseMissedSessionFeeResponse:
        async with self._db.transaction() as tx:
            invoice_id = await store.invoice_of_fee(tx, UUID(request.session_id))
            invoice = visible(await store.get(tx, invoice_id), store.no_fee())
            known = await store.get_fee(tx, UUID(request.session_id))
            owed = await store.debt(tx, invoice)
            decision = domain.reverse_fee(invoice, known, owed, tx.now)
            decision = await store.with_receipts(tx, decision, invoice)
            fee = await _kept(tx, decision, known)
        return rpc.ReverseMissedSessionFeeResponse(fee=wire.fee(fee))


async def _absence(
    tx: Tx, invoice: domain.Invoice, terms: domain.Terms, request: rpc.ChargeMissedSessionRequest
) -> domain.Absence:
    missed, (told, start) = wire.missed(request), wire.notice(request)
    notice = timedelta()
    if missed is domain.Missed.CANCELLED:
        notice = await store.notice(tx, invoice.clinic_id, terms, told, start)
    earlier = [one for one in await store.fees(tx, invoice.invoice_id) if one.counts]
    return domain.Absence(
        session_id=UUID(request.session_id),
        missed=missed,
        notice=notice,
        fees_before=len(earlier),
        waiver=request.waiver,
    )


async def _kept(tx: Tx, decision: domain.Decision, before: domain.Fee | None) -> domain.Fee:
    await store.record(tx, decision)
    fee = next((one for one in decision.kept if isinstance(one, domain.Fee)), before)
    assert fee is not None
    return fee
