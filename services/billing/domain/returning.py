"""What the gateway says of each part of a refund; halfway is a state like any other."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from chassis.refusal import NotAllowed
from services.billing.domain.decision import (
    NOTHING,
    Decision,
    RefundPaid,
    Superbill,
    SuperbillIssued,
    stating,
)
from services.billing.domain.invoice import Invoice, Payment, Status
from services.billing.domain.journal import Rule, post
from services.billing.domain.outcome import Declined, Outcome, Refunded
from services.billing.domain.refund import Part, PartStatus, Refund, RefundStatus


@dataclass(frozen=True, slots=True)
class Going:
    """Where a part goes back to, and the receipt that it makes wrong, if it is for one."""

    payment: Payment
    bill: Superbill | None = None


def conclude_part(
    refund: Refund, invoice: Invoice, going: Going, outcome: Outcome, now: datetime
) -> Decision:
    """One part after the gateway has answered about it; the same answer twice changes nothing."""
    part = part_for(refund, going.payment.payment_id)
    if part.status is not PartStatus.PENDING:
        return NOTHING
    match outcome:
        case Refunded():
            return _paid(refund, invoice, going, Rule.PAY_REFUND, now)
        case Declined(reason):
            failed = replace(part, status=PartStatus.FAILED, reason=reason)
            return Decision(kept=(_with(refund, failed, now),))
        case _:
            return NOTHING


def try_part_again(refund: Refund, payment_id: UUID, now: datetime) -> Decision:
    """Asked under a new key, because the old key remembers that it failed."""
    part = part_for(refund, payment_id)
    if part.status is PartStatus.PENDING:
        return NOTHING
    _must_have_failed(part)
    again = replace(part, status=PartStatus.PENDING, attempt=part.attempt + 1, reason="")
    return Decision(kept=(_with(refund, again, now),))


def pay_by_hand(refund: Refund, invoice: Invoice, going: Going, now: datetime) -> Decision:
    """A cheque or cash instead: what could not be sent is paid from the bank."""
    part = part_for(refund, going.payment.payment_id)
    if part.status is PartStatus.PAID:
        return NOTHING
    _must_have_failed(part)
    return _paid(refund, invoice, going, Rule.PAY_REFUND_BY_HAND, now)


def part_for(refund: Refund, payment_id: UUID) -> Part:
    """The part that goes back to a payment."""
    for part in refund.parts:
        if part.payment_id == payment_id:
            return part
    raise NotAllowed("WRONG_STATE", "No part of this refund goes back to that payment.")


def _paid(refund: Refund, invoice: Invoice, going: Going, rule: Rule, now: datetime) -> Decision:
    part = part_for(refund, going.payment.payment_id)
    done = _with(refund, replace(part, status=PartStatus.PAID), now)
    stated = stating(invoice, now)
    if _ends(done, invoice):
        stated = stated._replace(status=Status.REFUNDED)
    paid = Decision(
        invoice=stated,
        entries=(post(rule, part.part_id, invoice, part.minor_units, now),),
        events=(RefundPaid(stated, going.payment, part.minor_units),),
        kept=(done,),
    )
    return _receipted(paid, stated, going.bill, part.minor_units, now) if going.bill else paid


def _receipted(
    paid: Decision, invoice: Invoice, bill: Superbill, minor_units: int, now: datetime
) -> Decision:
    """A receipt is never edited: a further version says what is paid for now."""
    corrected = replace(
        bill, version=bill.version + 1, paid=bill.paid - minor_units, issue_time=now
    )
    stated = stating(invoice, now)
    issued = SuperbillIssued(stated, corrected)
    return replace(paid, invoice=stated, superbill=corrected, events=(*paid.events, issued))


def _ends(refund: Refund, invoice: Invoice) -> bool:
    """The last money has gone back for an invoice that was not issued again meanwhile."""
    return (
        refund.status is RefundStatus.PAID
        and invoice.status is Status.REFUND_PENDING
        and invoice.attempt == refund.invoice_attempt
    )


def _with(refund: Refund, part: Part, now: datetime) -> Refund:
    parts = tuple(part if one.payment_id == part.payment_id else one for one in refund.parts)
    stands = {one.status for one in parts}
    status = RefundStatus.PAID
    if PartStatus.PENDING in stands:
        status = RefundStatus.PENDING
    elif PartStatus.FAILED in stands:
        status = RefundStatus.FAILED
    return replace(refund, parts=parts, status=status, update_time=now)


def _must_have_failed(part: Part) -> None:
    if part.status is not PartStatus.FAILED:
        status = {"status": part.status.upper()}
        raise NotAllowed("WRONG_STATE", "This part has not failed.", status)
