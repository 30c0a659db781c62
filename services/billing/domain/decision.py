"""What a decision leaves behind: new state, entries for the journal, and facts to state."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from services.billing.domain.dispute import Dispute
from services.billing.domain.fee import Fee
from services.billing.domain.invoice import Invoice, Payment
from services.billing.domain.itemising import BillLine
from services.billing.domain.journal import Entry
from services.billing.domain.money import Money
from services.billing.domain.refund import Refund


@dataclass(frozen=True, slots=True, kw_only=True)
class Superbill:
    """The itemised receipt of one delivered session; a correction is a further version."""

    superbill_id: UUID
    version: int = 1
    session_id: UUID
    session_revision: int
    """The session's word that it was made from."""
    invoice_id: UUID
    clinic_id: UUID
    procedure_codes: tuple[str, ...]
    running_minutes: int
    amount: Money
    paid: int
    """Minor units of the amount that were in hand when it was issued."""
    given_micrograms: int = 0
    diagnosis: str = ""
    lines: tuple[BillLine, ...] = ()
    table: str = ""
    """The claim table that made the lines."""
    is_void: bool = False
    service_time: datetime
    issue_time: datetime


@dataclass(frozen=True, slots=True)
class EstimateIssued:
    """An estimate and an upfront invoice exist."""

    invoice: Invoice


@dataclass(frozen=True, slots=True)
class PaymentRequested:
    """A payment was asked for."""

    invoice: Invoice
    payment: Payment


@dataclass(frozen=True, slots=True)
class PaymentCollected:
    """A payment was collected in full."""

    invoice: Invoice
    payment: Payment


@dataclass(frozen=True, slots=True)
class PaymentFailed:
    """A payment failed for good."""

    invoice: Invoice
    payment: Payment


@dataclass(frozen=True, slots=True)
class PaymentRefunded:
    """Money was given back."""

    invoice: Invoice
    payment: Payment


@dataclass(frozen=True, slots=True)
class RefundPaid:
    """A part of a refund has gone back."""

    invoice: Invoice
    payment: Payment
    minor_units: int


@dataclass(frozen=True, slots=True)
class SessionsGivenUp:
    """Sessions of a paid series will not be had."""

    invoice: Invoice
    count: int


@dataclass(frozen=True, slots=True)
class SuperbillIssued:
    """A superbill exists, or a new version of it."""

    invoice: Invoice
    superbill: Superbill


Event: TypeAlias = (
    EstimateIssued
    | PaymentRequested
    | PaymentCollected
    | PaymentFailed
    | PaymentRefunded
    | RefundPaid
    | SessionsGivenUp
    | SuperbillIssued
)
Kept: TypeAlias = Refund | Fee | Dispute
"""What stands beside an invoice and is kept with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Everything that is kept and said together; empty when there is nothing new."""

    invoice: Invoice | None = None
    payment: Payment | None = None
    earlier: Payment | None = None
    """The payment that it replaces, called off."""
    superbill: Superbill | None = None
    revised: tuple[Superbill, ...] = ()
    """Receipts issued again because money came for them."""
    entries: tuple[Entry, ...] = ()
    kept: tuple[Kept, ...] = ()
    events: tuple[Event, ...] = ()


NOTHING = Decision()


def stating(invoice: Invoice, now: datetime) -> Invoice:
    """The invoice one revision on: every fact it states has a number of its own."""
    return invoice._replace(revision=invoice.revision + 1, update_time=now)
