"""A whole payment that the gateway will not send back: still owed, and now a person's to settle."""

from datetime import datetime
from uuid import UUID

from chassis.ids import named
from services.billing.domain.decision import Decision
from services.billing.domain.invoice import Invoice, Payment, PaymentStatus
from services.billing.domain.money import Money
from services.billing.domain.refund import Part, PartStatus, Refund, RefundStatus, refund_id

GATEWAY_REFUSED = "gateway_refused"
_HOUSE = "halcyon"


def owe(invoice: Invoice, payment: Payment, reason: str, now: datetime) -> Decision:
    """Asking for ever would hide it: it becomes a refund that failed, which a person sees.

    The money was posted as payable when it was decided, so nothing is posted now; the refund is
    tried again or paid by hand like any other.
    """
    refund = failed_refund_id(payment.payment_id, invoice.invoice_id)
    part = Part(
        refund_id=refund,
        payment_id=payment.payment_id,
        minor_units=payment.refund,
        status=PartStatus.FAILED,
        reason=reason,
    )
    owed = Refund(
        refund_id=refund,
        invoice_id=invoice.invoice_id,
        invoice_revision=invoice.revision,
        invoice_turn=invoice.turn,
        invoice_attempt=payment.attempt,
        clinic_id=invoice.clinic_id,
        reason=GATEWAY_REFUSED,
        session_count=0,
        amount=Money(payment.refund, payment.amount.currency_code),
        kept=0,
        terms="",
        status=RefundStatus.FAILED,
        requested_by=_HOUSE,
        parts=(part,),
        request_time=now,
        update_time=now,
    )
    taken = payment._replace(
        status=PaymentStatus.COLLECTED, refund=0, reason=reason, update_time=now
    )
    return Decision(payment=taken, kept=(owed,))


def failed_refund_id(payment_id: UUID, invoice_id: UUID) -> UUID:
    """One payment that could not go back, one refund."""
    return refund_id(invoice_id, named(payment_id, GATEWAY_REFUSED))
