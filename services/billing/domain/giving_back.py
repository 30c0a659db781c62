"""A series is given back: what came for sessions not had goes back to where it came from."""

from dataclasses import replace
from datetime import datetime

from services.billing.domain.accounts import Account
from services.billing.domain.decision import Decision
from services.billing.domain.invoice import Invoice, Status
from services.billing.domain.journal import Entry, Rule, enter, post
from services.billing.domain.money import Money
from services.billing.domain.quoting import RefundQuote
from services.billing.domain.sending_back import Asking, begin, new_refund


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
        new_refund(closed, amount, by, now),
        reason=reason,
        session_count=invoice.unused_count,
        kept=kept,
        terms=keeping.terms if keeping else "",
    )
    begun = begin(refund, closed, now)
    return replace(begun, entries=(*entries, *begun.entries))
