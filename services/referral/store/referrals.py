"""Referrals: what is known before one is taken in, one for change, and the only writer."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from chassis import telemetry, traceparent
from chassis.database import Tx
from chassis.plans import made
from services.referral.domain import (
    Application,
    Cancelled,
    Event,
    Known,
    Line,
    Received,
    Referral,
    Registered,
    Routed,
    match_key,
)
from services.referral.store import load
from services.referral.store.rows import ChangeRow, ReferralRow
from services.referral.store.shapes import clinic, patient_row, referral, referral_row
from services.referral.wire import fact

_LOOK_UP = """
SELECT patient.patient_id,
    (SELECT made FROM referral AS made WHERE request_id = $1) AS made,
    (SELECT twin FROM referral AS twin WHERE twin.patient_id = patient.patient_id
        AND category = $3 AND stage NOT IN ('COMPLETED', 'DECLINED', 'CANCELLED')) AS twin,
    ARRAY(SELECT directory FROM directory) AS clinics
FROM (SELECT) AS always LEFT JOIN patient ON match_key = $2
"""


async def look_up(tx: Tx, asked: Application) -> Known:
    """All that decides about a new referral, in one question; nothing is locked."""
    key, category = match_key(asked.patient), asked.clinical.category
    found = await tx.driver.fetchrow(_LOOK_UP, asked.request_id, key, category)
    return Known(
        referral_id=_new_id(tx.now),
        patient_id=found["patient_id"] or uuid4(),
        registered=found["patient_id"] is not None,
        made=_maybe(found["made"]),
        twin=_maybe(found["twin"]),
        clinics=[clinic(one) for one in found["clinics"]],
    )


async def find(tx: Tx, referral_id: UUID) -> Referral | None:
    """One referral, for change: locked until the commit."""
    row = await tx.find(ReferralRow, referral_id)
    return referral(row.__dict__) if row else None


async def record(tx: Tx, referral: Referral, events: Sequence[Event]) -> None:
    """Keep the new state, tell the platform, and write the history, all in one commit."""
    for event in events:
        match event:
            case Registered(patient_id, person):
                tx.put(patient_row(patient_id, person, tx.now))
            case Received(stated) | Routed(stated):
                _state(tx, stated, event)
            case Cancelled(stated, _, freed):
                _state(tx, stated, event)
                await load.count(tx, load.OFFICE, freed, None)
    if events:
        tx.put(referral_row(referral))


def change_row(line: Line) -> ChangeRow:
    """One line of the history, in the trace of the work that writes it."""
    return made(
        ChangeRow,
        referral_id=line.referral_id,
        number=line.number,
        status=line.status.value,
        cause=line.cause,
        change_time=line.time,
        trace_id=_trace_id(),
    )


def _state(tx: Tx, referral: Referral, event: Received | Routed | Cancelled) -> None:
    told = fact(event, tx.now)
    tx.emit(told)
    progress = referral.progress
    cause = told.DESCRIPTOR.full_name
    line = Line(referral.referral_id, progress.changes, progress.status, cause, tx.now)
    tx.put(change_row(line))


def _trace_id() -> str:
    """The trace that caused this line; an unsampled one leads nowhere, so it is not shown."""
    header = telemetry.current_traceparent()
    return header.split("-")[1] if traceparent.sampled(header) else ""


def _maybe(kept: Any) -> Referral | None:
    return referral(kept) if kept else None


def _new_id(now: datetime) -> UUID:
    """UUIDv7: random, yet in the order of time, so that lists and indexes are too."""
    milliseconds = int(now.timestamp() * 1000)
    noise = secrets.randbits(74)
    high = milliseconds << 16 | 7 << 12 | noise >> 62
    return UUID(int=high << 64 | 2 << 62 | noise & (1 << 62) - 1)
