"""The only writer: state, journal, facts and errands are kept together."""

from dataclasses import asdict
from datetime import timedelta

from chassis.database import Tx
from chassis.plans import made
from services.billing import domain, wire
from services.billing.domain import PaymentStatus
from services.billing.store.keeping import keep
from services.billing.store.returns import remind_later
from services.billing.store.rows import EntryRow, InvoiceRow, PaymentRow, SuperbillRow

COLLECT = "collect-payment"
RECONCILE = "reconcile-payment"
REFUND = "refund-payment"
CHASE = "chase-payment"
PAYER_IS_ASKED_AFTER = timedelta(minutes=15)
"""A webhook may be lost: this often the gateway is asked whether the payer has acted."""


async def record(tx: Tx, decision: domain.Decision) -> None:
    """Keep a decision whole."""
    if decision.invoice:
        tx.put(_invoice_row(decision.invoice))
    if decision.payment:
        tx.put(_payment_row(decision.payment))
        _see_to_errands(tx, decision.payment)
    if decision.earlier:
        tx.put(_payment_row(decision.earlier))
        _see_to_errands(tx, decision.earlier)
    if decision.superbill:
        tx.put(_superbill_row(decision.superbill))
    for bill in decision.revised:
        tx.put(_superbill_row(bill))
    for entry in decision.entries:
        put_entry(tx, entry)
        remind_later(tx, entry)
    for one in decision.kept:
        keep(tx, one)
    for event in decision.events:
        if fact := wire.fact(event):
            tx.emit(fact)


def put_entry(tx: Tx, entry: domain.Entry) -> None:
    """One entry of the journal."""
    tx.put(_entry_row(entry))


def is_unsent(tx: Tx, payment: domain.Payment | None) -> bool:
    """Asked for in this very transaction: no gateway can have heard of it."""
    return payment is not None and (COLLECT, payment.payment_id) in tx.written.asked


def _see_to_errands(tx: Tx, payment: domain.Payment) -> None:
    """A payment that waits for the gateway has an errand, and no other has."""
    match payment.status:
        case PaymentStatus.PENDING | PaymentStatus.CANCELLING:
            tx.errand(COLLECT, payment.payment_id)
        case PaymentStatus.UNKNOWN:
            tx.done(COLLECT, payment.payment_id)
            tx.errand(RECONCILE, payment.payment_id)
        case PaymentStatus.ACTION_NEEDED:
            tx.done(COLLECT, payment.payment_id)
            tx.due(CHASE, payment.payment_id, tx.now + PAYER_IS_ASKED_AFTER)
        case PaymentStatus.COLLECTED | PaymentStatus.FAILED | PaymentStatus.CANCELLED:
            tx.done(COLLECT, payment.payment_id)
        case PaymentStatus.REFUND_PENDING:
            tx.done(COLLECT, payment.payment_id)
            tx.errand(REFUND, payment.payment_id)
        case PaymentStatus.REFUNDED:
            tx.done(REFUND, payment.payment_id)


def _invoice_row(invoice: domain.Invoice) -> InvoiceRow:
    return made(
        InvoiceRow,
        invoice_id=invoice.invoice_id,
        revision=invoice.revision,
        status=invoice.status.value,
        series_id=invoice.series_id,
        series_revision=invoice.series_revision,
        referral_id=invoice.referral_id,
        patient_id=invoice.patient_id,
        clinic_id=invoice.clinic_id,
        attempt=invoice.attempt,
        unit_minor_units=invoice.unit_price.minor_units,
        currency_code=invoice.unit_price.currency_code,
        infusion_minutes=invoice.infusion_minutes,
        session_count=invoice.session_count,
        delivered_count=invoice.delivered_count,
        settled_count=invoice.settled_count,
        refunded_count=invoice.refunded_count,
        forfeited_count=invoice.forfeited_count,
        turn=invoice.turn,
        diagnosis=invoice.diagnosis,
        is_restricted=invoice.is_restricted,
        returned_minor_units=invoice.returned,
        disputed_minor_units=invoice.disputed,
        total_minor_units=invoice.total.minor_units,
        receivable_minor_units=invoice.receivable,
        outstanding_minor_units=invoice.outstanding,
        package_id=invoice.package_id,
        covered_count=invoice.covered_count,
        issue_time=invoice.issue_time,
        update_time=invoice.update_time,
    )


def _payment_row(payment: domain.Payment) -> PaymentRow:
    return made(
        PaymentRow,
        payment_id=payment.payment_id,
        invoice_id=payment.invoice_id,
        attempt=payment.attempt,
        status=payment.status.value,
        minor_units=payment.amount.minor_units,
        currency_code=payment.amount.currency_code,
        refund_minor_units=payment.refund,
        reason=payment.reason,
        reference=payment.reference,
        action=payment.action,
        method=payment.method.value,
        purpose=payment.purpose.value,
        card=payment.card,
        request_id=payment.request_id,
        request_time=payment.request_time,
        update_time=payment.update_time,
    )


def _entry_row(entry: domain.Entry) -> EntryRow:
    return made(
        EntryRow,
        position=None,
        entry_id=entry.entry_id,
        cause_id=entry.cause_id,
        rule=entry.rule.value,
        invoice_id=entry.invoice_id,
        clinic_id=entry.clinic_id,
        accounts=[int(posting.account) for posting in entry.postings],
        amounts=[posting.amount.minor_units for posting in entry.postings],
        currency_code=entry.postings[0].amount.currency_code,
        post_time=entry.post_time,
    )


def _superbill_row(superbill: domain.Superbill) -> SuperbillRow:
    return made(
        SuperbillRow,
        superbill_id=superbill.superbill_id,
        version=superbill.version,
        session_id=superbill.session_id,
        session_revision=superbill.session_revision,
        invoice_id=superbill.invoice_id,
        clinic_id=superbill.clinic_id,
        procedure_codes=list(superbill.procedure_codes),
        running_minutes=superbill.running_minutes,
        given_micrograms=superbill.given_micrograms,
        diagnosis=superbill.diagnosis,
        lines=list(map(asdict, superbill.lines)),
        claim_table=superbill.table,
        is_void=superbill.is_void,
        minor_units=superbill.amount.minor_units,
        paid_minor_units=superbill.paid,
        currency_code=superbill.amount.currency_code,
        service_time=superbill.service_time,
        issue_time=superbill.issue_time,
    )
