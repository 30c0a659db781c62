"""Referrals: what is known before one is taken in, one for change, and the only writer."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from chassis import telemetry, traceparent
from chassis.database import Tx
from chassis.ids import uuid_of
from chassis.plans import made
from services.referral.domain import (
    Application,
    Available,
    Cancelled,
    Clinic,
    Event,
    Known,
    Line,
    Progress,
    Received,
    Referral,
    Registered,
    Routed,
    Supplemented,
)
from services.referral.store import load
from services.referral.store.registry import blind, patient_row
from services.referral.store.rows import ChangeRow, ReferralRow, UntoldRow
from services.referral.store.shapes import clinic, referral, referral_row
from services.referral.wire import Stated, fact

_LOOK_UP = """
SELECT patient.patient_id,
    (SELECT made FROM referral AS made WHERE made.request_id = asked.request_id) AS made,
    (SELECT twin FROM referral AS twin WHERE twin.patient_id = patient.patient_id
        AND category = asked.category AND stage NOT IN ('COMPLETED', 'DECLINED', 'CANCELLED')
    ) AS twin,
    CASE WHEN place = 1 THEN ARRAY(SELECT directory FROM directory) END AS clinics
FROM unnest($1::uuid[], $2::bytea[], $3::text[])
    WITH ORDINALITY AS asked (request_id, match_key, category, place)
LEFT JOIN patient ON patient.match_key = asked.match_key ORDER BY place
"""


async def look_up(tx: Tx, asked: Sequence[Application]) -> Sequence[Known]:
    """All that decides about new referrals, in one question; nothing is locked."""
    keys = [blind(one.patient) for one in asked]
    categories = [one.clinical.category for one in asked]
    found = await tx.driver.fetch(_LOOK_UP, [one.request_id for one in asked], keys, categories)
    clinics = [clinic(one) for one in found[0]["clinics"]]
    return [_known(row, key, clinics, tx.now) for row, key in zip(found, keys, strict=True)]


def _known(
    row: Mapping[str, Any], match_key: bytes, clinics: Sequence[Clinic], now: datetime
) -> Known:
    return Known(
        referral_id=_new_id(now),
        patient_id=row["patient_id"] or uuid_of(uuid4().hex),
        registered=row["patient_id"] is not None,
        match_key=match_key,
        made=_maybe(row["made"]),
        twin=_maybe(row["twin"]),
        clinics=clinics,
    )


async def find(tx: Tx, referral_id: UUID) -> Referral | None:
    """One referral, for change: locked until the commit."""
    row = await tx.find(ReferralRow, referral_id)
    return referral(row.__dict__) if row else None


async def record(tx: Tx, referral: Referral, events: Sequence[Event]) -> None:
    """Keep the new state, tell the platform, and write the history, all in one commit."""
    for event in events:
        match event:
            case Registered():
                tx.put(patient_row(event, referral.progress.clinic_id, tx.now))
            case Received(stated) | Routed(stated) | Supplemented(stated) | Available(stated):
                _state(tx, stated, event)
            case Cancelled(stated, _, freed):
                _state(tx, stated, event)
                await load.count(tx, load.OFFICE, freed, None)
    if events:
        tx.put(referral_row(referral))


def note(tx: Tx, line: Line, progress: Progress) -> None:
    """One line of the history; who submitted the referral by events has it still to be told."""
    tx.put(_change_row(line))
    if partner := progress.partner:
        about = {"referral_id": line.referral_id, "number": line.number}
        tx.put(made(UntoldRow, partner=partner, **about))


def _change_row(line: Line) -> ChangeRow:
    """In the trace of the work that writes it."""
    return made(
        ChangeRow,
        referral_id=line.referral_id,
        number=line.number,
        status=line.status,
        cause=line.cause,
        change_time=line.time,
        trace_id=_trace_id(),
        detail=line.detail,
    )


def _state(tx: Tx, referral: Referral, event: Stated) -> None:
    told = fact(event, tx.now)
    tx.emit(told)
    progress = referral.progress
    cause = told.DESCRIPTOR.full_name
    line = Line(referral.referral_id, progress.changes, progress.status, cause, tx.now)
    note(tx, line, progress)


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
    return uuid_of(f"{high << 64 | 2 << 62 | noise & (1 << 62) - 1:032x}")
