"""Estimates and charges: found, kept, listed."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import Boolean, DateTime, literal_column, select, tuple_
from sqlmodel import col

from chassis.database import Tx
from chassis.refusal import NotFound
from services.billing.domain import Entry, estimate
from services.billing.store.desk_rows import (
    ChargeRow,
    EstimateRow,
    charge_of,
    charge_row,
    estimate_of,
    estimate_row,
)
from services.billing.store.recording import put_entry

_URGENCY = literal_column(
    "coalesce(estimate.due_time, '9999-12-31 23:59:59.999999+00')", DateTime(timezone=True)
)
_NEWEST = literal_column(
    "NOT EXISTS (SELECT 1 FROM estimate AS newer WHERE newer.estimate_id = estimate.estimate_id"
    " AND newer.version > estimate.version)",
    Boolean,
)
_NEVER = datetime.max.replace(tzinfo=UTC)


def urgency(one: estimate.Estimate) -> datetime:
    """What has no last day comes last."""
    return one.due_time or _NEVER


def no_estimate() -> NotFound:
    """The same word for an estimate that is not there and for one that is not yours."""
    return NotFound("ESTIMATE_NOT_FOUND", "No such estimate.")


async def find_estimate(tx: Tx, estimate_id: UUID, version: int = 0) -> estimate.Estimate | None:
    """One version, or the newest."""
    found = select(EstimateRow).where(col(EstimateRow.estimate_id) == estimate_id)
    if version:
        found = found.where(col(EstimateRow.version) == version)
    newest = found.order_by(col(EstimateRow.version).desc()).limit(1)
    rows = await tx.rows(newest)
    return estimate_of(rows[0]) if rows else None


async def get_estimate(tx: Tx, estimate_id: UUID, version: int = 0) -> estimate.Estimate:
    """One version, or the newest, which must be there."""
    if found := await find_estimate(tx, estimate_id, version):
        return found
    raise no_estimate()


async def unprovided(
    tx: Tx,
    clinic_id: UUID,
    due_by: datetime | None,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> Sequence[estimate.Estimate]:
    """Newest versions that have not reached their patient, the most urgent first."""
    query = select(EstimateRow).where(
        col(EstimateRow.clinic_id) == clinic_id,
        col(EstimateRow.provide_time).is_(None),
        _NEWEST,
    )
    if due_by is not None:
        query = query.where(col(EstimateRow.due_time) <= due_by)
    order = (_URGENCY, col(EstimateRow.estimate_id))
    if after is not None:
        query = query.where(tuple_(*order) > tuple_(*after))
    return [estimate_of(row) for row in await tx.rows(query.order_by(*order).limit(limit))]


def keep_estimate(tx: Tx, one: estimate.Estimate | None) -> None:
    """A version, or what has happened to it."""
    if one:
        tx.put(estimate_row(one))


async def charges(tx: Tx, invoice_id: UUID) -> Sequence[estimate.Charge]:
    """What was billed besides the sessions, in order."""
    query = select(ChargeRow).where(col(ChargeRow.invoice_id) == invoice_id)
    found = await tx.rows(query.order_by(col(ChargeRow.charge_time), col(ChargeRow.charge_id)))
    return [charge_of(row) for row in found]


def keep_charge(tx: Tx, charge: estimate.Charge, entry: Entry) -> None:
    """A charge and its entry in the journal."""
    tx.put(charge_row(charge))
    put_entry(tx, entry)
