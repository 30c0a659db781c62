"""The tables of protocols, row by row."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Column, DateTime
from sqlmodel import Field

from services.infusion.store.rows import Row


def _moment() -> Column[datetime]:
    return Column(DateTime(timezone=True), nullable=False)


class ProtocolRow(Row, table=True):
    """One version of a published protocol; added, never changed."""

    __tablename__ = "protocol"

    name: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    clinic_id: UUID | None
    effective_date: date
    content: str
    published_by: str
    publish_time: datetime = Field(sa_column=_moment())


class ClinicProtocolRow(Row, table=True):
    """What a clinic works by; there is none for a clinic that chose nothing."""

    __tablename__ = "clinic_protocol"

    clinic_id: UUID = Field(primary_key=True)
    pack: str
    chosen_by: str
    choose_time: datetime = Field(sa_column=_moment())
