"""The tables as rows; rows never leave the store."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    DateTime,
    Dialect,
    Integer,
    LargeBinary,
    SmallInteger,
    Text,
)
from sqlalchemy.orm import registry
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, SQLModel

from services.scheduling.domain import Day


class DayType(TypeDecorator[Day]):
    """An agenda's day, unpacked when it is asked and packed when it is written."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(
        self,
        value: Day | None,
        dialect: Dialect,  # noqa: ARG002
    ) -> bytes | None:
        """The day as bytes."""
        return None if value is None else value.packed()

    def process_result_value(
        self,
        value: Any,
        dialect: Dialect,  # noqa: ARG002
    ) -> Day | None:
        """The bytes as a day."""
        return None if value is None else Day(value)


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


class ResourceRow(Row, table=True):
    """A room, a pump or a nurse; those that left are kept, for their bookings."""

    __tablename__ = "resource"

    resource_id: UUID = Field(primary_key=True)
    clinic_id: UUID
    kind: str
    label: str
    retired: bool


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
    room_minutes: int
    delivered: int
    hold_expire_time: datetime | None = _moment(nullable=True)
    release_reason: str | None
    payment_id: UUID | None
    update_time: datetime = _moment()


class BookingRow(Row, table=True):
    """One session's time and resources; the database itself works out `during`."""

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


class CancelledRow(Row, table=True):
    """A referral that was withdrawn, remembered for a plan that comes later."""

    __tablename__ = "cancelled"

    referral_id: UUID = Field(primary_key=True)
    cancel_time: datetime = _moment()
