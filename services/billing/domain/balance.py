"""A balance taken apart: fees before sessions, what is due before what is not, as the journal says.

Whoever pays a balance pays fees and charges first, then sessions, the earliest first, and last
what falls due later. An instalment is a part of the price of the sessions and pays no fee.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.billing.domain.accounts import Account
from services.billing.domain.instalments import Instalment, not_yet_due
from services.billing.domain.invoice import Invoice, Payment, PaymentStatus, Purpose
from services.billing.domain.journal import Entry, Rule
from services.billing.domain.money import Money
from services.billing.domain.statement import change_of

_FEES = frozenset({Rule.CHARGE_FEE, Rule.CHARGE_ITEM})
OF_ALL = frozenset({Rule.PAY_BALANCE, Rule.TAKE_BALANCE, Rule.REVERSE_FEE})
"""Rules that pay whatever is owed, fees first; a fee taken back may have been paid already."""
_COMING = frozenset({PaymentStatus.PENDING, PaymentStatus.UNKNOWN})


@dataclass(frozen=True, slots=True)
class Debt:
    """What is owed for one invoice, in minor units."""

    owed: int = 0
    fees: int = 0
    """Of it: fees and charges that nothing has paid yet."""
    forgiven: int = 0
    """Written off so far of the price of sessions; no part of what is owed."""
    waived: int = 0
    """Written off so far of fees and charges."""


def debt(entries: Sequence[Entry]) -> Debt:
    """An invoice's entries in order of posting, each weighed by its rule."""
    owed = fees = forgiven = waived = 0
    for entry in entries:
        change = change_of(entry, Account.PATIENT_RECEIVABLE).minor_units
        owed += change
        before = fees
        if entry.rule in _FEES or entry.rule in OF_ALL or entry.rule is Rule.WRITE_OFF:
            fees = max(0, fees + change)
        if entry.rule is Rule.WRITE_OFF:
            waived += before - fees
            forgiven += -change - (before - fees)
    return Debt(owed, fees, forgiven, waived)


def payable(invoice: Invoice, now_owed: Debt) -> Money:
    """What can be paid by itself: sessions of an open invoice are paid with its price."""
    apart = invoice.receivable if invoice.is_open else 0
    return Money(max(0, now_owed.owed - apart), invoice.unit_price.currency_code)


def forgivable(invoice: Invoice, now_owed: Debt) -> Money:
    """What can be written off: sessions to come are given up instead."""
    to_come = min(invoice.outstanding, invoice.undelivered.minor_units)
    most = payable(invoice, now_owed)
    return Money(max(0, most.minor_units - to_come), most.currency_code)


def returnable(invoice: Invoice, now_owed: Debt) -> Money:
    """What was paid too much, and nothing is left here that it could pay for."""
    return Money(max(0, -now_owed.owed), invoice.unit_price.currency_code)


def due(
    invoice: Invoice,
    most: Money,
    plan: Sequence[Instalment],
    payments: Sequence[Payment],
    now: datetime,
) -> Money:
    """How much of it can be asked for today: no later instalments, nothing on its way already."""
    later = min(invoice.outstanding, not_yet_due(plan, now))
    coming = sum(
        one.amount.minor_units
        for one in payments
        if one.status in _COMING and one.purpose in (Purpose.INSTALMENT, Purpose.BALANCE)
    )
    return Money(max(0, most.minor_units - later - coming), most.currency_code)
