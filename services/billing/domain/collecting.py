"""What a gateway's answer changes; the same answer twice changes nothing."""

from datetime import datetime
from functools import partial

from services.billing.domain.decision import (
    NOTHING,
    Decision,
    PaymentCollected,
    PaymentFailed,
    PaymentRefunded,
    stating,
)
from services.billing.domain.invoice import Invoice, Payment, PaymentStatus, Purpose, Status
from services.billing.domain.journal import Entry, Rule, post
from services.billing.domain.outcome import (
    ActionNeeded,
    Cancelled,
    Collected,
    Declined,
    NeverAsked,
    Outcome,
    Refunded,
    Unknown,
)
from services.billing.domain.owing import owe

NEVER_REACHED = "never_reached"
"""Why a payment failed whose key the gateway forgot, if it ever heard it."""
AT_GATEWAY = frozenset(
    {
        PaymentStatus.PENDING,
        PaymentStatus.UNKNOWN,
        PaymentStatus.ACTION_NEEDED,
        PaymentStatus.CANCELLING,
    }
)


def conclude(
    invoice: Invoice, payment: Payment, outcome: Outcome, now: datetime, owed: int = 0
) -> Decision:
    """One payment after the gateway has answered about it; `owed` bounds one of a balance."""
    package = payment.purpose in (Purpose.PACKAGE, Purpose.DEPOSIT)
    came, ended, back = _PACKAGE if package else _INSTALMENT
    if payment.purpose is Purpose.BALANCE:
        came = partial(_balance_came, owed=owed)
    if isinstance(outcome, Refunded) and payment.status is PaymentStatus.REFUND_PENDING:
        return back(invoice, _now(payment, PaymentStatus.REFUNDED, now), now)
    if isinstance(outcome, Declined) and payment.status is PaymentStatus.REFUND_PENDING:
        return owe(invoice, payment, outcome.reason, now)
    if payment.status not in AT_GATEWAY:
        return NOTHING
    match outcome:
        case Collected(reference):
            collected = _now(payment, PaymentStatus.COLLECTED, now)
            return came(invoice, collected._replace(reference=reference, action=""), now)
        case Declined(reason):
            return ended(invoice, _ended(payment, PaymentStatus.FAILED, reason, now), now)
        case Cancelled():
            return ended(invoice, _ended(payment, PaymentStatus.CANCELLED, "cancelled", now), now)
        case NeverAsked() if payment.status is PaymentStatus.UNKNOWN:
            return ended(invoice, _ended(payment, PaymentStatus.FAILED, NEVER_REACHED, now), now)
        case ActionNeeded(action, reference) if payment.status is not PaymentStatus.CANCELLING:
            waiting = payment._replace(action=action, reference=reference)
            return _waiting(payment, _now(waiting, PaymentStatus.ACTION_NEEDED, now))
        case Unknown() if payment.status is PaymentStatus.PENDING:
            return Decision(payment=_now(payment, PaymentStatus.UNKNOWN, now))
        case _:
            return NOTHING


def must_be_asked_again(payment: Payment, outcome: Outcome) -> bool:
    """Whether the answer leaves the same question open; a first silence leaves another one."""
    match payment.status:
        case PaymentStatus.CANCELLING:
            return not isinstance(outcome, Collected | Declined | Cancelled)
        case PaymentStatus.REFUND_PENDING:
            return not isinstance(outcome, Refunded | Declined)
        case PaymentStatus.UNKNOWN | PaymentStatus.ACTION_NEEDED:
            return isinstance(outcome, Unknown)
        case _:
            return False


def is_in_doubt(payment: Payment) -> bool:
    """Whether only the gateway knows what became of it."""
    return payment.status in (PaymentStatus.UNKNOWN, PaymentStatus.ACTION_NEEDED)


def _waiting(before: Payment, payment: Payment) -> Decision:
    """Asked again and told the same: nothing is new."""
    return (
        NOTHING
        if payment._replace(update_time=before.update_time) == before
        else Decision(payment=payment)
    )


def _ended(payment: Payment, status: PaymentStatus, reason: str, now: datetime) -> Payment:
    return _now(payment, status, now)._replace(reason=reason, action="")


