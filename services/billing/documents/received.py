"""Money that came for an invoice: when, how, how much, as its journal and its payments say."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.billing.domain import (
    Entry,
    Method,
    Money,
    Payment,
    PaymentStatus,
    Purpose,
    Rule,
    size_of,
)

TAKEN = frozenset({PaymentStatus.COLLECTED, PaymentStatus.REFUND_PENDING, PaymentStatus.REFUNDED})
WAYS = {
    Method.ONLINE: "Card, online",
    Method.CASH: "Cash",
    Method.CARD_TERMINAL: "Card, at the desk",
}
_BALANCE = "Balance, at the desk"
_REFUND = "Refund"
_BACK = frozenset({Rule.PAY_REFUND, Rule.PAY_REFUND_BY_HAND, Rule.RETURN_CREDIT})


@dataclass(frozen=True, slots=True)
class Received:
    """Some money that came, and what of it went straight back."""

    time: datetime
    way: str
    amount: Money
    returned: int = 0

    @property
    def kept(self) -> int:
        """Minor units that stayed; less than nothing for a refund."""
        return self.amount.minor_units - self.returned

    @property
    def is_refund(self) -> bool:
        """Whether nothing came at all."""
        return not self.amount.minor_units


def received(payments: Sequence[Payment], entries: Sequence[Entry]) -> Sequence[Received]:
    """Oldest first; what went back by a refund is a line of its own."""
    came = [*_paid(payments), *_given_back(payments, entries)]
    return sorted(came, key=lambda one: one.time)


def _paid(payments: Sequence[Payment]) -> Iterator[Received]:
    for one in payments:
        if one.status in TAKEN and one.amount:
            yield Received(one.update_time, _way(one), one.amount, one.refund)


def _way(payment: Payment) -> str:
    at_desk = payment.method is not Method.ONLINE and payment.purpose is Purpose.BALANCE
    return _BALANCE if at_desk else WAYS[payment.method]


def _given_back(payments: Sequence[Payment], entries: Sequence[Entry]) -> Iterator[Received]:
    """Parts of refunds; a whole payment that went back says so itself."""
    whole = {one.payment_id for one in payments}
    for one in entries:
        if one.rule in _BACK and one.cause_id not in whole:
            size = size_of(one)
            nothing = Money(0, size.currency_code)
            yield Received(one.post_time, _REFUND, nothing, size.minor_units)
