"""A patient's account, read from the journal; it can say nothing that the journal does not."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.billing.domain.accounts import Account
from services.billing.domain.invoice import Invoice
from services.billing.domain.journal import Entry, Rule
from services.billing.domain.money import Money

_MONEY = frozenset({Account.PROCESSOR_CLEARING, Account.BANK, Account.CASH})
_OURS = frozenset({Rule.DISPUTE_FEE, Rule.PAY_OUT})
"""Between us and the processor: the patient has no part in it."""


@dataclass(frozen=True, slots=True)
class Statement:
    """The patient's invoices and the entries made for them, in order."""

    invoices: Sequence[Invoice]
    entries: Sequence[Entry]

    @property
    def owed(self) -> Money:
        """What the patient owes."""
        return self._sum(Account.PATIENT_RECEIVABLE)

    @property
    def prepaid(self) -> Money:
        """What is held for sessions to come."""
        return negative(self._sum(Account.DEFERRED_REVENUE))

    @property
    def paid(self) -> Money:
        """What came from the patient, less what has gone back."""
        return Money(sum(paid_by(one).minor_units for one in self.entries), self._currency)

    @property
    def _currency(self) -> str:
        return self.invoices[0].unit_price.currency_code if self.invoices else "USD"

    def _sum(self, account: Account) -> Money:
        changes = [change_of(one, account).minor_units for one in self.entries]
        return Money(sum(changes), self._currency)


def statement(invoices: Sequence[Invoice], entries: Sequence[Entry]) -> Statement:
    """What concerns the patient, without what is between us and the processor."""
    return Statement(invoices, [one for one in entries if one.rule not in _OURS])


def paid_by(entry: Entry) -> Money:
    """What came from the patient with an entry; less than nothing when it went back."""
    moved = [change_of(entry, account).minor_units for account in _MONEY]
    return Money(sum(moved), entry.postings[0].amount.currency_code)


def change_of(entry: Entry, account: Account) -> Money:
    """What an entry adds to an account."""
    moved = [one.amount.minor_units for one in entry.postings if one.account == account]
    return Money(sum(moved), entry.postings[0].amount.currency_code)


def size_of(entry: Entry) -> Money:
    """The sum of its debits."""
    debits = [one.amount.minor_units for one in entry.postings if one.amount.minor_units > 0]
    return Money(sum(debits), entry.postings[0].amount.currency_code)


def negative(amount: Money) -> Money:
    """The other side."""
    return Money(-amount.minor_units, amount.currency_code)
