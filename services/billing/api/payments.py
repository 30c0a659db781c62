"""Payments: looked at, taken at the desk, split into parts, receipted."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from uuid import UUID

import grpc

from chassis.database import Database
from chassis.written import Written
from halcyon.billing.v1 import payment_service_pb2 as rpc
from halcyon.billing.v1.payment_service_pb2_grpc import PaymentServiceServicer
from services.billing import documents, domain, packs, store, wire
from services.billing.api.cards import Cards
from services.billing.api.packages import Packages
from services.billing.api.sight import visible
from services.billing.wire import payments as words

Context = grpc.ServicerContext

POLL_SECONDS = 0.5
"""What another replica committed is seen this late at most."""


class Payments(Packages, Cards, PaymentServiceServicer):
    """Collects before the series begins."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._bells: set[asyncio.Event] = set()
        db.committed.append(self._ring)

    async def GetPayment(
        self, request: rpc.GetPaymentRequest, context: Context
    ) -> rpc.GetPaymentResponse:
        payment_id = UUID(request.payment_id)
        async with self._db.read() as tx:
            invoice_id = await store.invoice_of_payment(tx, payment_id)
            visible(await store.get(tx, invoice_id), store.no_payment())
            found = await store.get_payment(tx, payment_id)
        return rpc.GetPaymentResponse(payment=words.payment(found))

    async def ListPayments(
        self, request: rpc.ListPaymentsRequest, context: Context
    ) -> rpc.ListPaymentsResponse:
        async with self._db.read() as tx:
            invoice = visible(await store.get(tx, UUID(request.invoice_id)))
            found = await store.payments(tx, invoice)
        return rpc.ListPaymentsResponse(payments=map(words.payment, found))

    async def RecordDeskPayment(
        self, request: rpc.RecordDeskPaymentRequest, context: Context
    ) -> rpc.RecordDeskPaymentResponse:
        paid = words.at_desk(request)
        async with self._db.transaction() as tx:
            invoice = visible(await store.get(tx, UUID(request.invoice_id)))
            earlier = await store.find_request(tx, invoice.invoice_id, paid.request_id)
            last = await store.last_payment(tx, invoice)
            decision = domain.pay_at_desk(invoice, last, paid, earlier, tx.now)
            decision = await store.with_receipts(tx, decision, invoice)
            await store.record(tx, decision)
        payment = decision.payment or earlier or last.payment
        return rpc.RecordDeskPaymentResponse(
            payment=words.payment(payment), invoice=wire.invoice(decision.invoice or invoice)
        )

    async def StartPaymentPlan(
        self, request: rpc.StartPaymentPlanRequest, context: Context
    ) -> rpc.StartPaymentPlanResponse:
        async with self._db.transaction() as tx:
            asked = words.plan_asked(request, domain.plan_policy(packs.PLANS, tx.now.date()))
            invoice = visible(await store.get(tx, UUID(request.invoice_id)))
            earlier = await store.find_request(tx, invoice.invoice_id, asked.request_id)
            last = await store.last_payment(tx, invoice)
            decision, plan = domain.start_plan(invoice, last, asked, earlier, tx.now)
            await store.record(tx, decision)
            store.keep_plan(tx, plan)
            known = plan or await store.plan(tx, invoice)
        deposit = decision.payment or earlier or last.payment
        return rpc.StartPaymentPlanResponse(
            deposit=words.payment(deposit), plan=words.plan(decision.invoice or invoice, known)
        )

    async def GetPaymentPlan(
        self, request: rpc.GetPaymentPlanRequest, context: Context
    ) -> rpc.GetPaymentPlanResponse:
        async with self._db.read() as tx:
            invoice = visible(await store.get(tx, UUID(request.invoice_id)))
            found = await store.plan(tx, invoice)
        return rpc.GetPaymentPlanResponse(plan=words.plan(invoice, found))

    async def RenderReceipt(
        self, request: rpc.RenderReceiptRequest, context: Context
    ) -> rpc.RenderReceiptResponse:
        patient = wire.addressee(request.patient)
        async with self._db.read() as tx:
            invoice = visible(await store.get(tx, UUID(request.invoice_id)))
            paid = documents.received(
                await store.payments(tx, invoice), await store.journal_of(tx, [invoice.invoice_id])
            )
            delivered = await store.superbills(tx, invoice.invoice_id)
            desk = await store.desk(tx, invoice.clinic_id)
        paper = documents.Receipt(invoice, paid, delivered, desk, patient)
        pdf = await asyncio.to_thread(documents.receipt, paper)
        name = f"receipt-{invoice.invoice_id}-r{invoice.revision}.pdf"
        return rpc.RenderReceiptResponse(pdf=pdf, file_name=name)

    async def WatchPayments(
        self, request: rpc.WatchPaymentsRequest, context: Context
    ) -> AsyncIterator[rpc.WatchPaymentsResponse]:
        invoice_id, bell = UUID(request.invoice_id), asyncio.Event()
        told: rpc.WatchPaymentsResponse | None = None
        self._bells.add(bell)
        try:
            while True:
                bell.clear()
                async with self._db.read() as tx:
                    invoice = visible(await store.get(tx, invoice_id))
                    found = await store.payments(tx, invoice)
                now = rpc.WatchPaymentsResponse(
                    invoice=wire.invoice(invoice), payments=map(words.payment, found)
                )
                if now != told:
                    yield (told := now)
                with suppress(TimeoutError):
                    async with asyncio.timeout(POLL_SECONDS):
                        await bell.wait()
        finally:
            self._bells.discard(bell)

    def _ring(self, _: Written) -> None:
        for bell in self._bells:
            bell.set()
