"""Statements, periods and reminders in the contract's words."""

from collections.abc import Sequence
from uuid import UUID

from halcyon.billing.v1 import ledger_pb2 as rpc
from halcyon.billing.v1 import ledger_service_pb2 as asked
from services.billing import domain
from services.billing.domain import Account, Money
from services.billing.wire.besides import amount
from services.billing.wire.replies import balances, money
from services.billing.wire.stated import time


def statement(patient_id: UUID, found: domain.Statement) -> rpc.Statement:
    """A patient's account as callers see it."""
    return rpc.Statement(
        patient_id=str(patient_id),
        lines=map(_line, found.entries),
        entitlements=map(_entitlement, found.invoices),
        owed=money(found.owed),
        prepaid=money(found.prepaid),
        paid=money(found.paid),
    )


def period(found: domain.Period) -> rpc.ClosedPeriod:
    """A closed period as callers see it."""
    return rpc.ClosedPeriod(
        clinic_id=str(found.clinic_id),
        until_time=time(found.until),
        balances=balances(found.balances),
        closed_by=found.closed_by,
        close_time=time(found.close_time),
    )


def reminders(found: Sequence[domain.Reminder]) -> list[rpc.BalanceReminder]:
    """Reminders as callers see them."""
    return [
        rpc.BalanceReminder(
            invoice_id=str(one.invoice_id),
            patient_id=str(one.patient_id),
            number=one.number,
            owed=money(one.owed),
            remind_time=time(one.remind_time),
        )
        for one in found
    ]


def payout(request: asked.RecordPayoutRequest) -> domain.Payout:
    """What the processor sent to the bank."""
    return domain.Payout(
        clinic_id=UUID(request.clinic_id),
        reference=request.reference,
        gross=amount(request.gross),
        fee=request.fee_minor_units,
    )


def _line(entry: domain.Entry) -> rpc.StatementLine:
    return rpc.StatementLine(
        post_time=time(entry.post_time),
        rule=entry.rule,
        invoice_id=str(entry.invoice_id),
        owed_change=money(domain.change_of(entry, Account.PATIENT_RECEIVABLE)),
        prepaid_change=money(domain.negative(domain.change_of(entry, Account.DEFERRED_REVENUE))),
        amount=money(domain.size_of(entry)),
    )


def _entitlement(invoice: domain.Invoice) -> rpc.Entitlement:
    held = invoice.undelivered if invoice.status is domain.Status.PAID else Money(0)
    return rpc.Entitlement(
        invoice_id=str(invoice.invoice_id),
        sold_count=invoice.session_count,
        delivered_count=invoice.delivered_count,
        refunded_count=invoice.refunded_count,
        forfeited_count=invoice.forfeited_count,
        unused_count=invoice.unused_count,
        prepaid=money(Money(held.minor_units, invoice.unit_price.currency_code)),
    )
