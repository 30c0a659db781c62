"""The tables, row by row; nothing outside this room sees a row."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Column, DateTime, Text
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel


class Row(SQLModel, registry=registry()):
    """What referral keeps."""


class Part(SQLModel, registry=registry()):
    """The changing columns of a row that is otherwise written once."""


def _moment() -> Column[datetime]:
    return Column(DateTime(timezone=True), nullable=False)


def _texts() -> Column[list[str]]:
    return Column(ARRAY(Text), nullable=False)


def _marks() -> Column[list[int]]:
    return Column(ARRAY(BigInteger), nullable=False)


class PatientRow(Row, table=True):
    """The registry: the only table with identifiers, and it keeps them sealed."""

    __tablename__ = "patient"

    patient_id: UUID = Field(primary_key=True)
    match_key: bytes = Field(repr=False)
    key_clinic_id: UUID
    key_version: int
    wrapped_key: bytes | None = Field(repr=False)
    sealed: bytes = Field(repr=False)
    register_time: datetime = Field(sa_column=_moment())


class ReferralRow(Row, table=True):
    """One referral, whole."""

    __tablename__ = "referral"

    referral_id: UUID = Field(primary_key=True)
    request_id: UUID
    digest: bytes = Field(repr=False)
    patient_id: UUID = Field(foreign_key="patient.patient_id")
    npi: str
    referrer_given_name: str = Field(repr=False)
    referrer_family_name: str = Field(repr=False)
    organization: str
    indication_code: str
    category: str
    weight_grams: int
    weight_date: date
    height_millimetres: int
    phq9_score: int | None
    psychiatric_history: list[str] = Field(sa_column=_texts())
    physical_history: list[str] = Field(sa_column=_texts())
    medications: list[str] = Field(sa_column=_texts())
    allergies: list[str] = Field(sa_column=_texts())
    age_years: int
    sex_at_birth: str
    priority: str
    preferred_clinic_id: UUID | None
    receive_time: datetime = Field(sa_column=_moment())
    status: str
    update_time: datetime = Field(sa_column=_moment())
    standing_time: datetime = Field(sa_column=_moment())
    clinic_id: UUID | None
    revision: int = Field(sa_type=BigInteger)
    changes: int = Field(sa_type=BigInteger)
    series_revision: int = Field(sa_type=BigInteger)
    invoice_revision: int = Field(sa_type=BigInteger)
    occupied_clinic_id: UUID | None
    heard: list[int] = Field(sa_column=_marks())
    partner: str


class ProgressRow(Part, table=True):
    """The same table, as far as news moves it: a batch of facts reads and writes only this."""

    __tablename__ = "referral"

    referral_id: UUID = Field(primary_key=True)
    status: str
    update_time: datetime = Field(sa_column=_moment())
    standing_time: datetime = Field(sa_column=_moment())
    clinic_id: UUID | None
    revision: int = Field(sa_type=BigInteger)
    changes: int = Field(sa_type=BigInteger)
    series_revision: int = Field(sa_type=BigInteger)
    invoice_revision: int = Field(sa_type=BigInteger)
    occupied_clinic_id: UUID | None
    heard: list[int] = Field(sa_column=_marks())
    partner: str


class ChangeRow(Row, table=True):
    """One line of the history."""

    __tablename__ = "change"

    referral_id: UUID = Field(primary_key=True)
    number: int = Field(primary_key=True, sa_type=BigInteger)
    status: str
    cause: str
    change_time: datetime = Field(sa_column=_moment())
    trace_id: str
    detail: str


class PartnerReferralRow(Row, table=True):
    """A referral that a partner submitted, and its own name for it."""

    __tablename__ = "partner_referral"

    partner: str = Field(primary_key=True)
    referral_id: UUID = Field(primary_key=True, foreign_key="referral.referral_id")
    placer_reference: str


class UntoldRow(Row, table=True):
    """One line of the history that a partner has yet to be told."""

    __tablename__ = "partner_untold"

    partner: str = Field(primary_key=True)
    referral_id: UUID = Field(primary_key=True)
    number: int = Field(primary_key=True, sa_type=BigInteger)


class ClinicRow(Row, table=True):
    """One clinic of the directory."""

    __tablename__ = "clinic"

    clinic_id: UUID = Field(primary_key=True)
    revision: int = Field(sa_type=BigInteger)
    latitude: float
    longitude: float
    categories: list[str] = Field(sa_column=_texts())
    series_capacity: int


class LoadRow(Row, table=True):
    """A share of a clinic's open series: the shares add up, and each has one busy writer."""

    __tablename__ = "clinic_load"

    clinic_id: UUID = Field(primary_key=True)
    share: int = Field(primary_key=True)
    open_series: int = Field(sa_type=BigInteger)


class AccessRow(Row, table=True):
    """Somebody read a patient's identifiers."""

    __tablename__ = "access_log"

    access_id: UUID = Field(primary_key=True)
    subject: str
    method: str
    patient_id: UUID
    referral_id: UUID | None
    access_time: datetime = Field(sa_column=_moment())
