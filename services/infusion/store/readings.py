"""Vital signs in bulk: one statement for many readings, and their extremes in one look."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from chassis.database import Tx
from services.infusion.domain import Extremes, Vitals

_COLUMNS = "measure_time, oxygen_saturation, heart_rate, systolic, diastolic, moaas"
_ADD = f"""
INSERT INTO vitals (session_id, {_COLUMNS})
SELECT $1, reading.* FROM unnest($2::timestamptz[], $3::smallint[], $4::smallint[],
    $5::smallint[], $6::smallint[], $7::smallint[]) AS reading
ON CONFLICT DO NOTHING
"""  # noqa: S608
_ALL = f"SELECT {_COLUMNS} FROM vitals WHERE session_id = $1 ORDER BY measure_time"  # noqa: S608
_WORST = """
SELECT coalesce(max(systolic), 0), coalesce(max(diastolic), 0),
    coalesce(min(oxygen_saturation), 0), coalesce(min(moaas), 5)
FROM vitals WHERE session_id = $1
"""


async def add_readings(tx: Tx, session_id: UUID, readings: Iterable[Vitals]) -> int:
    """Keep readings, each moment once; how many were new."""
    columns = zip(
        *[
            (
                reading.measure_time,
                reading.oxygen_saturation,
                reading.heart_rate,
                reading.systolic,
                reading.diastolic,
                reading.moaas,
            )
            for reading in readings
        ],
        strict=True,
    )
    said: str = await tx.driver.execute(_ADD, session_id, *map(list, columns))
    return int(said.rpartition(" ")[2])


async def readings(tx: Tx, session_id: UUID) -> Sequence[Vitals]:
    """All readings of a session in order of time."""
    return [Vitals(*row) for row in await tx.driver.fetch(_ALL, session_id)]


async def extremes(tx: Tx, session_id: UUID) -> Extremes:
    """The worst of a session's readings; 0 and 5 where nothing was measured."""
    return Extremes(*await tx.driver.fetchrow(_WORST, session_id))
