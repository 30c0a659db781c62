"""Whose invoice something belongs to, read without a lock: the invoice is always locked first."""

from uuid import UUID

from chassis.database import Tx
from chassis.refusal import NotFound
from services.billing.store.besides import no_dispute, no_refund, no_superbill


def no_payment() -> NotFound:
    """The same word for a payment that is not there and for one that is not yours."""
    return NotFound("PAYMENT_NOT_FOUND", "No such payment.")


def no_fee() -> NotFound:
    """The same word for a fee that is not there and for one that is not yours."""
    return NotFound("FEE_NOT_FOUND", "Nothing was decided about this session.")


async def invoice_of_refund(tx: Tx, refund_id: UUID) -> UUID:
    """The invoice of a refund."""
    return await _invoice_id(tx, "refund", "refund_id", refund_id, no_refund())


async def invoice_of_dispute(tx: Tx, dispute_id: UUID) -> UUID:
    """The invoice of a dispute."""
    return await _invoice_id(tx, "dispute", "dispute_id", dispute_id, no_dispute())


async def invoice_of_payment(tx: Tx, payment_id: UUID) -> UUID:
    """The invoice of a payment."""
    return await _invoice_id(tx, "payment", "payment_id", payment_id, no_payment())


async def invoice_of_fee(tx: Tx, session_id: UUID) -> UUID:
    """The invoice of a missed session's fee."""
    return await _invoice_id(tx, "missed_session_fee", "session_id", session_id, no_fee())


async def invoice_of_superbill(tx: Tx, superbill_id: UUID) -> UUID:
    """The invoice of a receipt."""
    return await _invoice_id(tx, "superbill", "superbill_id", superbill_id, no_superbill())


async def _invoice_id(tx: Tx, table: str, key: str, value: UUID, otherwise: NotFound) -> UUID:
    sql = f"SELECT invoice_id FROM {table} WHERE {key} = $1 LIMIT 1"  # noqa: S608 - our own names
    found: UUID | None = await tx.driver.fetchval(sql, value)
    if found is None:
        raise otherwise
    return found
