"""Paying at the desk, in cash or by card terminal: the whole price at once."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chassis.refusal import AlreadyExists, Invalid, NotAllowed, Violation
from services.billing.domain.collecting import AT_GATEWAY
from services.billing.domain.decision import (
    NOTHING,
    Decision,
    PaymentCollected,
    stating,
)
from services.billing.domain.invoice import (
    Invoice,
    Method,
    Payment,
    PaymentStatus,
    Status,
)
from services.billing.domain.journal import Entry, Rule, post
from services.billing.domain.money import Money

_SOLD = {Method.CASH: Rule.SELL_FOR_CASH, Method.CARD_TERMINAL: Rule.SELL_PACKAGE}


@dataclass(frozen=True, slots=True)
class Last:
    """The payment that an invoice asked for last, and whether a gateway may have heard of it."""

    payment: Payment
    unsent: bool


@dataclass(frozen=True, slots=True)
class AtDesk:
    """Money that somebody took in their hand, or with the card terminal."""

    request_id: UUID
    method: Method
    amount: Money


def pay_at_desk(
    invoice: Invoice, last: Last, paid: AtDesk, earlier: Payment | None, now: datetime
) -> Decision:
    """The whole price at once; what was asked for online is called off."""
    if earlier is not None:
        return same_payment(earlier, paid.amount, paid.method)
    must_be_open(invoice)
    if paid.amount != invoice.total:
        total = invoice.total
        wanted = f"must be {total.minor_units} minor units of {total.currency_code}"
        raise invalid_payment("amount", wanted)
    settled = stating(
        invoice._replace(status=Status.PAID, attempt=invoice.attempt + 1, receivable=0), now
    )
    payment = asked_for(settled, paid.request_id, paid.amount, now)._replace(
        status=PaymentStatus.COLLECTED,
        method=paid.method,
    )
    return Decision(
        invoice=settled,
        payment=payment,
        earlier=called_off(last, now),
        entries=_sold(_SOLD[paid.method], payment, invoice, now),
        events=(PaymentCollected(settled, payment),),
    )


def must_be_open(invoice: Invoice) -> None:
    """What is paid or void takes no money."""
    if not invoice.is_open:
        status = {"status": invoice.status.upper()}
        raise NotAllowed("WRONG_STATE", "Only an unpaid invoice can be paid.", status)


def asked_for(invoice: Invoice, request_id: UUID, amount: Money, now: datetime) -> Payment:
    """The newest try at a price, as a call asked for it."""
    return Payment(
        payment_id=invoice.payment_id,
        invoice_id=invoice.invoice_id,
        attempt=invoice.attempt,
        amount=amount,
        request_id=request_id,
        request_time=now,
        update_time=now,
    )


def _sold(rule: Rule, payment: Payment, invoice: Invoice, now: datetime) -> tuple[Entry, ...]:
    amount = payment.amount.minor_units
    entries = (post(rule, payment.payment_id, invoice, amount, now),)
    if owed := invoice.receivable:
        return *entries, post(Rule.SETTLE_RECEIVABLE, payment.payment_id, invoice, owed, now)
    return entries


def called_off(last: Last, now: datetime) -> Payment | None:
    """What is at the gateway still; only it knows whether the money was taken."""
    if last.payment.status not in AT_GATEWAY:
        return None
    status = PaymentStatus.CANCELLED if last.unsent else PaymentStatus.CANCELLING
    return last.payment._replace(status=status, update_time=now)


def same_payment(earlier: Payment, amount: Money, method: Method) -> Decision:
    """A repeated call changes nothing; another call under its id is refused."""
    if (earlier.amount, earlier.method) != (amount, method):
        raise AlreadyExists("REQUEST_ID_REUSED", "This request id was used for another payment.")
    return NOTHING


def invalid_payment(field: str, wanted: str) -> Invalid:
    """A payment that breaks a rule, with the field that does."""
    return Invalid("INVALID_PAYMENT", "The payment breaks a rule.", (Violation(field, wanted),))
