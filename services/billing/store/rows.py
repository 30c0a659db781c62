"""The tables, and the way between a row and what it stands for."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, JSON, BigInteger, DateTime, Identity, Integer, String
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from services.billing import domain
from services.billing.domain import Money, Posting

_MOMENT = DateTime(timezone=True)


class Row(SQLModel, registry=registry()):
    """Billing's own tables."""


class InvoiceRow(Row, table=True):
    """One invoice; revision 0 is a series that was released before it was held."""

    __tablename__ = "invoice"
    invoice_id: UUID = Field(primary_key=True)
    revision: int = Field(sa_type=BigInteger)
    status: str
    series_id: UUID
    series_revision: int = Field(sa_type=BigInteger)
    referral_id: UUID
    patient_id: UUID
    clinic_id: UUID
    attempt: int
    unit_minor_units: int = Field(sa_type=BigInteger)
    currency_code: str
    infusion_minutes: int
    session_count: int
    delivered_count: int
    settled_count: int
    refunded_count: int
    forfeited_count: int
    turn: int
    diagnosis: str
    is_restricted: bool
    returned_minor_units: int = Field(sa_type=BigInteger)
    disputed_minor_units: int = Field(sa_type=BigInteger)
    total_minor_units: int = Field(sa_type=BigInteger)
    receivable_minor_units: int = Field(sa_type=BigInteger)
    outstanding_minor_units: int = Field(sa_type=BigInteger)
    package_id: UUID | None
    covered_count: int
    issue_time: datetime = Field(sa_type=_MOMENT)
    update_time: datetime = Field(sa_type=_MOMENT)


class PaymentRow(Row, table=True):
    """One try to collect."""

    __tablename__ = "payment"
    payment_id: UUID = Field(primary_key=True)
    invoice_id: UUID = Field(foreign_key="invoice.invoice_id")
    attempt: int
    status: str
    minor_units: int = Field(sa_type=BigInteger)
    currency_code: str
    refund_minor_units: int = Field(sa_type=BigInteger)
    reason: str
    reference: str
    action: str
    method: str
    purpose: str
    card: str
    request_id: UUID | None
    request_time: datetime = Field(sa_type=_MOMENT)
    update_time: datetime = Field(sa_type=_MOMENT)


class WebhookRow(Row, table=True):
    """One event of a gateway that was heard."""

    __tablename__ = "webhook"
    event_id: str = Field(primary_key=True)
    gateway: str
    kind: str
    payment_id: UUID | None
    receive_time: datetime = Field(sa_type=_MOMENT)


class EntryRow(Row, table=True):
    """One entry of the journal."""

    __tablename__ = "journal_entry"
    position: int | None = Field(
        default=None, sa_type=BigInteger, sa_column_args=[Identity(always=True)]
    )
    entry_id: UUID = Field(primary_key=True)
    cause_id: UUID
    rule: str
    invoice_id: UUID | None = Field(foreign_key="invoice.invoice_id")
    clinic_id: UUID
    accounts: list[int] = Field(sa_type=ARRAY(Integer))
    amounts: list[int] = Field(sa_type=ARRAY(BigInteger))
    currency_code: str
    post_time: datetime = Field(sa_type=_MOMENT)


class SuperbillRow(Row, table=True):
    """One version of a superbill."""

    __tablename__ = "superbill"
    superbill_id: UUID = Field(primary_key=True)
    version: int = Field(primary_key=True)
    session_id: UUID
    session_revision: int = Field(sa_type=BigInteger)
    invoice_id: UUID = Field(foreign_key="invoice.invoice_id")
    clinic_id: UUID
    procedure_codes: list[str] = Field(sa_type=ARRAY(String))
    running_minutes: int
    given_micrograms: int = Field(sa_type=BigInteger)
    diagnosis: str
    lines: list[dict[str, Any]] = Field(sa_type=JSON)
    claim_table: str
    is_void: bool
    minor_units: int = Field(sa_type=BigInteger)
    paid_minor_units: int = Field(sa_type=BigInteger)
    currency_code: str
    service_time: datetime = Field(sa_type=_MOMENT)
    issue_time: datetime = Field(sa_type=_MOMENT)


