"""The tables of clinics, estimates and charges, and what their rows stand for."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, DateTime, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from chassis.plans import made
from services.billing.domain import Money, estimate
from services.billing.store.rows import Row

_MOMENT = DateTime(timezone=True)


class ClinicRow(Row, table=True):
    """What scheduling says of a clinic, as far as billing needs it."""

    __tablename__ = "clinic"
    clinic_id: UUID = Field(primary_key=True)
    revision: int = Field(sa_type=BigInteger)
    time_zone: str


class CoProviderRow(Row, table=True):
    """Those who share in a clinic's sessions."""

    __tablename__ = "co_provider"
    clinic_id: UUID = Field(primary_key=True)
    shares: Any = Field(sa_type=JSONB)
    update_time: datetime = Field(sa_type=_MOMENT)


class EstimateRow(Row, table=True):
    """One version of an estimate."""

    __tablename__ = "estimate"
    estimate_id: UUID = Field(primary_key=True)
    version: int = Field(primary_key=True)
    reason: str
    clinic_id: UUID
    patient_id: UUID
    referral_id: UUID | None
    invoice_id: UUID | None
    providers: Any = Field(sa_type=JSONB)
    telephone: str
    diagnosis: str
    lines: Any = Field(sa_type=JSONB)
    total_minor_units: int = Field(sa_type=BigInteger)
    currency_code: str
    session_count: int
    first_service: datetime | None = Field(sa_type=_MOMENT)
    last_service: datetime | None = Field(sa_type=_MOMENT)
    policy: str
    missing: list[str] = Field(sa_type=ARRAY(String))
    clock_time: datetime = Field(sa_type=_MOMENT)
    due_time: datetime | None = Field(sa_type=_MOMENT)
    issue_time: datetime = Field(sa_type=_MOMENT)
    provide_time: datetime | None = Field(sa_type=_MOMENT)
    provide_way: str | None
    consent_minor_units: int = Field(sa_type=BigInteger)
    consent_time: datetime | None = Field(sa_type=_MOMENT)


class ChargeRow(Row, table=True):
    """Something billed besides the sessions."""

    __tablename__ = "charge"
    charge_id: UUID = Field(primary_key=True)
    invoice_id: UUID = Field(foreign_key="invoice.invoice_id")
    clinic_id: UUID
    npi: str
    item: str
    words: str
    codes: list[str] = Field(sa_type=ARRAY(String))
    quantity: int
    unit_minor_units: int = Field(sa_type=BigInteger)
    currency_code: str
    estimate_version: int
    request_id: UUID
    charge_time: datetime = Field(sa_type=_MOMENT)


def co_provider_row(
    clinic_id: UUID, shares: Iterable[estimate.Share], now: datetime
) -> CoProviderRow:
    """The row of those who share."""
    return made(
        CoProviderRow, clinic_id=clinic_id, shares=list(map(asdict, shares)), update_time=now
    )


def share_of(told: Mapping[str, Any]) -> estimate.Share:
    """One who shares, as the row tells it."""
    provider = estimate.Provider(**told["provider"])
    return estimate.Share(**{**told, "codes": tuple(told["codes"]), "provider": provider})


def estimate_row(one: estimate.Estimate) -> EstimateRow:
    """The row of an estimate."""
    return made(
        EstimateRow,
        estimate_id=one.estimate_id,
        version=one.version,
        reason=one.reason.value,
        clinic_id=one.clinic_id,
        patient_id=one.patient_id,
        referral_id=one.referral_id,
        invoice_id=one.invoice_id,
        providers=list(map(asdict, one.providers)),
        telephone=one.telephone,
        diagnosis=one.diagnosis,
        lines=[
            [line.npi, line.item, line.words, line.codes, line.quantity, line.minor_units]
            for line in one.lines
        ],
        total_minor_units=one.total.minor_units,
        currency_code=one.currency_code,
        session_count=one.session_count,
        first_service=one.first_service,
        last_service=one.last_service,
        policy=one.policy,
        missing=list(one.missing),
        clock_time=one.clock_time,
        due_time=one.due_time,
        issue_time=one.issue_time,
        provide_time=one.provide_time,
        provide_way=one.provide_way and one.provide_way.value,
        consent_minor_units=one.consented,
        consent_time=one.consent_time,
    )


def estimate_of(row: EstimateRow) -> estimate.Estimate:
    """The estimate a row stands for."""
    return estimate.Estimate(
        estimate_id=row.estimate_id,
        version=row.version,
        reason=estimate.Reason(row.reason),
        clinic_id=row.clinic_id,
        patient_id=row.patient_id,
        referral_id=row.referral_id,
        invoice_id=row.invoice_id,
        providers=tuple(estimate.Provider(**provider) for provider in row.providers),
        telephone=row.telephone,
        diagnosis=row.diagnosis,
        lines=tuple(_line(*line) for line in row.lines),
        currency_code=row.currency_code,
        session_count=row.session_count,
        first_service=row.first_service,
        last_service=row.last_service,
        policy=row.policy,
        missing=tuple(row.missing),
        clock_time=row.clock_time,
        due_time=row.due_time,
        issue_time=row.issue_time,
        provide_time=row.provide_time,
        provide_way=estimate.Way(row.provide_way) if row.provide_way else None,
        consented=row.consent_minor_units,
        consent_time=row.consent_time,
    )


def charge_row(one: estimate.Charge) -> ChargeRow:
    """The row of a charge."""
    return made(
        ChargeRow,
        charge_id=one.charge_id,
        invoice_id=one.invoice_id,
        clinic_id=one.clinic_id,
        npi=one.npi,
        item=one.item,
        words=one.words,
        codes=list(one.codes),
        quantity=one.quantity,
        unit_minor_units=one.unit_price.minor_units,
        currency_code=one.unit_price.currency_code,
        estimate_version=one.estimate_version,
        request_id=one.request_id,
        charge_time=one.charge_time,
    )


def charge_of(row: ChargeRow) -> estimate.Charge:
    """The charge a row stands for."""
    return estimate.Charge(
        charge_id=row.charge_id,
        invoice_id=row.invoice_id,
        clinic_id=row.clinic_id,
        npi=row.npi,
        item=row.item,
        words=row.words,
        codes=tuple(row.codes),
        quantity=row.quantity,
        unit_price=Money(row.unit_minor_units, row.currency_code),
        estimate_version=row.estimate_version,
        request_id=row.request_id,
        charge_time=row.charge_time,
    )


def _line(  # noqa: PLR0913, PLR0917
    npi: str, item: str, words: str, codes: list[str], quantity: int, minor_units: int
) -> estimate.Line:
    return estimate.Line(
        npi=npi,
        item=item,
        words=words,
        codes=tuple(codes),
        quantity=quantity,
        minor_units=minor_units,
    )
