"""Asking for money: a held series gets an invoice, and a payment that can be tried again."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chassis.refusal import NotAllowed
from services.billing.domain.decision import (
    NOTHING,
    Decision,
    EstimateIssued,
    Event,
    PaymentRequested,
    stating,
)
from services.billing.domain.invoice import Invoice, Payment, Status, invoice_id
from services.billing.domain.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """A held series, as billing needs to know it."""

    series_id: UUID
    series_revision: int
    referral_id: UUID
    patient_id: UUID
    clinic_id: UUID
    session_count: int
    infusion_minutes: int
    diagnosis: str = ""
    first_service: datetime | None = None
    last_service: datetime | None = None


def issue_for(need: Need, known: Invoice | None, unit_price: Money, now: datetime) -> Decision:
    """A series held is invoiced once; held again after its invoice ended, it is invoiced again."""
    if known is None:
        return issue(first_invoice(need, unit_price, now), now)
    if need.series_revision <= known.series_revision:
        return NOTHING
    match known.status:
        case Status.ISSUED | Status.PAID:
            return Decision(invoice=known._replace(series_revision=need.series_revision))
        case Status.VOID | Status.PAYMENT_FAILED | Status.REFUND_PENDING | Status.REFUNDED:
            again = anew(known, need, unit_price, now)
            if again.session_count > 0:
                return issue(again, now)
            return Decision(invoice=known._replace(series_revision=need.series_revision))


def loses_cover(need: Need, known: Invoice) -> bool:
    """Invoiced anew, it draws from a package only when that is applied anew."""
    ended = known.status not in (Status.ISSUED, Status.PAID)
    return known.covered_count > 0 and ended and need.series_revision > known.series_revision


def retry_payment(
    invoice: Invoice, request_id: UUID, earlier: Payment | None, now: datetime
) -> Decision:
    """A payment that failed is asked for once more, once for each request."""
    if earlier is not None:
        return NOTHING
    if invoice.status is not Status.PAYMENT_FAILED:
        status = {"status": invoice.status.upper()}
        raise NotAllowed("WRONG_STATE", "Only a failed payment can be tried again.", status)
    again = invoice._replace(status=Status.ISSUED, attempt=invoice.attempt + 1)
    return ask(again, now, request_id=request_id)


def first_invoice(need: Need, unit_price: Money, now: datetime) -> Invoice:
    """For all its sessions, before anything is said of it."""
    return Invoice(
        invoice_id=invoice_id(need.series_id),
        status=Status.ISSUED,
        series_id=need.series_id,
        series_revision=need.series_revision,
        referral_id=need.referral_id,
        patient_id=need.patient_id,
        clinic_id=need.clinic_id,
        attempt=1,
        unit_price=unit_price,
        infusion_minutes=need.infusion_minutes,
        diagnosis=need.diagnosis,
        session_count=need.session_count,
        issue_time=now,
        update_time=now,
    )


def anew(invoice: Invoice, need: Need, unit_price: Money, now: datetime) -> Invoice:
    """At today's price, for the sessions that were not delivered yet."""
    settled = invoice.settled_count + invoice.delivered_count
    return first_invoice(need, unit_price, now)._replace(
        revision=invoice.revision,
        attempt=invoice.attempt + 1,
        session_count=need.session_count - settled,
        settled_count=settled,
        turn=invoice.turn,
        disputed=invoice.disputed,
        is_restricted=invoice.is_restricted,
    )


def issue(invoice: Invoice, now: datetime) -> Decision:
    """Its estimate is stated, and its price asked for."""
    estimated = stating(invoice, now)
    return ask(estimated, now, EstimateIssued(estimated))


def ask(
    invoice: Invoice, now: datetime, *before: Event, request_id: UUID | None = None
) -> Decision:
    """Its whole price is asked for, as its newest try."""
    asked = stating(invoice, now)
    payment = Payment(
        payment_id=asked.payment_id,
        invoice_id=asked.invoice_id,
        attempt=asked.attempt,
        amount=asked.total,
        request_id=request_id,
        request_time=now,
        update_time=now,
    )
    return Decision(
        invoice=asked, payment=payment, events=(*before, PaymentRequested(asked, payment))
    )