def _collected(invoice: Invoice, payment: Payment, now: datetime) -> Decision:
    """Money that came after the series was released counts: scheduling says what becomes of it."""
    amount = payment.amount.minor_units
    sold = post(Rule.SELL_PACKAGE, payment.payment_id, invoice, amount, now)
    if payment.attempt != invoice.attempt or _is_paid_elsewhere(invoice):
        due_back = payment._replace(status=PaymentStatus.REFUND_PENDING, refund=amount)
        back = post(Rule.REFUND, payment.payment_id, invoice, amount, now)
        return Decision(payment=due_back, entries=(sold, back))
    rest = invoice.total.minor_units - amount if payment.purpose is Purpose.DEPOSIT else 0
    paid = stating(invoice._replace(status=Status.PAID, receivable=0, outstanding=rest), now)
    entries: tuple[Entry, ...] = (sold,)
    if rest:
        entries += (post(Rule.SELL_ON_CREDIT, payment.payment_id, invoice, rest, now),)
    if owed := invoice.receivable:
        entries += (post(Rule.SETTLE_RECEIVABLE, payment.payment_id, invoice, owed, now),)
    return Decision(
        invoice=paid, payment=payment, entries=entries, events=(PaymentCollected(paid, payment),)
    )


def _is_paid_elsewhere(invoice: Invoice) -> bool:
    """Called off, and its delivered sessions were paid as a balance: nobody waits for a price."""
    delivered = invoice.total.minor_units - invoice.undelivered.minor_units
    return invoice.status is Status.VOID and invoice.receivable < delivered


def _failed(invoice: Invoice, payment: Payment, now: datetime) -> Decision:
    """Only a payment somebody still waits for is worth a fact."""
    if invoice.status is not Status.ISSUED or payment.attempt != invoice.attempt:
        return Decision(payment=payment)
    failed = stating(invoice._replace(status=Status.PAYMENT_FAILED), now)
    return Decision(invoice=failed, payment=payment, events=(PaymentFailed(failed, payment),))


def _refunded(invoice: Invoice, payment: Payment, now: datetime) -> Decision:
    """An invoice issued again meanwhile is left as it stands."""
    current = payment.attempt == invoice.attempt
    status = Status.REFUNDED if current else invoice.status
    refunded = stating(invoice._replace(status=status), now)
    return Decision(
        invoice=refunded,
        payment=payment,
        entries=(post(Rule.PAY_REFUND, payment.payment_id, invoice, payment.refund, now),),
        events=(PaymentRefunded(refunded, payment),),
    )


def _now(payment: Payment, status: PaymentStatus, now: datetime) -> Payment:
    return payment._replace(status=status, update_time=now)


def _instalment_came(invoice: Invoice, payment: Payment, now: datetime) -> Decision:
    """A part of what is owed: it moves no series, and what is owed no more goes back."""
    applied = min(payment.amount.minor_units, invoice.outstanding)
    left = invoice._replace(outstanding=invoice.outstanding - applied, update_time=now)
    return _came_later(left, payment, Rule.PAY_INSTALMENT, applied, now)


def _balance_came(invoice: Invoice, payment: Payment, now: datetime, *, owed: int) -> Decision:
    """Whatever is owed by then, fees with it; paid elsewhere meanwhile, it goes back."""
    applied = min(payment.amount.minor_units, owed)
    left = invoice.after_paying(owed - applied)._replace(update_time=now)
    return _came_later(left, payment, Rule.TAKE_BALANCE, applied, now)


def _came_later(
    invoice: Invoice, payment: Payment, rule: Rule, applied: int, now: datetime
) -> Decision:
    excess = payment.amount.minor_units - applied
    sides = ((rule, applied), (Rule.OVERPAID, excess))
    if excess:
        payment = payment._replace(status=PaymentStatus.REFUND_PENDING, refund=excess)
    return Decision(
        invoice=invoice,
        payment=payment,
        entries=tuple([post(why, payment.payment_id, invoice, n, now) for why, n in sides if n]),
    )


def _instalment_ended(invoice: Invoice, payment: Payment, now: datetime) -> Decision:
    """What is owed is still owed."""
    return Decision(payment=payment)


def _instalment_back(invoice: Invoice, payment: Payment, now: datetime) -> Decision:
    back = post(Rule.PAY_REFUND, payment.payment_id, invoice, payment.refund, now)
    return Decision(payment=payment, entries=(back,))


_PACKAGE = _collected, _failed, _refunded
_INSTALMENT = _instalment_came, _instalment_ended, _instalment_back
