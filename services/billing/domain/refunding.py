"""A refund from the request over the second person's word to the gateway's answers."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from chassis.refusal import AlreadyExists, Invalid, NotAllowed, Violation
from services.billing.domain.accounts import Account
from services.billing.domain.decision import (
    NOTHING,
    Decision,
    SessionsGivenUp,
    Superbill,
    stating,
)
from services.billing.domain.invoice import Invoice, Status
from services.billing.domain.journal import Entry, Rule, enter, post
from services.billing.domain.money import Money
from services.billing.domain.quoting import RefundQuote, must_be_refundable
from services.billing.domain.refund import Part, PartStatus, Refund, RefundStatus, refund_id
from services.billing.domain.terms import Terms

GOODWILL = "goodwill"


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


@dataclass(frozen=True, slots=True)
class Goodwill:
    """So much for a session that was delivered."""

    bill: Superbill
    amount: Money
    on_its_way: int
    """Minor units that go back for it already."""

    @property
    def most(self) -> int:
        """What is left of what was paid."""
        return self.bill.paid - self.on_its_way


def request_refund(
    invoice: Invoice, quoted: RefundQuote, terms: Terms, by: Asking, now: datetime
) -> Decision:
    """Sessions are given up; above the limit a second person must agree first."""
    if not quoted.amount and not quoted.set_off:
        raise NotAllowed("NOTHING_TO_REFUND", "By the terms nothing would go back.")
    refund = replace(
        _new(invoice, quoted.amount, by, now),
        reason=quoted.reason,
        session_count=quoted.session_count,
        set_off=quoted.set_off.minor_units,
        kept=quoted.kept,
        terms=quoted.terms,
    )
    return _unless_too_much(refund, invoice, terms, now)


def request_goodwill(
    invoice: Invoice, given: Goodwill, terms: Terms, by: Asking, now: datetime
) -> Decision:
    """Money for a delivered session goes back, at most what was paid for it.

    The earliest payments paid for it; what pays for sessions to come stays where it is.
    """
    must_be_refundable(invoice)
    bill, amount = given.bill, given.amount
    most = max(0, min(given.most, _beyond_what_is_to_come(invoice, by.sources)))
    if amount.currency_code != bill.amount.currency_code or not 0 < amount.minor_units <= most:
        wanted = f"must be from 1 to {most} minor units of {bill.amount.currency_code}"
        fault = Violation("amount", wanted)
        raise Invalid("REFUND_ABOVE_PAID", "More than was paid cannot go back.", (fault,))
    refund = replace(
        _new(invoice, amount, replace(by, sources=by.sources[::-1]), now),
        reason=GOODWILL,
        superbill_id=bill.superbill_id,
        terms=terms.label,
    )
    return _unless_too_much(refund, invoice, terms, now)


def _beyond_what_is_to_come(invoice: Invoice, sources: Sequence[Source]) -> int:
    """What is left of the payments when every session still to come has been given back."""
    to_come = max(0, invoice.undelivered.minor_units - invoice.outstanding)
    return sum(source.left for source in sources) - to_come


def give_back_rest(
    invoice: Invoice, reason: str, by: Asking, now: datetime, keeping: RefundQuote | None = None
) -> Decision:
    """The series is given back: what came for sessions not had goes back to where it came from.

    What a plan had left to later instalments is not owed any more; what the terms keep is a fee.
    """
    value = invoice.undelivered.minor_units
    credit = min(value, invoice.outstanding)
    kept = min(keeping.kept if keeping else 0, value - credit)
    closed = invoice._replace(outstanding=invoice.outstanding - credit)
    cause = by.refund_id(invoice.invoice_id)
    entries: tuple[Entry, ...] = ()
    if credit:
        entries = (post(Rule.CANCEL_CREDIT, cause, invoice, credit, now),)
    if kept and value == credit + kept:
        sides = {Account.DEFERRED_REVENUE: kept, Account.CANCELLATION_FEES: -kept}
        entries += (enter(Rule.REFUND_UNUSED, cause, invoice, sides, now),)
    if value == credit + kept:
        used = invoice.refunded_count + invoice.unused_count
        ended = closed._replace(refunded_count=used, status=Status.REFUNDED, update_time=now)
        return Decision(invoice=ended, entries=entries)
    amount = Money(value - credit - kept, invoice.unit_price.currency_code)
    refund = replace(
        _new(closed, amount, by, now),
        reason=reason,
        session_count=invoice.unused_count,
        kept=kept,
        terms=keeping.terms if keeping else "",
    )
    begun = _begin(refund, closed, now)
    return replace(begun, entries=(*entries, *begun.entries))


def same_request(earlier: Refund, asked_count: int, reason: str) -> None:
    """A repeated call gets the refund it made; another call under its id gets an error."""
    if earlier.reason != reason or (asked_count and asked_count != earlier.session_count):
        raise AlreadyExists("REQUEST_ID_REUSED", "This request id was used for another refund.")


def same_goodwill(earlier: Refund, given: Goodwill) -> None:
    """The same for a refund of a delivered session."""
    if (earlier.superbill_id, earlier.amount) != (given.bill.superbill_id, given.amount):
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
    return _give_up(replace(refund, approved_by=person, update_time=now), invoice, now)


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


def _new(invoice: Invoice, amount: Money, by: Asking, now: datetime) -> Refund:
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


def _unless_too_much(refund: Refund, invoice: Invoice, terms: Terms, now: datetime) -> Decision:
    if refund.amount.minor_units > terms.approval_above:
        return Decision(kept=(refund,))
    return _give_up(refund, invoice, now)


def _give_up(refund: Refund, invoice: Invoice, now: datetime) -> Decision:
    """Who keeps the times of a series' sessions is told that some will not be had."""
    begun = _begin(refund, invoice, now)
    if begun.invoice is None or not refund.session_count or invoice.is_package:
        return begun
    stated = stating(begun.invoice, now)
    return replace(begun, invoice=stated, events=(SessionsGivenUp(stated, refund.session_count),))


def _begin(refund: Refund, invoice: Invoice, now: datetime) -> Decision:
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


def _wrong_state(refund: Refund) -> NotAllowed:
    status = {"status": refund.status.upper()}
    return NotAllowed("WRONG_STATE", "The refund is not in a state that admits this.", status)
