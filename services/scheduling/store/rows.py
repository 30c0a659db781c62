"""The tables as rows; rows never leave the store."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    Date,
    DateTime,
    Dialect,
    Integer,
    SmallInteger,
    Text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import registry
from sqlalchemy.types import UserDefinedType
from sqlmodel import Field, SQLModel

from services.scheduling.domain import Day


class DayType(UserDefinedType[Day]):
    """An agenda's day, unpacked when it is asked and packed when it is written."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """As the migrations have it."""
        return "BYTEA"

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], bytes]:  # noqa: ARG002
        """The day as bytes."""
        return Day.packed

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Day]:  # noqa: ARG002
        """The bytes as a day."""
        return Day


def _moment(*, nullable: bool = False) -> Any:
    return Field(sa_column=Column(DateTime(timezone=True), nullable=nullable))


class Row(SQLModel, registry=registry()):
    """The rows of scheduling."""

    model_config = {"arbitrary_types_allowed": True}


class ClinicRow(Row, table=True):
    """A clinic; its hours are weekday, opening and closing minute, in a row."""

    __tablename__ = "clinic"

    clinic_id: UUID = Field(primary_key=True)
    revision: int
    name: str
    time_zone: str
    latitude: float
    longitude: float
    indications: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    hours: list[int] = Field(sa_column=Column(ARRAY(Integer), nullable=False))
    hold_seconds: int
    series_capacity: int
    holidays: list[date] = Field(sa_column=Column(ARRAY(Date), nullable=False))


class ResourceRow(Row, table=True):
    """Something a session takes; those that left are kept, for their bookings."""

    __tablename__ = "resource"

    resource_id: UUID = Field(primary_key=True)
    clinic_id: UUID
    kind: str
    label: str
    retired: bool
    patients: int = Field(sa_column=Column(SmallInteger, nullable=False))
    skills: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    shifts: list[int] = Field(sa_column=Column(ARRAY(Integer), nullable=False))


class ClosureRow(Row, table=True):
    """A time when a resource, or the whole clinic, is away."""

    __tablename__ = "closure"

    closure_id: UUID = Field(primary_key=True)
    clinic_id: UUID
    resource_id: UUID | None
    start_time: datetime = _moment()
    end_time: datetime = _moment()
    reason: str


class DeskRow(Row, table=True):
    """Locked by whoever changes what its clinic has promised."""

    __tablename__ = "desk"

    clinic_id: UUID = Field(primary_key=True)
    clinic_print: UUID
    layout: UUID | None
    patterns: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    reached: list[int] = Field(sa_column=Column(ARRAY(BigInteger), nullable=False))


class AgendaRow(Row, table=True):
    """What is taken on one local day of a clinic; the day is a proleptic ordinal."""

    __tablename__ = "agenda"

    clinic_id: UUID = Field(primary_key=True)
    day: int = Field(primary_key=True)
    taken: Day = Field(sa_column=Column(DayType, nullable=False))


class RepairRow(Row, table=True):
    """What is proposed for the sessions that a closure touches."""

    __tablename__ = "repair"

    closure_id: UUID = Field(primary_key=True)
    clinic_id: UUID
    steps: list[dict[str, Any]] = Field(sa_column=Column(JSONB, nullable=False))
    origin: str


class SeriesRow(Row, table=True):
    """A series with its plan."""

    __tablename__ = "series"

    series_id: UUID = Field(primary_key=True)
    revision: int
    status: str
    plan_id: UUID
    referral_id: UUID
    patient_id: UUID
    clinic_id: UUID
    indication_code: str
    weeks: list[int] = Field(sa_column=Column(ARRAY(SmallInteger), nullable=False))
    min_gap_hours: int
    infusion_minutes: int
    recovery_minutes: int
    starts: list[datetime] = Field(sa_column=Column(ARRAY(DateTime(timezone=True)), nullable=False))
    shape: list[int] = Field(sa_column=Column(ARRAY(SmallInteger), nullable=False))
    delivered: int
    hold_expire_time: datetime | None = _moment(nullable=True)
    release_reason: str | None
    payment_id: UUID | None
    update_time: datetime = _moment()
    urgent: bool
    reminded_time: datetime | None = _moment(nullable=True)
    kap: bool
    maintain_every: int = Field(sa_column=Column(SmallInteger, nullable=False))
    rule: str
    limits: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    plan_version: int


class SafetyRow(Row, table=True):
    """What keeps a patient from being booked: each a moment and a rule; none for most patients."""

    __tablename__ = "safety"

    patient_id: UUID = Field(primary_key=True)
    review_time: datetime = _moment()
    barriers: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))


class BookingRow(Row, table=True):
    """One session's times and resources; the constraints say who may have what when."""

    __tablename__ = "booking"

    series_id: UUID = Field(primary_key=True)
    number: int = Field(sa_column=Column(SmallInteger, primary_key=True))
    clinic_id: UUID
    room_id: UUID
    pump_id: UUID
    nurse_id: UUID
    start_time: datetime = _moment()
    end_time: datetime = _moment()
    status: str
    infuse_time: datetime = _moment()
    infuse_end_time: datetime = _moment()
    room_end_time: datetime = _moment()
    nurse_place: int = Field(sa_column=Column(SmallInteger, nullable=False))
    monitor_id: UUID | None
    chair_id: UUID | None
    therapist_id: UUID | None
    arrive_time: datetime | None = _moment(nullable=True)


class PastRow(Row, table=True):
    """A time that a session once had, and how it ended."""

    __tablename__ = "past"

    series_id: UUID = Field(primary_key=True)
    number: int = Field(sa_column=Column(SmallInteger, primary_key=True))
    attempt: int = Field(sa_column=Column(SmallInteger, primary_key=True))
    outcome: str
    reason: str
    start_time: datetime = _moment()
    end_time: datetime = _moment()
    at: datetime = _moment()
    fee: str
    request_id: UUID


class StandingRow(Row, table=True):
    """Whether a plan runs, is paused, or has ended, as intake said last."""

    __tablename__ = "standing"

    plan_id: UUID = Field(primary_key=True)
    revision: int
    state: str


class OverrideRow(Row, table=True):
    """A decision against the rules; never changed."""

    __tablename__ = "override"

    request_id: UUID = Field(primary_key=True)
    series_id: UUID
    number: int = Field(sa_column=Column(SmallInteger, nullable=False))
    reason: str
    role: str
    person: str
    rules: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    old_time: datetime = _moment()
    new_time: datetime = _moment()
    at: datetime = _moment()


class FeedRow(Row, table=True):
    """A calendar that a private token opens; only the token's hash is kept."""

    __tablename__ = "feed"

    feed_id: UUID = Field(primary_key=True)
    token_hash: str
    clinic_id: UUID
    patient_id: UUID | None
    resource_id: UUID | None


class ReferralRow(Row, table=True):
    """What was said about a referral, perhaps before its plan came."""

    __tablename__ = "referral"

    referral_id: UUID = Field(primary_key=True)
    cancel_time: datetime | None = _moment(nullable=True)
    preferences: dict[str, Any] | None = Field(sa_column=Column(JSONB(none_as_null=True)))
    availability_revision: int = Field(sa_type=BigInteger)
    """The referral's revision at which its referrer told last when the patient can come."""
