"""The tables of what stands beside invoices: refunds, fees, disputes, reminders, closed periods."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, DateTime, Integer, String
from sqlmodel import Field

from services.billing.store.rows import Row

_MOMENT = DateTime(timezone=True)


class RefundRow(Row, table=True):
    """One refund."""

    __tablename__ = "refund"
    refund_id: UUID = Field(primary_key=True)
    invoice_id: UUID = Field(foreign_key="invoice.invoice_id")
    invoice_revision: int = Field(sa_type=BigInteger)
    invoice_turn: int
    invoice_attempt: int
    clinic_id: UUID
    reason: str
    session_count: int
    superbill_id: UUID | None
    minor_units: int = Field(sa_type=BigInteger)
    currency_code: str
    kept_minor_units: int = Field(sa_type=BigInteger)
    set_off_minor_units: int = Field(sa_type=BigInteger)
    terms: str
    status: str
    requested_by: str
    approved_by: str
    request_time: datetime = Field(sa_type=_MOMENT)
    update_time: datetime = Field(sa_type=_MOMENT)


class PartRow(Row, table=True):
    """What goes back to one payment."""

    __tablename__ = "refund_part"
    part_id: UUID = Field(primary_key=True)
    refund_id: UUID = Field(foreign_key="refund.refund_id")
    payment_id: UUID = Field(foreign_key="payment.payment_id")
    place: int
    minor_units: int = Field(sa_type=BigInteger)
    attempt: int
    status: str
    reason: str


class FeeRow(Row, table=True):
    """One decision about a missed session."""

    __tablename__ = "missed_session_fee"
    session_id: UUID = Field(primary_key=True)
    invoice_id: UUID = Field(foreign_key="invoice.invoice_id")
    invoice_attempt: int
    clinic_id: UUID
    missed: str
    notice_minutes: int
    minor_units: int = Field(sa_type=BigInteger)
    currency_code: str
    forfeits: bool
    waiver: str
    reverse_time: datetime | None = Field(sa_type=_MOMENT)
    terms: str
    charge_time: datetime = Field(sa_type=_MOMENT)


class DisputeRow(Row, table=True):
    """One chargeback."""

    __tablename__ = "dispute"
    dispute_id: UUID = Field(primary_key=True)
    invoice_id: UUID = Field(foreign_key="invoice.invoice_id")
    payment_id: UUID = Field(foreign_key="payment.payment_id")
    clinic_id: UUID
    minor_units: int = Field(sa_type=BigInteger)
    currency_code: str
    fee_minor_units: int = Field(sa_type=BigInteger)
    reason: str
    status: str
    evidence_kinds: list[str] = Field(sa_type=ARRAY(String))
    evidence_references: list[str] = Field(sa_type=ARRAY(String))
    respond_by: datetime = Field(sa_type=_MOMENT)
    open_time: datetime = Field(sa_type=_MOMENT)
    update_time: datetime = Field(sa_type=_MOMENT)


class ClinicTermsRow(Row, table=True):
    """The terms that a clinic has chosen."""

    __tablename__ = "clinic_terms"
    clinic_id: UUID = Field(primary_key=True)
    terms_name: str
    update_time: datetime = Field(sa_type=_MOMENT)


class ReminderRow(Row, table=True):
    """One kind word about a balance."""

    __tablename__ = "reminder"
    invoice_id: UUID = Field(primary_key=True, foreign_key="invoice.invoice_id")
    number: int = Field(primary_key=True)
    clinic_id: UUID
    patient_id: UUID
    minor_units: int = Field(sa_type=BigInteger)
    currency_code: str
    remind_time: datetime = Field(sa_type=_MOMENT)


class PeriodRow(Row, table=True):
    """One closed period of a clinic."""

    __tablename__ = "closed_period"
    clinic_id: UUID = Field(primary_key=True)
    until_time: datetime = Field(primary_key=True, sa_type=_MOMENT)
    accounts: list[int] = Field(sa_type=ARRAY(Integer))
    amounts: list[int] = Field(sa_type=ARRAY(BigInteger))
    currency_codes: list[str] = Field(sa_type=ARRAY(String))
    closed_by: str
    close_time: datetime = Field(sa_type=_MOMENT)
