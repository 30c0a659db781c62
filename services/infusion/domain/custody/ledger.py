"""The ledger: what a container holds, and the entries that are only ever added to it."""

from dataclasses import dataclass, replace
from decimal import Decimal

from chassis.refusal import AlreadyExists, Invalid, NotAllowed, Violation
from services.infusion.domain.custody.amount import ZERO, plain
from services.infusion.domain.custody.container import Container
from services.infusion.domain.custody.entry import Act, Entry, Kind


@dataclass(frozen=True, slots=True)
class Holding:
    """A container with its newest entry: all that a decision needs."""

    container: Container
    newest: Entry | None = None

    @property
    def balance(self) -> Decimal:
        """What is in it by the book."""
        return self.newest.balance if self.newest else ZERO

    @property
    def number(self) -> int:
        """Of its newest entry."""
        return self.newest.number if self.newest else 0

    @property
    def is_sealed(self) -> bool:
        """Nothing was taken out yet, or all of it was put back."""
        return self.balance == self.container.capacity


def post(holding: Holding, kind: Kind, amount: Decimal, act: Act) -> Entry:
    """The entry of an amount that comes or goes; no container gives more than it holds."""
    change = amount if kind.comes else -amount
    balance = _after(holding, change, act)
    return Entry(holding.container.container_id, holding.number + 1, kind, change, balance, act)


def undo(holding: Holding, entry: Entry, act: Act) -> Entry:
    """The entry that takes back another."""
    opposite = replace(entry, number=holding.number + 1, change=-entry.change, act=act)
    balance = _after(holding, opposite.change, act)
    return replace(opposite, balance=balance, reversed_id=entry.entry_id)


def repeats(known: Entry, kind: Kind, amount: Decimal, act: Act) -> bool:
    """This very thing was recorded before; the same cause cannot mean something else."""
    said = known.kind, abs(known.change), known.act.session_id, known.act.counterparty
    if said == (kind, amount, act.session_id, act.counterparty):
        return True
    raise AlreadyExists("REQUEST_ID_REUSED", "The request_id was used with another body.")


def must_have_happened(act: Act) -> None:
    """What is told of the future did not happen."""
    if act.occur_time > act.record_time:
        fault = Violation("occur_time", "must not lie in the future")
        raise Invalid("INVALID_TIME", "The time is told wrongly.", (fault,))


def _after(holding: Holding, change: Decimal, act: Act) -> Decimal:
    must_have_happened(act)
    balance = plain(holding.balance + change)
    if balance < ZERO:
        left = {"balance_milligrams": str(holding.balance)}
        raise NotAllowed("INSUFFICIENT_BALANCE", "The container holds less than that.", left)
    if balance > holding.container.capacity:
        raise NotAllowed("CONTAINER_FULL", "The container would hold more than when sealed.")
    return balance
