"""An entry: one line of the ledger, with the balance that it left behind."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum
from uuid import UUID

from chassis.ids import named


class Kind(Enum):
    """Why an amount entered or left a container."""

    OPENING = "opening"
    RECEIVED = "received"
    ADMINISTERED = "administered"
    WASTED = "wasted"
    TRANSFERRED = "transferred"
    DESTROYED = "destroyed"
    LOST = "lost"

    @property
    def comes(self) -> bool:
        """Whether it adds to the container."""
        return self in (Kind.OPENING, Kind.RECEIVED)


@dataclass(frozen=True, slots=True)
class Act:
    """What was done, by whom, and what else must be written down of it."""

    cause_id: UUID
    """The request that told it; a container hears of a cause once."""
    recorder: str
    occur_time: datetime
    record_time: datetime
    witness: str = ""
    session_id: UUID | None = None
    counterparty: str = ""
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line; never changed, never removed."""

    container_id: UUID
    number: int
    kind: Kind
    change: Decimal
    balance: Decimal
    act: Act
    reversed_id: UUID | None = None

    @property
    def entry_id(self) -> UUID:
        """One cause makes one entry in a container."""
        return named(self.container_id, f"entry/{self.act.cause_id}")
