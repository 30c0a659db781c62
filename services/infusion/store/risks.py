"""The last suicide-risk screener of each patient who answered one."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, DateTime
from sqlmodel import Field

from chassis.database import Tx
from chassis.plans import made
from services.infusion import domain
from services.infusion.store.rows import Row


class RiskScreeningRow(Row, table=True):
    """What the last screener says, and until when."""

    __tablename__ = "risk_screening"

    patient_id: UUID = Field(primary_key=True)
    screen_time: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    block_until: datetime | None = Field(sa_column=Column(DateTime(timezone=True)))


async def screening(tx: Tx, patient_id: UUID) -> domain.RiskScreening | None:
    """The last screener that infusion was told of; locked where it may change."""
    row = await tx.find(RiskScreeningRow, patient_id)
    return domain.RiskScreening(row.patient_id, row.screen_time, row.block_until) if row else None


def keep_screening(tx: Tx, told: domain.RiskScreening) -> None:
    """What holds from now on."""
    about = {"screen_time": told.screen_time, "block_until": told.block_until}
    tx.put(made(RiskScreeningRow, patient_id=told.patient_id, **about))
