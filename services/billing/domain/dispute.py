"""A dispute: a bank took money back, and hears us before it decides."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from chassis.ids import named
from services.billing.domain.money import Money


class DisputeStatus(StrEnum):
    """Where a dispute stands."""

    NEEDS_RESPONSE = "needs_response"
    UNDER_REVIEW = "under_review"
    WON = "won"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One document by its kind and reference; what it says stays where it is kept."""

    kind: str
    reference: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispute:
    """One chargeback from the day it was opened."""

    dispute_id: UUID
    invoice_id: UUID
    payment_id: UUID
    clinic_id: UUID
    amount: Money
    fee: int
    """Minor units that the processor charges for the dispute itself."""
    reason: str
    status: DisputeStatus
    evidence: tuple[Evidence, ...] = ()
    respond_by: datetime
    open_time: datetime
    update_time: datetime


def dispute_id(payment_id: UUID, gateway_reference: str) -> UUID:
    """One word of the gateway, one dispute."""
    return named(payment_id, f"dispute/{gateway_reference}")
