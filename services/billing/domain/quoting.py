"""What would go back for sessions given up, line by line, by the terms of the policy."""

from dataclasses import dataclass

from chassis.refusal import Invalid, NotAllowed, Violation
from services.billing.domain.invoice import Invoice, Status
from services.billing.domain.money import Money
from services.billing.domain.terms import RefundMethod, Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundQuote:
    """An answer to "what do I get back", and the revision of the invoice it holds for."""

    invoice_revision: int
    reason: str
    session_count: int
    value: Money
    """What the sessions were sold for."""
    clawed_back: Money
    """Discount that the kept sessions did not earn."""
    fee: Money
    """What the terms keep for this reason."""
    set_off: Money
    """What is not owed any more of a price that is paid in parts: that goes first."""
    amount: Money
    """What goes back."""
    terms: str

    @property
    def kept(self) -> int:
        """Minor units that do not go back."""
        return self.clawed_back.minor_units + self.fee.minor_units


def quote_refund(
    invoice: Invoice, list_price: Money, terms: Terms, reason: str, session_count: int
) -> RefundQuote:
    """The terms applied to the next so many unused sessions; 0 for all of them.

    What is still owed of their price is let go first; the terms keep of money that came.
    """
    percent = terms.deduction(reason)
    must_be_refundable(invoice)
    count = session_count or invoice.free_count
    if not 0 < count <= invoice.free_count:
        wanted = Violation("session_count", f"must be from 1 to {invoice.free_count}")
        raise Invalid("INVALID_REFUND", "There are not so many unused sessions.", (wanted,))
    value = invoice.unused_value(count)
    set_off = min(value, invoice.outstanding)
    spared = reason in terms.sparing
    clawed_back = 0 if spared else _clawed_back(invoice, list_price, terms, count)
    fee = min((value - clawed_back) * percent // 100, max(0, value - set_off - clawed_back))
    clawed_back = min(clawed_back, value - set_off)
    money = invoice.unit_price.currency_code
    return RefundQuote(
        invoice_revision=invoice.revision,
        reason=reason,
        session_count=count,
        value=Money(value, money),
        clawed_back=Money(clawed_back, money),
        fee=Money(fee, money),
        set_off=Money(set_off, money),
        amount=Money(value - clawed_back - fee - set_off, money),
        terms=terms.label,
    )


def must_be_refundable(invoice: Invoice) -> None:
    """Only money in hand goes back, and none that a bank holds."""
    if invoice.disputed:
        raise NotAllowed("DISPUTE_OPEN", "A bank holds this money; its decision comes first.")
    if invoice.status is not Status.PAID:
        status = {"status": invoice.status.upper()}
        raise NotAllowed("WRONG_STATE", "Only a paid invoice can be refunded.", status)


def _clawed_back(invoice: Invoice, list_price: Money, terms: Terms, count: int) -> int:
    """What is kept so that the kept sessions cost their single price, never more than there is."""
    if terms.method is RefundMethod.PRO_RATA:
        return 0
    kept = invoice.session_count - invoice.refunded_count - count
    earned = invoice.total.minor_units - invoice.returned - kept * list_price.minor_units
    value = invoice.unused_value(count)
    return value - max(0, min(value, earned))
