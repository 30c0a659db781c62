"""What callers ask and are told, in the contract's words."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from halcyon.billing.v1 import billing_pb2 as nouns
from services.billing import domain
from services.billing.wire.stated import time

_STATUSES: Mapping["nouns.InvoiceStatus.ValueType", domain.Status] = {
    nouns.INVOICE_STATUS_ISSUED: domain.Status.ISSUED,
    nouns.INVOICE_STATUS_PAID: domain.Status.PAID,
    nouns.INVOICE_STATUS_PAYMENT_FAILED: domain.Status.PAYMENT_FAILED,
    nouns.INVOICE_STATUS_VOID: domain.Status.VOID,
    nouns.INVOICE_STATUS_REFUND_PENDING: domain.Status.REFUND_PENDING,
    nouns.INVOICE_STATUS_REFUNDED: domain.Status.REFUNDED,
}
_NUMBERS = {status: number for number, status in _STATUSES.items()}


def invoice(found: domain.Invoice) -> nouns.Invoice:
    """An invoice as callers see it."""
    return nouns.Invoice(
        invoice_id=str(found.invoice_id),
        revision=found.revision,
        status=_NUMBERS[found.status],
        estimate_id=str(found.estimate_id),
        payment_id=str(found.payment_id),
        series_id=str(found.series_id),
        referral_id=str(found.referral_id),
        patient_id=str(found.patient_id),
        clinic_id=str(found.clinic_id),
        lines=map(_line, found.lines),
        total=money(found.total),
        session_count=found.session_count,
        delivered_count=found.delivered_count,
        issue_time=time(found.issue_time),
        update_time=time(found.update_time),
        package_invoice_id=str(found.package_id) if found.package_id else "",
        covered_session_count=found.covered_count,
    )


def entry(found: domain.Entry) -> nouns.JournalEntry:
    """An entry of the journal as callers see it."""
    return nouns.JournalEntry(
        entry_id=str(found.entry_id),
        rule=found.rule,
        invoice_id=str(found.invoice_id) if found.invoice_id else "",
        postings=[
            nouns.Posting(account=one.title, amount=money(one.amount)) for one in found.postings
        ],
        post_time=time(found.post_time),
    )


def balances(found: Iterable[domain.Posting]) -> list[nouns.AccountBalance]:
    """The trial balance as callers see it."""
    return [nouns.AccountBalance(account=one.title, balance=money(one.amount)) for one in found]


def clinic_price(message: nouns.ClinicPrice) -> tuple[UUID, domain.Money]:
    """What a clinic is to charge."""
    price = message.infusion_price
    return UUID(message.clinic_id), domain.Money(price.minor_units, price.currency_code)


def status(asked: "nouns.InvoiceStatus.ValueType") -> domain.Status | None:
    """The status a caller looks for; None for any."""
    return _STATUSES.get(asked)


def money(amount: domain.Money) -> nouns.Money:
    """An amount as callers see it."""
    return nouns.Money(currency_code=amount.currency_code, minor_units=amount.minor_units)


def _line(line: domain.Line) -> nouns.InvoiceLine:
    return nouns.InvoiceLine(
        description=line.description,
        quantity=line.quantity,
        unit_price=money(line.unit_price),
        amount=money(line.amount),
    )
