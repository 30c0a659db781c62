"""A refund of sessions not had is asked for; a second person agrees to it, or does not."""

from dataclasses import replace
from datetime import datetime

from chassis.refusal import AlreadyExists, NotAllowed
from services.billing.domain.decision import NOTHING, Decision
from services.billing.domain.invoice import Invoice, Status
from services.billing.domain.quoting import RefundQuote
from services.billing.domain.refund import Refund, RefundStatus
from services.billing.domain.sending_back import Asking, give_up, new_refund, unless_too_much
from services.billing.domain.terms import Terms


def request_refund(
    invoice: Invoice, quoted: RefundQuote, terms: Terms, by: Asking, now: datetime
) -> Decision:
    """Sessions are given up; above the limit a second person must agree first."""
    if not quoted.amount and not quoted.set_off:
        raise NotAllowed("NOTHING_TO_REFUND", "By the terms nothing would go back.")
    refund = replace(
        new_refund(invoice, quoted.amount, by, now),
        reason=quoted.reason,
        session_count=quoted.session_count,
        set_off=quoted.set_off.minor_units,
        kept=quoted.kept,
        terms=quoted.terms,
    )
    return unless_too_much(refund, invoice, terms, now)


def same_request(earlier: Refund, asked_count: int, reason: str) -> None:
    """A repeated call gets the refund it made; another call under its id gets an error."""
    if earlier.reason != reason or (asked_count and asked_count != earlier.session_count):
        raise AlreadyExists("REQUEST_ID_REUSED", "This request id was used for another refund.")


def approve(refund: Refund, invoice: Invoice, person: str, now: datetime) -> Decision:
    """The second person agrees to exactly what was asked; the same person again changes nothing."""
    if refund.status is not RefundStatus.REQUESTED:
        if refund.approved_by == person:
            return NOTHING
        raise _wrong_state(refund)
    if person == refund.requested_by:
        raise NotAllowed("SECOND_PERSON_REQUIRED", "Whoever asked cannot agree as well.")
    now_is, was = (invoice.revision, invoice.turn), (refund.invoice_revision, refund.invoice_turn)
    moved = now_is != was or _owes_otherwise(refund, invoice)
    if moved or invoice.disputed or invoice.status is not Status.PAID:
        raise NotAllowed("APPROVAL_STALE", "The invoice has changed since; ask for a new quote.")
    return give_up(replace(refund, approved_by=person, update_time=now), invoice, now)


def _owes_otherwise(refund: Refund, invoice: Invoice) -> bool:
    """Whether an instalment has come since it was quoted."""
    value = refund.amount.minor_units + refund.set_off + refund.kept
    return refund.session_count > 0 and refund.set_off != min(value, invoice.outstanding)


def reject(refund: Refund, person: str, now: datetime) -> Decision:
    """It will not be: nothing was posted, nothing goes back."""
    if refund.status is RefundStatus.REJECTED:
        return NOTHING
    if refund.status is not RefundStatus.REQUESTED:
        raise _wrong_state(refund)
    rejected = replace(refund, status=RefundStatus.REJECTED, approved_by=person, update_time=now)
    return Decision(kept=(rejected,))


def _wrong_state(refund: Refund) -> NotAllowed:
    status = {"status": refund.status.upper()}
    return NotAllowed("WRONG_STATE", "The refund is not in a state that admits this.", status)
