"""Money that moves without a session: payouts, balances paid or written off, credits returned."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from chassis.ids import named
from chassis.refusal import AlreadyExists, Invalid, Violation
from services.billing.domain.accounts import Account
from services.billing.domain.balance import Debt, forgivable, payable, returnable
from services.billing.domain.decision import NOTHING, Decision
from services.billing.domain.invoice import (
    Invoice,
    Method,
    Payment,
    PaymentStatus,
    Purpose,
    apart,
)
from services.billing.domain.journal import Entry, Posting, Rule, post
from services.billing.domain.money import Money
from services.billing.domain.statement import size_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Payout:
    """What the processor sent to a clinic's bank account."""

    clinic_id: UUID
    reference: str
    """The processor's own id of the payout."""
    gross: Money
    fee: int

    @property
    def cause_id(self) -> UUID:
        """One payout, one cause."""
        return named(self.clinic_id, f"payout/{self.reference}")


def pay_out(payout: Payout, known: Entry | None, now: datetime) -> Entry:
    """The bank has the money, less what the processor kept; told twice, posted once."""
    entry = _payout_entry(payout, now)
    if known is None:
        return entry
    if known.postings != entry.postings:
        raise AlreadyExists("REQUEST_ID_REUSED", "This payout was recorded with other amounts.")
    return known


def _payout_entry(payout: Payout, now: datetime) -> Entry:
    gross, fee, code = payout.gross.minor_units, payout.fee, payout.gross.currency_code
    if not 0 <= fee <= gross:
        fault = Violation("fee", f"must be from 0 to {gross} minor units")
        raise Invalid("INVALID_PAYOUT", "A payout's fee is a part of it.", (fault,))
    sides = {
        Account.BANK: gross - fee,
        Account.PROCESSOR_FEES: fee,
        Account.PROCESSOR_CLEARING: -gross,
    }
    return Entry(
        entry_id=named(payout.cause_id, Rule.PAY_OUT),
        cause_id=payout.cause_id,
        rule=Rule.PAY_OUT,
        invoice_id=None,
        clinic_id=payout.clinic_id,
        postings=tuple([Posting(side, Money(n, code)) for side, n in sides.items() if n]),
        post_time=now,
    )


_AT_MOST: Mapping[Rule, Callable[[Invoice, Debt], Money]] = {
    Rule.PAY_BALANCE: payable,
    Rule.WRITE_OFF: forgivable,
    Rule.RETURN_CREDIT: returnable,
}


@dataclass(frozen=True, slots=True)
class Clearing:
    """A balance that is paid at the desk or written off, or a credit returned; once a call."""

    request_id: UUID
    rule: Rule
    amount: Money


@dataclass(frozen=True, slots=True)
class Earlier:
    """What a call's id has done already."""

    entry: Entry | None = None
    payment: Payment | None = None


def clear_balance(
    invoice: Invoice, owed: Debt, clearing: Clearing, earlier: Earlier, now: datetime
) -> Decision:
    """At most what there is; a repeated call posts nothing, another under its id is refused."""
    amount = clearing.amount
    if earlier.entry is not None and size_of(earlier.entry) == amount:
        return NOTHING
    if earlier != Earlier():
        raise AlreadyExists("REQUEST_ID_REUSED", "This request id was used for something else.")
    at_most = most_of(clearing.rule, invoice, owed)
    most, code = at_most.minor_units, at_most.currency_code
    if amount.currency_code != code or not 0 < amount.minor_units <= most:
        fault = Violation("amount", f"must be from 1 to {most} minor units of {code}")
        raise Invalid("ABOVE_BALANCE", "No more than there is can be cleared.", (fault,))
    cause = balance_cause(invoice.invoice_id, clearing.request_id)
    entry = post(clearing.rule, cause, invoice, amount.minor_units, now)
    if clearing.rule is Rule.RETURN_CREDIT:
        return Decision(entries=(entry,))
    left = invoice.after_paying(owed.owed - amount.minor_units)
    cleared = Decision(invoice=left if left != invoice else None, entries=(entry,))
    if clearing.rule is Rule.WRITE_OFF:
        return cleared
    return replace(cleared, payment=_taken(invoice, cause, clearing, now))


def _taken(invoice: Invoice, payment_id: UUID, clearing: Clearing, now: datetime) -> Payment:
    """Money that came over the desk can go back over it."""
    return Payment(
        payment_id=payment_id,
        invoice_id=invoice.invoice_id,
        attempt=apart(payment_id),
        status=PaymentStatus.COLLECTED,
        amount=clearing.amount,
        method=Method.CASH,
        purpose=Purpose.BALANCE,
        request_id=clearing.request_id,
        request_time=now,
        update_time=now,
    )


def most_of(rule: Rule, invoice: Invoice, owed: Debt) -> Money:
    """How much of an invoice's balance a rule can clear."""
    return _AT_MOST[rule](invoice, owed)


def balance_cause(invoice_id: UUID, request_id: UUID) -> UUID:
    """One call, one cause."""
    return named(invoice_id, f"balance/{request_id}")
