"""Money goes back to the payments it came from: how a refund is made out, and how it begins."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from chassis.refusal import Invalid, Violation
from services.billing.domain.accounts import Account
from services.billing.domain.decision import Decision, SessionsGivenUp, stating
from services.billing.domain.invoice import Invoice, Status
from services.billing.domain.journal import Entry, Rule, enter, post
from services.billing.domain.money import Money
from services.billing.domain.refund import Part, PartStatus, Refund, RefundStatus, refund_id
from services.billing.domain.terms import Terms


@dataclass(frozen=True, slots=True)
class Source:
    """A payment that money can go back to, and how much of it is left there."""

    payment_id: UUID
    left: int


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks for a refund, once, and the payments that it can go back to."""

    request_id: UUID
    person: str
    sources: Sequence[Source]

    def refund_id(self, invoice_id: UUID) -> UUID:
        """One request, one refund."""
        return refund_id(invoice_id, self.request_id)


def new_refund(invoice: Invoice, amount: Money, by: Asking, now: datetime) -> Refund:
    """Asked for, and not begun: which payments give how much is settled here."""
    refund = by.refund_id(invoice.invoice_id)
    return Refund(
        refund_id=refund,
        invoice_id=invoice.invoice_id,
        invoice_revision=invoice.revision,
        invoice_turn=invoice.turn,
        invoice_attempt=invoice.attempt,
        clinic_id=invoice.clinic_id,
        reason="",
        session_count=0,
        amount=amount,
        kept=0,
        terms="",
        status=RefundStatus.REQUESTED,
        requested_by=by.person,
        parts=_parts(refund, amount.minor_units, by.sources),
        request_time=now,
        update_time=now,
    )


def _parts(refund: UUID, amount: int, sources: Sequence[Source]) -> tuple[Part, ...]:
    """Each payment gets back what it can, the first of them first."""
    parts = []
    for source in sources:
        share = min(amount, source.left)
        if share > 0:
            parts.append(Part(refund_id=refund, payment_id=source.payment_id, minor_units=share))
            amount -= share
    if amount:
        fault = Violation("amount", f"is {amount} minor units more than was paid")
        raise Invalid("REFUND_ABOVE_PAID", "More than was paid cannot go back.", (fault,))
    return tuple(parts)


def unless_too_much(refund: Refund, invoice: Invoice, terms: Terms, now: datetime) -> Decision:
    """It begins at once; above the limit of the terms a second person must agree first."""
    if refund.amount.minor_units > terms.approval_above:
        return Decision(kept=(refund,))
    return give_up(refund, invoice, now)


def give_up(refund: Refund, invoice: Invoice, now: datetime) -> Decision:
    """Who keeps the times of a series' sessions is told that some will not be had."""
    begun = begin(refund, invoice, now)
    if begun.invoice is None or not refund.session_count or invoice.is_package:
        return begun
    stated = stating(begun.invoice, now)
    return replace(begun, invoice=stated, events=(SessionsGivenUp(stated, refund.session_count),))


def begin(refund: Refund, invoice: Invoice, now: datetime) -> Decision:
    """From here on the money is owed, and on its way."""
    parts = tuple(replace(part, status=PartStatus.PENDING) for part in refund.parts)
    status = RefundStatus.PENDING if parts else RefundStatus.PAID
    begun = replace(refund, status=status, parts=parts, update_time=now)
    back = refund.amount.minor_units + refund.set_off
    given_up = invoice._replace(
        refunded_count=invoice.refunded_count + refund.session_count,
        turn=invoice.turn + 1,
        returned=invoice.returned + (back if refund.session_count else 0),
        outstanding=invoice.outstanding - refund.set_off,
        update_time=now,
    )
    if refund.session_count and not given_up.unused_count:
        ended = Status.REFUND_PENDING if parts else Status.REFUNDED
        given_up = given_up._replace(status=ended)
    return Decision(invoice=given_up, entries=(_owed(begun, invoice, now),), kept=(begun,))


def _owed(refund: Refund, invoice: Invoice, now: datetime) -> Entry:
    amount = refund.amount.minor_units
    if not refund.session_count:
        return post(Rule.REFUND_DELIVERED, refund.refund_id, invoice, amount, now)
    sides = {
        Account.DEFERRED_REVENUE: amount + refund.set_off + refund.kept,
        Account.PATIENT_RECEIVABLE: -refund.set_off,
        Account.REFUNDS_PAYABLE: -amount,
        Account.CANCELLATION_FEES: -refund.kept,
    }
    return enter(Rule.REFUND_UNUSED, refund.refund_id, invoice, sides, now)
