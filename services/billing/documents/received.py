"""Money that came for an invoice: when, how, how much, as its journal and its payments say."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.billing.domain import Entry, Method, Money, Payment, PaymentStatus, Rule, size_of

TAKEN = frozenset({PaymentStatus.COLLECTED, PaymentStatus.REFUND_PENDING, PaymentStatus.REFUNDED})
WAYS = {
    Method.ONLINE: "Card, online",
    Method.CASH: "Cash",
    Method.CARD_TERMINAL: "Card, at the desk",
}
_BALANCE = "Balance, at the desk"


@dataclass(frozen=True, slots=True)
class Received:
    """Some money that came, and what of it went straight back."""

    time: datetime
    way: str
    amount: Money
    returned: int = 0


def received(payments: Sequence[Payment], entries: Sequence[Entry]) -> Sequence[Received]:
    """Oldest first."""
    return sorted([*_paid(payments), *_cleared(entries)], key=lambda one: one.time)


def _paid(payments: Sequence[Payment]) -> Iterator[Received]:
    for one in payments:
        if one.status in TAKEN:
            yield Received(one.update_time, WAYS[one.method], one.amount, one.refund)


def _cleared(entries: Sequence[Entry]) -> Iterator[Received]:
    for one in entries:
        if one.rule is Rule.PAY_BALANCE:
            yield Received(one.post_time, _BALANCE, size_of(one))
