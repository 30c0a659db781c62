"""A refund: money that is to go back for sessions given up, part by part to where it came from."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from chassis.ids import named
from services.billing.domain.money import Money


class RefundStatus(StrEnum):
    """Where a refund stands."""

    REQUESTED = "requested"
    """Above the limit: a second person must agree."""
    PENDING = "pending"
    """Owed and on its way."""
    PAID = "paid"
    FAILED = "failed"
    """Owed, but the gateway cannot send it back to where it came from."""
    REJECTED = "rejected"


class PartStatus(StrEnum):
    """Where one part stands."""

    WAITING = "waiting"
    PENDING = "pending"
    PAID = "paid"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What goes back to one payment."""

    refund_id: UUID
    payment_id: UUID
    minor_units: int
    attempt: int = 1
    status: PartStatus = PartStatus.WAITING
    reason: str = ""

    @property
    def part_id(self) -> UUID:
        """One payment of one refund."""
        return named(self.refund_id, str(self.payment_id))

    @property
    def key(self) -> UUID:
        """The gateway's idempotency key: a try that failed for good needs a new one."""
        return named(self.part_id, f"try/{self.attempt}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """One refund from request to the last part."""

    refund_id: UUID
    invoice_id: UUID
    invoice_revision: int
    """What the quote was made of: an approval of anything else is stale."""
    invoice_turn: int
    invoice_attempt: int
    clinic_id: UUID
    reason: str
    session_count: int
    """Unused sessions given up; 0 when money for a delivered session goes back."""
    superbill_id: UUID | None = None
    """The delivered session's receipt, when the refund is for one."""
    amount: Money
    set_off: int = 0
    """Minor units of their price that were still owed, and are owed no more."""
    kept: int
    """Minor units of the given-up sessions that do not go back: fee and clawed-back discount."""
    terms: str
    status: RefundStatus
    requested_by: str
    approved_by: str = ""
    parts: tuple[Part, ...]
    request_time: datetime
    update_time: datetime


def refund_id(invoice_id: UUID, request_id: UUID) -> UUID:
    """One request, one refund."""
    return named(invoice_id, f"refund/{request_id}")
