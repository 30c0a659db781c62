"""By which clock each clinic's days begin and end."""

from datetime import UTC, tzinfo
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger
from sqlmodel import Field

from chassis.database import Tx
from chassis.plans import made
from services.infusion.store.rows import Row


class ClockRow(Row, table=True):
    """One clinic's time zone, as of a revision of the clinic."""

    __tablename__ = "clinic_clock"

    clinic_id: UUID = Field(primary_key=True)
    revision: int = Field(sa_type=BigInteger)
    time_zone: str


async def keep_clock(tx: Tx, clinic_id: UUID, revision: int, zone: str) -> None:
    """A clinic's time zone; older news is ignored."""
    known = await tx.find(ClockRow, clinic_id)
    if known is None or revision > known.revision:
        tx.put(made(ClockRow, clinic_id=clinic_id, revision=revision, time_zone=zone))


async def zone_of(tx: Tx, clinic_id: UUID) -> tzinfo:
    """A clinic's time zone, not locked; UTC until it was told."""
    known = await tx.look(ClockRow, [clinic_id])
    return ZoneInfo(known[clinic_id].time_zone) if clinic_id in known else UTC
