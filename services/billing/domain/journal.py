"""The journal: balanced entries that are only ever added, one for each cause and rule."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from chassis.ids import named
from services.billing.domain.accounts import TITLES, Account
from services.billing.domain.invoice import Invoice
from services.billing.domain.money import Money


class Rule(StrEnum):
    """Why an entry was made; with its cause it is unique."""

    SELL_PACKAGE = "sell_package"
    """Money came: we owe sessions for it. Cause: the payment."""
    SETTLE_RECEIVABLE = "settle_receivable"
    """Money came for sessions delivered before it. Cause: the payment."""
    DELIVER_SESSION = "deliver_session"
    """A paid session was delivered: the money is earned. Cause: the session."""
    DELIVER_UNPAID = "deliver_unpaid"
    """A session was delivered without money in hand. Cause: the session."""
    REFUND = "refund"
    """Money is to go back. Cause: the payment."""
    PAY_REFUND = "pay_refund"
    """Money has gone back. Cause: the payment, or the part of a refund."""
    REFUND_UNUSED = "refund_unused"
    """Sessions were given up: money is to go back, a fee is kept. Cause: the refund."""
    REFUND_DELIVERED = "refund_delivered"
    """Money for a delivered session is to go back. Cause: the refund."""
    PAY_REFUND_BY_HAND = "pay_refund_by_hand"
    """What the gateway could not send went by cheque or cash. Cause: the refund's part."""
    FORFEIT_SESSION = "forfeit_session"
    """A paid session was missed too late to be kept. Cause: the session."""
    CHARGE_FEE = "charge_fee"
    """A fee for a missed session is owed. Cause: the session."""
    REVERSE_FEE = "reverse_fee"
    """The fee was taken back. Cause: the session."""
    EXPIRE_PACKAGE = "expire_package"
    """Sessions not used in time are not owed any more. Cause: the payment."""
    PAY_BALANCE = "pay_balance"
    """The patient paid what was owed. Cause: the call that recorded it."""
    WRITE_OFF = "write_off"
    """What is owed will not come. Cause: the call that recorded it."""
    RETURN_CREDIT = "return_credit"
    """What the patient had paid too much went back. Cause: the call that recorded it."""
    PAY_OUT = "pay_out"
    """The processor sent us the money, less its fee. Cause: the payout."""
    OPEN_DISPUTE = "open_dispute"
    """A bank took the money back for now. Cause: the dispute."""
    DISPUTE_FEE = "dispute_fee"
    """The processor charges for a dispute. Cause: the dispute."""
    WIN_DISPUTE = "win_dispute"
    """The bank gave the money back to us. Cause: the dispute."""
    LOSE_DISPUTE = "lose_dispute"
    """The money is gone, and the sessions it paid for with it. Cause: the dispute."""
    SELL_FOR_CASH = "sell_for_cash"
    """Cash came over the desk: we owe sessions for it. Cause: the payment."""
    SELL_ON_CREDIT = "sell_on_credit"
    """A deposit came: the rest of the price is owed in instalments. Cause: the deposit."""
    PAY_INSTALMENT = "pay_instalment"
    """A part of what is owed came. Cause: the payment."""
    TAKE_BALANCE = "take_balance"
    """What was owed, fees with it, was taken from the card on file. Cause: the payment."""
    OVERPAID = "overpaid"
    """More came than was owed, and is to go back. Cause: the payment."""
    CANCEL_CREDIT = "cancel_credit"
    """Sessions not paid for yet were given back: they are not owed for any more. Cause: news."""
    CHARGE_ITEM = "charge_item"
    """Something besides the sessions was given and is owed. Cause: the charge."""


