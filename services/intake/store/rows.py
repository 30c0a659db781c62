"""The tables, row by row; nothing outside this room sees a row."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Column, DateTime, Text
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel


class Row(SQLModel, registry=registry()):
    """What intake keeps."""


def _moment() -> Column[datetime]:
    return Column(DateTime(timezone=True), nullable=False)


def _maybe_moment() -> Column[datetime]:
    return Column(DateTime(timezone=True))


def _texts() -> Column[list[str]]:
    return Column(ARRAY(Text), nullable=False)


class IntakeRow(Row, table=True):
    """One intake; the columns of the plan are null until there is one."""

    __tablename__ = "intake"

    intake_id: UUID = Field(primary_key=True)
    revision: int = Field(sa_type=BigInteger)
    status: str
    referral_id: UUID
    clinic_id: UUID
    patient_id: UUID
    indication_code: str
    age_years: int
    sex_at_birth: str
    weight_grams: int
    height_millimetres: int
    phq9_score: int | None
    psychiatric_history: list[str] = Field(sa_column=_texts())
    physical_history: list[str] = Field(sa_column=_texts())
    medications: list[str] = Field(sa_column=_texts())
    allergies: list[str] = Field(sa_column=_texts())
    priority: str
    pack: str
    flagged_rules: list[str] = Field(sa_column=_texts())
    assessed: bool
    decline_reason: str | None
    open_time: datetime = Field(sa_column=_moment())
    update_time: datetime = Field(sa_column=_moment())
    schedule: str | None
    approval: str | None
    rationale: str | None = Field(repr=False)
    starting_micrograms: int | None = Field(sa_type=BigInteger)
    approve_time: datetime | None = Field(sa_column=_maybe_moment())
    dose_number: int
    decided_number: int


class AssessmentRow(Row, table=True):
    """The specialist's assessment of one intake; the notes are protected."""

    __tablename__ = "assessment"

    intake_id: UUID = Field(primary_key=True, foreign_key="intake.intake_id")
    phq9_score: int
    phq9_item9: int
    psychiatric_codes: list[str] = Field(sa_column=_texts())
    physical_codes: list[str] = Field(sa_column=_texts())
    weight_grams: int
    height_millimetres: int
    systolic: int
    diastolic: int
    escort_available: bool
    present_note: str = Field(repr=False)
    psychiatric_note: str = Field(repr=False)
    physical_note: str = Field(repr=False)
    circumstances_note: str = Field(repr=False)


class DoseOrderRow(Row, table=True):
    """One dose order; rows are added, never changed."""

    __tablename__ = "dose_order"

    dose_order_id: UUID = Field(primary_key=True)
    intake_id: UUID = Field(foreign_key="intake.intake_id")
    number: int
    dose_micrograms: int = Field(sa_type=BigInteger)
    dosing_weight_grams: int
    weight_basis: str
    reasons: list[str] = Field(sa_column=_texts())
    order_time: datetime = Field(sa_column=_moment())


class PolicyRow(Row, table=True):
    """How one clinic runs its intake."""

    __tablename__ = "clinic_policy"

    clinic_id: UUID = Field(primary_key=True)
    approval: str
    schedule: str
