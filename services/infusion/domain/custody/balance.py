"""What came and went: the sums that an inspector adds up again."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from services.infusion.domain.custody.amount import ZERO, plain
from services.infusion.domain.custody.entry import Entry, Kind


@dataclass(frozen=True, slots=True)
class Balance:
    """Milligrams by kind; reversals are already taken off the kind they reversed."""

    opening: Decimal
    received: Decimal
    administered: Decimal
    wasted: Decimal
    transferred: Decimal
    destroyed: Decimal
    lost: Decimal

    @property
    def closing(self) -> Decimal:
        """Opening and received, less all that went."""
        gone = self.administered + self.wasted + self.transferred + self.destroyed + self.lost
        return plain(self.opening + self.received - gone)


def balance(changes: Mapping[Kind, Decimal]) -> Balance:
    """The sums of signed changes, as amounts that came and amounts that went."""
    return Balance(*(plain(_size(kind, changes.get(kind, ZERO))) for kind in Kind))


def added(entries: Iterable[Entry]) -> Balance:
    """The balance of some entries."""
    changes = dict.fromkeys(Kind, ZERO)
    for entry in entries:
        changes[entry.kind] += entry.change
    return balance(changes)


def _size(kind: Kind, change: Decimal) -> Decimal:
    return change if kind.comes else ZERO - change