_DEBIT_CREDIT = {
    Rule.SELL_PACKAGE: (Account.PROCESSOR_CLEARING, Account.DEFERRED_REVENUE),
    Rule.SETTLE_RECEIVABLE: (Account.DEFERRED_REVENUE, Account.PATIENT_RECEIVABLE),
    Rule.DELIVER_SESSION: (Account.DEFERRED_REVENUE, Account.INFUSION_REVENUE),
    Rule.DELIVER_UNPAID: (Account.PATIENT_RECEIVABLE, Account.INFUSION_REVENUE),
    Rule.REFUND: (Account.DEFERRED_REVENUE, Account.REFUNDS_PAYABLE),
    Rule.PAY_REFUND: (Account.REFUNDS_PAYABLE, Account.PROCESSOR_CLEARING),
    Rule.REFUND_DELIVERED: (Account.INFUSION_REVENUE, Account.REFUNDS_PAYABLE),
    Rule.PAY_REFUND_BY_HAND: (Account.REFUNDS_PAYABLE, Account.BANK),
    Rule.FORFEIT_SESSION: (Account.DEFERRED_REVENUE, Account.CANCELLATION_FEES),
    Rule.CHARGE_FEE: (Account.PATIENT_RECEIVABLE, Account.CANCELLATION_FEES),
    Rule.EXPIRE_PACKAGE: (Account.DEFERRED_REVENUE, Account.BREAKAGE),
    Rule.PAY_BALANCE: (Account.BANK, Account.PATIENT_RECEIVABLE),
    Rule.WRITE_OFF: (Account.BAD_DEBT, Account.PATIENT_RECEIVABLE),
    Rule.RETURN_CREDIT: (Account.PATIENT_RECEIVABLE, Account.BANK),
    Rule.OPEN_DISPUTE: (Account.DISPUTES_RESERVE, Account.PROCESSOR_CLEARING),
    Rule.DISPUTE_FEE: (Account.PROCESSOR_FEES, Account.PROCESSOR_CLEARING),
    Rule.WIN_DISPUTE: (Account.PROCESSOR_CLEARING, Account.DISPUTES_RESERVE),
    Rule.SELL_FOR_CASH: (Account.CASH, Account.DEFERRED_REVENUE),
    Rule.SELL_ON_CREDIT: (Account.PATIENT_RECEIVABLE, Account.DEFERRED_REVENUE),
    Rule.PAY_INSTALMENT: (Account.PROCESSOR_CLEARING, Account.PATIENT_RECEIVABLE),
    Rule.TAKE_BALANCE: (Account.PROCESSOR_CLEARING, Account.PATIENT_RECEIVABLE),
    Rule.OVERPAID: (Account.PROCESSOR_CLEARING, Account.REFUNDS_PAYABLE),
    Rule.CANCEL_CREDIT: (Account.DEFERRED_REVENUE, Account.PATIENT_RECEIVABLE),
    Rule.CHARGE_ITEM: (Account.PATIENT_RECEIVABLE, Account.ASSESSMENT_REVENUE),
}


@dataclass(frozen=True, slots=True)
class Posting:
    """One side of an entry: debit positive, credit negative."""

    account: int
    amount: Money

    @property
    def title(self) -> str:
        """Number and name."""
        return f"{self.account} {TITLES[Account(self.account)]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One balanced entry; never edited."""

    entry_id: UUID
    cause_id: UUID
    rule: Rule
    invoice_id: UUID | None
    """None for what concerns a clinic as a whole."""
    clinic_id: UUID
    postings: tuple[Posting, ...]
    post_time: datetime


def post(rule: Rule, cause_id: UUID, invoice: Invoice, minor_units: int, now: datetime) -> Entry:
    """The entry that a rule of two sides makes of an amount."""
    debit, credit = _DEBIT_CREDIT[rule]
    return enter(rule, cause_id, invoice, {debit: minor_units, credit: -minor_units}, now)


def enter(
    rule: Rule, cause_id: UUID, invoice: Invoice, sides: Mapping[Account, int], now: datetime
) -> Entry:
    """An entry of one invoice with as many sides as it needs; a side of nothing is left out."""
    currency = invoice.unit_price.currency_code
    return Entry(
        entry_id=named(cause_id, rule),
        cause_id=cause_id,
        rule=rule,
        invoice_id=invoice.invoice_id,
        clinic_id=invoice.clinic_id,
        postings=tuple([Posting(side, Money(n, currency)) for side, n in sides.items() if n]),
        post_time=now,
    )
