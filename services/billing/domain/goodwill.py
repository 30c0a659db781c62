"""Goodwill: money for a session that was delivered goes back."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from chassis.refusal import AlreadyExists, Invalid, Violation
from services.billing.domain.decision import Decision, Superbill
from services.billing.domain.invoice import Invoice
from services.billing.domain.money import Money
from services.billing.domain.quoting import must_be_refundable
from services.billing.domain.refund import Refund
from services.billing.domain.sending_back import Asking, Source, new_refund, unless_too_much
from services.billing.domain.terms import Terms

GOODWILL = "goodwill"


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
        new_refund(invoice, amount, replace(by, sources=by.sources[::-1]), now),
        reason=GOODWILL,
        superbill_id=bill.superbill_id,
        terms=terms.label,
    )
    return unless_too_much(refund, invoice, terms, now)


def _beyond_what_is_to_come(invoice: Invoice, sources: Sequence[Source]) -> int:
    """What is left of the payments when every session still to come has been given back."""
    to_come = max(0, invoice.undelivered.minor_units - invoice.outstanding)
    return sum(source.left for source in sources) - to_come


def same_goodwill(earlier: Refund, given: Goodwill) -> None:
    """The same for a refund of a delivered session."""
    if (earlier.superbill_id, earlier.amount) != (given.bill.superbill_id, given.amount):
        raise AlreadyExists("REQUEST_ID_REUSED", "This request id was used for another refund.")