class ClinicPriceRow(Row, table=True):
    """A price that a clinic has set."""

    __tablename__ = "clinic_price"
    clinic_id: UUID = Field(primary_key=True)
    minor_units: int = Field(sa_type=BigInteger)
    currency_code: str
    update_time: datetime = Field(sa_type=_MOMENT)


def invoice_of(row: InvoiceRow) -> domain.Invoice:
    """The invoice a row stands for."""
    return domain.Invoice(
        invoice_id=row.invoice_id,
        revision=row.revision,
        status=domain.Status(row.status),
        series_id=row.series_id,
        series_revision=row.series_revision,
        referral_id=row.referral_id,
        patient_id=row.patient_id,
        clinic_id=row.clinic_id,
        attempt=row.attempt,
        unit_price=Money(row.unit_minor_units, row.currency_code),
        infusion_minutes=row.infusion_minutes,
        session_count=row.session_count,
        delivered_count=row.delivered_count,
        settled_count=row.settled_count,
        refunded_count=row.refunded_count,
        forfeited_count=row.forfeited_count,
        turn=row.turn,
        diagnosis=row.diagnosis,
        is_restricted=row.is_restricted,
        returned=row.returned_minor_units,
        disputed=row.disputed_minor_units,
        receivable=row.receivable_minor_units,
        outstanding=row.outstanding_minor_units,
        package_id=row.package_id,
        covered_count=row.covered_count,
        issue_time=row.issue_time,
        update_time=row.update_time,
    )


def payment_of(row: PaymentRow) -> domain.Payment:
    """The payment a row stands for."""
    return domain.Payment(
        payment_id=row.payment_id,
        invoice_id=row.invoice_id,
        attempt=row.attempt,
        status=domain.PaymentStatus(row.status),
        amount=Money(row.minor_units, row.currency_code),
        refund=row.refund_minor_units,
        reason=row.reason,
        reference=row.reference,
        action=row.action,
        method=domain.Method(row.method),
        purpose=domain.Purpose(row.purpose),
        card=row.card,
        request_id=row.request_id,
        request_time=row.request_time,
        update_time=row.update_time,
    )


def entry_of(row: EntryRow) -> domain.Entry:
    """The entry a row stands for."""
    pairs = zip(row.accounts, row.amounts, strict=True)
    return domain.Entry(
        entry_id=row.entry_id,
        cause_id=row.cause_id,
        rule=domain.Rule(row.rule),
        invoice_id=row.invoice_id,
        clinic_id=row.clinic_id,
        postings=tuple(Posting(account, Money(n, row.currency_code)) for account, n in pairs),
        post_time=row.post_time,
    )


def superbill_of(row: SuperbillRow) -> domain.Superbill:
    """The superbill a row stands for."""
    return domain.Superbill(
        superbill_id=row.superbill_id,
        version=row.version,
        session_id=row.session_id,
        session_revision=row.session_revision,
        invoice_id=row.invoice_id,
        clinic_id=row.clinic_id,
        procedure_codes=tuple(row.procedure_codes),
        running_minutes=row.running_minutes,
        given_micrograms=row.given_micrograms,
        diagnosis=row.diagnosis,
        lines=tuple(map(_line_of, row.lines)),
        table=row.claim_table,
        is_void=row.is_void,
        amount=Money(row.minor_units, row.currency_code),
        paid=row.paid_minor_units,
        service_time=row.service_time,
        issue_time=row.issue_time,
    )


def _line_of(node: dict[str, Any]) -> domain.BillLine:
    return domain.BillLine(**{**node, "modifiers": tuple(node["modifiers"])})
