"""Vital signs in bulk: one statement for many readings of many sessions, and looks back at them."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from chassis.database import Tx
from services.infusion.domain import Extremes, Vitals

Key: TypeAlias = tuple[UUID, datetime]

_COLUMNS = """measure_time, oxygen_saturation, heart_rate, systolic, diastolic, moaas,
    respiratory_rate, rass, artefact"""
_ADD = f"""
INSERT INTO vitals (session_id, {_COLUMNS})
SELECT * FROM unnest($1::uuid[], $2::timestamptz[], $3::smallint[], $4::smallint[],
    $5::smallint[], $6::smallint[], $7::smallint[], $8::smallint[], $9::smallint[], $10::boolean[])
ON CONFLICT DO NOTHING RETURNING session_id, measure_time
"""  # noqa: S608
_SINCE = f"""SELECT {_COLUMNS} FROM vitals WHERE session_id = $1 AND measure_time >= $2
ORDER BY measure_time"""  # noqa: S608
_WITH_BEFORE = f"""
SELECT {_COLUMNS} FROM vitals WHERE session_id = $1 AND measure_time >= coalesce((
    SELECT max(measure_time) FROM vitals
    WHERE session_id = $1 AND measure_time >= $3 AND measure_time < $2 AND NOT artefact), $2)
ORDER BY measure_time"""  # noqa: S608
_WORST = """
SELECT coalesce(max(systolic), 0), coalesce(max(diastolic), 0),
    coalesce(min(oxygen_saturation), 0), coalesce(min(moaas), 5)
FROM vitals WHERE session_id = $1 AND measure_time >= $2 AND NOT artefact
"""
_LAST_PRESSURE = """
SELECT max(measure_time) FROM vitals
WHERE session_id = $1 AND measure_time >= $2 AND systolic IS NOT NULL AND NOT artefact
"""


async def add_readings(tx: Tx, readings: Iterable[tuple[UUID, Vitals]]) -> frozenset[Key]:
    """Keep readings, each moment of a session once; which of them are new."""
    told = [
        (
            session_id,
            reading.measure_time,
            reading.oxygen_saturation,
            reading.heart_rate,
            reading.systolic,
            reading.diastolic,
            reading.moaas,
            reading.respiratory_rate,
            reading.rass,
            reading.artefact,
        )
        for session_id, reading in readings
    ]
    if not told:
        return frozenset()
    columns = map(list, zip(*told, strict=True))
    return frozenset([tuple(row) for row in await tx.driver.fetch(_ADD, *columns)])


async def readings(tx: Tx, session_id: UUID, since: datetime) -> Sequence[Vitals]:
    """The readings of a session since a moment, in order: it names the months to look in."""
    return [Vitals(*row) for row in await tx.driver.fetch(_SINCE, session_id, since)]


async def readings_and_before(
    tx: Tx, session_id: UUID, since: datetime, arrived: datetime
) -> Sequence[Vitals]:
    """The readings since a moment, and the one before it: what lasts may be measured rarely."""
    rows = await tx.driver.fetch(_WITH_BEFORE, session_id, since, arrived)
    return [Vitals(*row) for row in rows]


async def extremes(tx: Tx, session_id: UUID, since: datetime) -> Extremes:
    """The worst of a session's readings since a moment; 0 and 5 where nothing was measured."""
    return Extremes(*await tx.driver.fetchrow(_WORST, session_id, since))


async def last_pressure(tx: Tx, session_id: UUID, since: datetime) -> datetime:
    """When pressure was last measured; the moment asked from when it never was."""
    found: datetime | None = await tx.driver.fetchval(_LAST_PRESSURE, session_id, since)
    return found or since
