"""A fee for a session that did not happen, and what became of the session's money."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from services.billing.domain.money import Money


class Missed(StrEnum):
    """Why the session did not happen."""

    CANCELLED = "cancelled"
    NO_SHOW = "no_show"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fee:
    """One decision about one missed session; a fee of nothing is a decision too."""

    session_id: UUID
    invoice_id: UUID
    invoice_attempt: int
    """Issued again since, the invoice has sold other sessions."""
    clinic_id: UUID
    missed: Missed
    notice_minutes: int
    """Nothing for a no-show, and where scheduling's policy has weighed the notice."""
    amount: Money
    forfeits: bool
    """A paid session was given up for it; else the fee is owed."""
    waiver: str = ""
    """Why it is nothing though the tariff says otherwise: "grace" or a reason of the terms."""
    reverse_time: datetime | None = None
    terms: str
    """The version of the terms, or of scheduling's policy, that decided."""
    charge_time: datetime

    @property
    def counts(self) -> bool:
        """Whether grace, once given, was used up by it."""
        charged = bool(self.amount) or self.waiver == "grace"
        return charged and self.reverse_time is None
