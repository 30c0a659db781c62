"""What a gateway's answer changes; the same answer twice changes nothing."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from services.billing.domain.decision import (
    NOTHING,
    Decision,
    PaymentCollected,
    PaymentFailed,
    PaymentRefunded,
    stating,
)
from services.billing.domain.invoice import Invoice, Payment, PaymentStatus, Status
from services.billing.domain.journal import Entry, Rule, post
from services.billing.domain.money import Money


@dataclass(frozen=True, slots=True)
class Charge:
    """What a gateway is asked for; the payment's id is the key that makes it once."""

    payment_id: UUID
    amount: Money


@dataclass(frozen=True, slots=True)
class Collected:
    """The money is ours."""


@dataclass(frozen=True, slots=True)
class Declined:
    """The money will not come, for a coded reason."""

    reason: str


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The money was not taken, and will not be under this key."""


@dataclass(frozen=True, slots=True)
class Refunded:
    """The money has gone back."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nobody can say yet: the same question must be asked again, under the same key."""


Outcome: TypeAlias = Collected | Declined | Cancelled | Refunded | Unknown

_AT_GATEWAY = (PaymentStatus.PENDING, PaymentStatus.CANCELLING)


def conclude(invoice: Invoice, payment: Payment, outcome: Outcome, now: datetime) -> Decision:
    """One payment after the gateway has answered about it."""
    match outcome:
        case Collected() if payment.status in _AT_GATEWAY:
            return _collected(invoice, _now(payment, PaymentStatus.COLLECTED, now), now)
        case Declined(reason) if payment.status in _AT_GATEWAY:
            failed = replace(_now(payment, PaymentStatus.FAILED, now), reason=reason)
            return _failed(invoice, failed, now)
        case Cancelled() if payment.status in _AT_GATEWAY:
            cancelled = replace(_now(payment, PaymentStatus.CANCELLED, now), reason="cancelled")
            return _failed(invoice, cancelled, now)
        case Refunded() if payment.status is PaymentStatus.REFUND_PENDING:
            return _refunded(invoice, _now(payment, PaymentStatus.REFUNDED, now), now)
        case _:
            return NOTHING


def _collected(invoice: Invoice, payment: Payment, now: datetime) -> Decision:
    """Money that came after the series was released counts: scheduling says what becomes of it."""
    amount = payment.amount.minor_units
    sold = post(Rule.SELL_PACKAGE, payment.payment_id, invoice, amount, now)
    if payment.attempt != invoice.attempt:
        due_back = replace(payment, status=PaymentStatus.REFUND_PENDING, refund=amount)
        back = post(Rule.REFUND, payment.payment_id, invoice, amount, now)
        return Decision(payment=due_back, entries=(sold, back))
    paid = stating(replace(invoice, status=Status.PAID, receivable=0), now)
    entries: tuple[Entry, ...] = (sold,)
    if owed := invoice.receivable:
        entries += (post(Rule.SETTLE_RECEIVABLE, payment.payment_id, invoice, owed, now),)
    return Decision(
        invoice=paid, payment=payment, entries=entries, events=(PaymentCollected(paid, payment),)
    )


def _failed(invoice: Invoice, payment: Payment, now: datetime) -> Decision:
    """Only a payment somebody still waits for is worth a fact."""
    if invoice.status is not Status.ISSUED or payment.attempt != invoice.attempt:
        return Decision(payment=payment)
    failed = stating(replace(invoice, status=Status.PAYMENT_FAILED), now)
    return Decision(invoice=failed, payment=payment, events=(PaymentFailed(failed, payment),))


def _refunded(invoice: Invoice, payment: Payment, now: datetime) -> Decision:
    """An invoice issued again meanwhile is left as it stands."""
    current = payment.attempt == invoice.attempt
    status = Status.REFUNDED if current else invoice.status
    refunded = stating(replace(invoice, status=status), now)
    return Decision(
        invoice=refunded,
        payment=payment,
        entries=(post(Rule.PAY_REFUND, payment.payment_id, invoice, payment.refund, now),),
        events=(PaymentRefunded(refunded, payment),),
    )


def _now(payment: Payment, status: PaymentStatus, now: datetime) -> Payment:
    return replace(payment, status=status, update_time=now)
