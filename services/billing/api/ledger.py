"""What callers may ask of the journal."""

import asyncio
from uuid import UUID

import grpc

from chassis.auth import caller
from chassis.database import Database, Tx
from chassis.paging import limit
from halcyon.billing.v1 import ledger_service_pb2 as rpc
from halcyon.billing.v1.ledger_service_pb2_grpc import LedgerServiceServicer
from services.billing import documents, domain, store, wire
from services.billing.api.sight import visible
from services.billing.domain import Clearing, Earlier, Money, Rule

Context = grpc.ServicerContext
_Clearing = rpc.RecordBalancePaymentRequest | rpc.WriteOffBalanceRequest | rpc.ReturnCreditRequest
_AT_ONCE = 100


class Ledger(LedgerServiceServicer):
    """Statements, balances, payouts, breakage and the end of a period."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def GetStatement(
        self, request: rpc.GetStatementRequest, context: Context
    ) -> rpc.GetStatementResponse:
        patient_id = UUID(request.patient_id)
        async with self._db.read() as tx:
            found = await store.invoices_of(tx, patient_id)
            seen = [one for one in found if caller().sees(one.clinic_id)]
            entries = await store.journal_of(tx, [one.invoice_id for one in seen])
        told = wire.statement(patient_id, domain.statement(seen, entries))
        return rpc.GetStatementResponse(statement=told)

    async def RenderStatement(
        self, request: rpc.RenderStatementRequest, context: Context
    ) -> rpc.RenderStatementResponse:
        clinic_id, person = UUID(request.clinic_id), wire.addressee(request.patient)
        caller().must_serve(clinic_id)
        async with self._db.read() as tx:
            found = await store.invoices_of(tx, person.patient_id)
            here = [one for one in found if one.clinic_id == clinic_id]
            entries = await store.journal_of(tx, [one.invoice_id for one in here])
            desk = await store.desk(tx, clinic_id)
        told = domain.statement(here, entries)
        paper = documents.AccountPaper(told, desk, person, tx.now)
        pdf = await asyncio.to_thread(documents.statement, paper)
        return rpc.RenderStatementResponse(pdf=pdf, file_name=f"statement-{person.patient_id}.pdf")

    async def RecordPayout(
        self, request: rpc.RecordPayoutRequest, context: Context
    ) -> rpc.RecordPayoutResponse:
        payout = wire.payout(request)
        caller().must_serve(payout.clinic_id)
        async with self._db.transaction() as tx:
            known = await store.find_entry(tx, payout.cause_id, Rule.PAY_OUT)
            entry = domain.pay_out(payout, known, tx.now)
            if entry is not known:
                store.put_entry(tx, entry)
        return rpc.RecordPayoutResponse(entry=wire.entry(entry))

    async def RecordBalancePayment(
        self, request: rpc.RecordBalancePaymentRequest, context: Context
    ) -> rpc.RecordBalancePaymentResponse:
        owed = await self._clear(request, Rule.PAY_BALANCE)
        return rpc.RecordBalancePaymentResponse(owed=wire.money(owed))

    async def WriteOffBalance(
        self, request: rpc.WriteOffBalanceRequest, context: Context
    ) -> rpc.WriteOffBalanceResponse:
        owed = await self._clear(request, Rule.WRITE_OFF)
        return rpc.WriteOffBalanceResponse(owed=wire.money(owed))

    async def ReturnCredit(
        self, request: rpc.ReturnCreditRequest, context: Context
    ) -> rpc.ReturnCreditResponse:
        owed = await self._clear(request, Rule.RETURN_CREDIT)
        return rpc.ReturnCreditResponse(owed=wire.money(owed))

    async def ExpirePackages(
        self, request: rpc.ExpirePackagesRequest, context: Context
    ) -> rpc.ExpirePackagesResponse:
        clinic_id, expired = UUID(request.clinic_id), 0
        caller().must_serve(clinic_id)
        async with self._db.transaction() as tx:
            terms = await store.terms(tx, clinic_id)
            for invoice_id, paid_at in await store.unused_since(
                tx, clinic_id, tx.now - terms.expire_after, _AT_ONCE
            ):
                invoice = await store.get(tx, invoice_id)
                decision = domain.expire(invoice, paid_at, terms, tx.now)
                await store.record(tx, decision)
                expired += bool(decision.entries)
        return rpc.ExpirePackagesResponse(expired_count=expired)

    async def ClosePeriod(
        self, request: rpc.ClosePeriodRequest, context: Context
    ) -> rpc.ClosePeriodResponse:
        clinic_id, until = UUID(request.clinic_id), wire.moment(request.until_time)
        caller().must_serve(clinic_id)
        async with self._db.transaction() as tx:
            period = await store.last_period(tx, clinic_id)
            if domain.must_close(until, period, tx.now):
                balances = await store.final_balances(tx, clinic_id, until)
                period = domain.close(clinic_id, until, balances, caller().subject, tx.now)
                store.keep_period(tx, period)
        assert period is not None
        return rpc.ClosePeriodResponse(period=wire.period(period))

    async def ListClosedPeriods(
        self, request: rpc.ListClosedPeriodsRequest, context: Context
    ) -> rpc.ListClosedPeriodsResponse:
        clinic_id = UUID(request.clinic_id)
        caller().must_serve(clinic_id)
        async with self._db.read() as tx:
            found = await store.periods(tx, clinic_id, limit(request.page_size) - 1)
        return rpc.ListClosedPeriodsResponse(periods=map(wire.period, found))

    async def ListBalanceReminders(
        self, request: rpc.ListBalanceRemindersRequest, context: Context
    ) -> rpc.ListBalanceRemindersResponse:
        clinic_id = UUID(request.clinic_id)
        caller().must_serve(clinic_id)
        async with self._db.read() as tx:
            found = await store.reminders(tx, clinic_id, limit(request.page_size) - 1)
        return rpc.ListBalanceRemindersResponse(reminders=wire.reminders(found))

    async def _clear(self, request: _Clearing, rule: Rule) -> Money:
        clearing = Clearing(UUID(request.request_id), rule, wire.amount(request.amount))
        async with self._db.transaction() as tx:
            invoice = visible(await store.get(tx, UUID(request.invoice_id)))
            owed = await store.debt(tx, invoice)
            earlier = await _earlier(tx, invoice, clearing)
            decision = domain.clear_balance(invoice, owed, clearing, earlier, tx.now)
            await store.record(tx, await store.with_receipts(tx, decision, invoice))
            return await store.owed(tx, invoice)


async def _earlier(tx: Tx, invoice: domain.Invoice, clearing: Clearing) -> Earlier:
    cause = domain.balance_cause(invoice.invoice_id, clearing.request_id)
    return Earlier(
        await store.find_entry(tx, cause, clearing.rule),
        await store.find_request(tx, invoice.invoice_id, clearing.request_id),
    )
