"""The tables of one visit, row by row; what people wrote is protected and never shown in a repr."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, DateTime
from sqlmodel import Field

from services.infusion.store.rows import Row


def _moment(*, key: bool = False) -> Column[datetime]:
    return Column(DateTime(timezone=True), nullable=False, primary_key=key)


def _maybe_moment() -> Column[datetime]:
    return Column(DateTime(timezone=True))


class AttendanceRow(Row, table=True):
    """The day of one session."""

    __tablename__ = "attendance"

    session_id: UUID = Field(primary_key=True, foreign_key="session.session_id")
    arrive_time: datetime = Field(sa_column=_moment())
    latest_time: datetime = Field(sa_column=_moment())
    pack: str
    recover_time: datetime | None = Field(sa_column=_maybe_moment())
    leave_time: datetime | None = Field(sa_column=_maybe_moment())
    leave_reason: str


class StartFormRow(Row, table=True):
    """One checklist; rows are added, never changed."""

    __tablename__ = "start_form"

    session_id: UUID = Field(primary_key=True, foreign_key="attendance.session_id")
    number: int = Field(primary_key=True)
    content: str = Field(repr=False)
    recorded_by: str
    check_time: datetime = Field(sa_column=_moment())


class DoubleCheckRow(Row, table=True):
    """One confirmation of drug and programme; rows are added, never changed."""

    __tablename__ = "double_check"

    session_id: UUID = Field(primary_key=True, foreign_key="attendance.session_id")
    confirm_time: datetime = Field(sa_column=_moment(key=True))
    content: str = Field(repr=False)
    confirmed_by: str


class OverrideRow(Row, table=True):
    """One finding answered for; rows are added, never changed."""

    __tablename__ = "gate_override"

    session_id: UUID = Field(primary_key=True, foreign_key="attendance.session_id")
    gate: str = Field(primary_key=True)
    item: str = Field(primary_key=True)
    override_time: datetime = Field(sa_column=_moment(key=True))
    reason_code: str
    rationale: str = Field(repr=False)
    prescriber: str


class AlertRow(Row, table=True):
    """One alert."""

    __tablename__ = "alert"

    alert_id: UUID = Field(primary_key=True)
    session_id: UUID = Field(foreign_key="session.session_id")
    rule_id: str
    level: str
    parameter: str
    raise_time: datetime = Field(sa_column=_moment())
    clear_time: datetime | None = Field(sa_column=_maybe_moment())
    acknowledge_time: datetime | None = Field(sa_column=_maybe_moment())
    acknowledged_by: str
    by_prescriber: bool


class ObservationRow(Row, table=True):
    """One thing noted; rows are added, never changed."""

    __tablename__ = "observation"

    observation_id: UUID = Field(primary_key=True)
    session_id: UUID = Field(foreign_key="attendance.session_id")
    kind: str
    code: str
    content: str = Field(repr=False)
    recorded_by: str
    occur_time: datetime = Field(sa_column=_moment())


class DischargeRow(Row, table=True):
    """The assessment that a patient went home on; never changed."""

    __tablename__ = "discharge"

    session_id: UUID = Field(primary_key=True, foreign_key="attendance.session_id")
    content: str = Field(repr=False)
    recorded_by: str
    discharge_time: datetime = Field(sa_column=_moment())
