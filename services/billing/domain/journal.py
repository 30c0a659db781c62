"""The journal: balanced entries that are only ever added, one for each cause and rule."""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from uuid import UUID, uuid5

from services.billing.domain.invoice import Invoice
from services.billing.domain.money import Money


class Account(IntEnum):
    """The accounts we post to, by number."""

    PROCESSOR_CLEARING = 1000
    PATIENT_RECEIVABLE = 1100
    DEFERRED_REVENUE = 2000
    REFUNDS_PAYABLE = 2100
    INFUSION_REVENUE = 4000


TITLES = {
    Account.PROCESSOR_CLEARING: "Processor clearing",
    Account.PATIENT_RECEIVABLE: "Patient A/R",
    Account.DEFERRED_REVENUE: "Deferred revenue - packages",
    Account.REFUNDS_PAYABLE: "Refunds payable",
    Account.INFUSION_REVENUE: "Infusion revenue",
}


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
    """Money has gone back. Cause: the payment."""


_DEBIT_CREDIT = {
    Rule.SELL_PACKAGE: (Account.PROCESSOR_CLEARING, Account.DEFERRED_REVENUE),
    Rule.SETTLE_RECEIVABLE: (Account.DEFERRED_REVENUE, Account.PATIENT_RECEIVABLE),
    Rule.DELIVER_SESSION: (Account.DEFERRED_REVENUE, Account.INFUSION_REVENUE),
    Rule.DELIVER_UNPAID: (Account.PATIENT_RECEIVABLE, Account.INFUSION_REVENUE),
    Rule.REFUND: (Account.DEFERRED_REVENUE, Account.REFUNDS_PAYABLE),
    Rule.PAY_REFUND: (Account.REFUNDS_PAYABLE, Account.PROCESSOR_CLEARING),
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
    invoice_id: UUID
    clinic_id: UUID
    postings: tuple[Posting, ...]
    post_time: datetime


def post(rule: Rule, cause_id: UUID, invoice: Invoice, minor_units: int, now: datetime) -> Entry:
    """The entry that a rule makes of an amount."""
    debit, credit = _DEBIT_CREDIT[rule]
    currency = invoice.unit_price.currency_code
    return Entry(
        entry_id=uuid5(cause_id, rule),
        cause_id=cause_id,
        rule=rule,
        invoice_id=invoice.invoice_id,
        clinic_id=invoice.clinic_id,
        postings=(
            Posting(debit, Money(minor_units, currency)),
            Posting(credit, Money(-minor_units, currency)),
        ),
        post_time=now,
    )
