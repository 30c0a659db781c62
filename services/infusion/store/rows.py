"""The tables, row by row; nothing outside this room sees a row."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Column, DateTime, Numeric, Text
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel


class Row(SQLModel, registry=registry()):
    """What infusion keeps."""


def _moment() -> Column[datetime]:
    return Column(DateTime(timezone=True), nullable=False)


def _maybe_moment() -> Column[datetime]:
    return Column(DateTime(timezone=True))


def _amount() -> Column[Decimal]:
    return Column(Numeric, nullable=False)


class CourseRow(Row, table=True):
    """One course: what its sessions have in common."""

    __tablename__ = "course"

    course_id: UUID = Field(primary_key=True)
    revision: int = Field(sa_type=BigInteger)
    series_revision: int = Field(sa_type=BigInteger)
    series_id: UUID
    plan_id: UUID
    referral_id: UUID
    patient_id: UUID | None
    clinic_id: UUID
    session_count: int
    infusion_minutes: int
    highest_number: int
    booked: bool


class WordRow(Row, table=True):
    """The newest word about one session alone; most sessions have none."""

    __tablename__ = "session_word"

    session_id: UUID = Field(primary_key=True)
    number: int
    revision: int = Field(sa_type=BigInteger)
    start_time: datetime | None = Field(sa_column=_maybe_moment())
    clinic_id: UUID


class SessionRow(Row, table=True):
    """One session as booked; narrow, for a series writes eight at once."""

    __tablename__ = "session"

    session_id: UUID = Field(primary_key=True)
    course_id: UUID
    clinic_id: UUID
    number: int
    planned_start_time: datetime = Field(sa_column=_moment())
    status: str
    revision: int


class InfusionRow(Row, table=True):
    """One infusion; the columns of its end are null while it runs."""

    __tablename__ = "infusion"

    session_id: UUID = Field(primary_key=True, foreign_key="session.session_id")
    dose_order_id: UUID
    ordered_micrograms: int = Field(sa_type=BigInteger)
    start_time: datetime = Field(sa_column=_moment())
    oxygen_saturation: int
    heart_rate: int
    systolic: int | None
    diastolic: int | None
    moaas: int | None
    baseline_time: datetime = Field(sa_column=_moment())
    phq9_score: int | None
    given_micrograms: int | None = Field(sa_type=BigInteger)
    running_minutes: int | None
    adverse_events: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    end_time: datetime | None = Field(sa_column=_maybe_moment())
    respiratory_rate: int | None
    rass: int | None
    ndc: str
    lot: str
    expire_date: date
    dose_mg: Decimal = Field(sa_column=_amount())
    concentration_mg_per_ml: Decimal = Field(sa_column=_amount())
    volume_ml: Decimal = Field(sa_column=_amount())
    minutes: int
    rate_ml_per_h: Decimal = Field(sa_column=_amount())
    delivered_ml: Decimal | None = Field(sa_column=Column(Numeric))
    stopped_early: bool | None
    stop_reason: str | None


class IntervalRow(Row, table=True):
    """A stretch of the pump's running."""

    __tablename__ = "pump_interval"

    session_id: UUID = Field(primary_key=True, foreign_key="infusion.session_id")
    number: int = Field(primary_key=True)
    start_time: datetime = Field(sa_column=_moment())
    rate_ml_per_h: Decimal = Field(sa_column=_amount())
    end_time: datetime | None = Field(sa_column=_maybe_moment())


class DoseOrderRow(Row, table=True):
    """One dose order of a plan; rows are added, never changed."""

    __tablename__ = "dose_order"

    plan_id: UUID = Field(primary_key=True)
    number: int = Field(primary_key=True)
    dose_order_id: UUID
    dose_micrograms: int = Field(sa_type=BigInteger)
    order_time: datetime = Field(sa_column=_moment())


class PlanMinutesRow(Row, table=True):
    """The infusion time of a plan that was revised; there is none for the others."""

    __tablename__ = "plan_minutes"

    plan_id: UUID = Field(primary_key=True)
    revision: int = Field(sa_type=BigInteger)
    infusion_minutes: int


class PlanStandingRow(Row, table=True):
    """Where a plan stands; none for one that never started and of which nothing was said."""

    __tablename__ = "plan_standing"

    plan_id: UUID = Field(primary_key=True)
    revision: int = Field(sa_type=BigInteger)
    standing: str
