"""The tables of the controlled-drug record, row by row; nothing outside this room sees a row."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Column, DateTime, Numeric
from sqlmodel import Field

from services.infusion.store.rows import Row


def _amount() -> Column[Decimal]:
    return Column(Numeric(12, 3), nullable=False)


def _moment() -> Column[datetime]:
    return Column(DateTime(timezone=True), nullable=False)


class RegistrationRow(Row, table=True):
    """One registered place; added, never changed."""

    __tablename__ = "custody_registration"

    dea_number: str = Field(primary_key=True)
    clinic_id: UUID
    time_zone: str
    open_date: date


class ContainerRow(Row, table=True):
    """One container; locked by whoever moves something in it, never changed."""

    __tablename__ = "custody_container"

    container_id: UUID = Field(primary_key=True)
    dea_number: str = Field(foreign_key="custody_registration.dea_number")
    clinic_id: UUID
    ndc: str
    lot: str
    label: str
    expiry_date: date
    drug: str
    schedule: str
    strength: Decimal = Field(sa_column=Column(Numeric(9, 3), nullable=False))
    capacity: Decimal = Field(sa_column=_amount())
    pack: str


class EntryRow(Row, table=True):
    """One line of the ledger; added, never changed."""

    __tablename__ = "custody_entry"

    container_id: UUID = Field(primary_key=True, foreign_key="custody_container.container_id")
    number: int = Field(primary_key=True)
    entry_id: UUID
    cause_id: UUID
    kind: str
    change: Decimal = Field(sa_column=_amount())
    balance: Decimal = Field(sa_column=_amount())
    session_id: UUID | None
    counterparty: str
    reference: str
    recorder: str
    witness: str
    occur_time: datetime = Field(sa_column=_moment())
    record_time: datetime = Field(sa_column=_moment())
    reversed_id: UUID | None


class DisposalRow(Row, table=True):
    """One waste or destruction, from its telling to its witness."""

    __tablename__ = "custody_disposal"

    disposal_id: UUID = Field(primary_key=True)
    container_id: UUID = Field(foreign_key="custody_container.container_id")
    kind: str
    amount: Decimal = Field(sa_column=_amount())
    recorder: str
    occur_time: datetime = Field(sa_column=_moment())
    reference: str
    status: str
    witness: str
    session_id: UUID | None
    due_time: datetime | None = Field(sa_column=Column(DateTime(timezone=True)))
    escalate_time: datetime | None = Field(sa_column=Column(DateTime(timezone=True)))


class StocktakingRow(Row, table=True):
    """When a registered place takes its next inventory."""

    __tablename__ = "custody_stocktaking"

    stocktaking_id: UUID = Field(primary_key=True)
    dea_number: str
    clinic_id: UUID
    time_zone: str
    due_date: date
    stage: str
    revision: int


class CountRow(Row, table=True):
    """The heading of one count; added, never changed."""

    __tablename__ = "custody_count"

    count_id: UUID = Field(primary_key=True)
    dea_number: str = Field(foreign_key="custody_registration.dea_number")
    scope: str
    moment: str
    counter: str
    count_time: datetime = Field(sa_column=_moment())


class CountLineRow(Row, table=True):
    """One container as counted; added, never changed."""

    __tablename__ = "custody_count_line"

    count_id: UUID = Field(primary_key=True, foreign_key="custody_count.count_id")
    container_id: UUID = Field(primary_key=True, foreign_key="custody_container.container_id")
    place: int
    number: int
    book: Decimal = Field(sa_column=_amount())
    counted: Decimal = Field(sa_column=_amount())
    incident_id: UUID | None


class IncidentRow(Row, table=True):
    """One difference, from the count that found it to its end."""

    __tablename__ = "custody_incident"

    incident_id: UUID = Field(primary_key=True)
    container_id: UUID = Field(foreign_key="custody_container.container_id")
    dea_number: str
    clinic_id: UUID
    ndc: str
    book: Decimal = Field(sa_column=_amount())
    counted: Decimal = Field(sa_column=_amount())
    counter: str
    find_time: datetime = Field(sa_column=_moment())
    due_time: datetime = Field(sa_column=_moment())
    pack: str
    revision: int
    status: str
    resolution: str | None
    resolver: str
    reference: str
