"""Loading what stands beside an invoice; the invoice is always locked before it."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlmodel import col

from chassis.database import Tx
from chassis.refusal import NotFound
from services.billing import domain
from services.billing.store.finding import await_invoice, find_payment, find_superbill, load
from services.billing.store.ledger_rows import DisputeRow, FeeRow, PartRow, RefundRow
from services.billing.store.ledger_shapes import dispute_of, fee_of, refund_of

_APART = """
SELECT payment_id, tries FROM instalment WHERE invoice_id = $1
UNION ALL SELECT payment_id, 1 FROM payment WHERE invoice_id = $1 AND request_id IS NOT NULL
"""
_LEFT = """
SELECT payment_id, minor_units - refund_minor_units
    - (SELECT coalesce(sum(part.minor_units), 0)::bigint FROM refund_part AS part
       WHERE part.payment_id = payment.payment_id
       AND part.status <> 'waiting')
FROM payment WHERE payment_id = ANY($1::uuid[]) AND status = 'collected' ORDER BY attempt DESC
"""

_ON_ITS_WAY = """
SELECT coalesce(sum(part.minor_units), 0)::bigint
FROM refund JOIN refund_part AS part USING (refund_id)
WHERE superbill_id = $1 AND part.status IN ('pending', 'failed')
"""


async def find_refund(tx: Tx, refund_id: UUID) -> domain.Refund | None:
    """A refund with its parts."""
    row = await tx.find(RefundRow, refund_id)
    return refund_of(row, await _parts(tx, refund_id)) if row else None


async def get_refund(tx: Tx, refund_id: UUID) -> domain.Refund:
    """A refund that must have been asked for."""
    if (found := await find_refund(tx, refund_id)) is None:
        raise no_refund()
    return found


def no_refund() -> NotFound:
    """The same word for a refund that is not there and for one that is not yours."""
    return NotFound("REFUND_NOT_FOUND", "No such refund.")


def no_superbill() -> NotFound:
    """The same word for a receipt that is not there and for one that is not yours."""
    return NotFound("SUPERBILL_NOT_FOUND", "No such superbill.")


def no_dispute() -> NotFound:
    """The same word for a dispute that is not there and for one that is not yours."""
    return NotFound("DISPUTE_NOT_FOUND", "No such dispute.")


async def sources(tx: Tx, invoice: domain.Invoice) -> Sequence[domain.Source]:
    """The payments that money can go back to, the newest first, and what is left of each."""
    ids = await payment_ids(tx, invoice)
    return [domain.Source(*row) for row in await tx.driver.fetch(_LEFT, ids) if row[1] > 0]


async def payment_ids(tx: Tx, invoice: domain.Invoice) -> Sequence[UUID]:
    """Tries are numbered, instalments name their payments, and the rest was asked for by a call."""
    rows = await tx.driver.fetch(_APART, invoice.invoice_id)
    tries = range(1, invoice.attempt + 1)
    numbered = [domain.payment_id(invoice.invoice_id, attempt) for attempt in tries]
    apart = [domain.instalment_key(row[0], n) for row in rows for n in range(1, row[1] + 1)]
    return list(dict.fromkeys([*numbered, *apart]))


async def on_its_way(tx: Tx, bill: domain.Superbill) -> int:
    """What goes back for a receipt already and is not on it yet."""
    found: int = await tx.driver.fetchval(_ON_ITS_WAY, bill.superbill_id)
    return found


async def find_fee(tx: Tx, session_id: UUID) -> domain.Fee | None:
    """What was decided about a missed session."""
    row = await tx.find(FeeRow, session_id)
    return fee_of(row) if row else None


async def load_with_fees(tx: Tx, news: Sequence[domain.Incurred]) -> None:
    """Prefetch the invoices of many missed sessions, and what was decided about them."""
    await load(tx, [one.series_id for one in news])
    await tx.load(FeeRow, [one.session_id for one in news])


async def find_with_fee(tx: Tx, news: domain.Incurred) -> tuple[domain.Invoice, domain.Fee | None]:
    """A missed session's invoice, and what was decided about it before."""
    invoice = await await_invoice(tx, news.series_id)
    return invoice, await find_fee(tx, news.session_id)


async def fees(tx: Tx, invoice_id: UUID) -> Sequence[domain.Fee]:
    """Everything decided about the missed sessions of an invoice."""
    query = select(FeeRow).where(col(FeeRow.invoice_id) == invoice_id)
    return [fee_of(row) for row in await tx.rows(query.order_by(col(FeeRow.charge_time)))]


async def find_dispute(tx: Tx, dispute_id: UUID) -> domain.Dispute | None:
    """A dispute, if we were told of it."""
    row = await tx.find(DisputeRow, dispute_id)
    return dispute_of(row) if row else None


async def disputes(
    tx: Tx, clinic_id: UUID, after: tuple[object, ...] | None, limit: int
) -> Sequence[domain.Dispute]:
    """Those of a clinic, the most pressing first."""
    order = (col(DisputeRow.respond_by), col(DisputeRow.dispute_id))
    query = select(DisputeRow).where(col(DisputeRow.clinic_id) == clinic_id)
    rows = await tx.rows(_page(query, order, after, limit))
    return [dispute_of(row) for row in rows]


async def refunds(
    tx: Tx, clinic_id: UUID, after: tuple[object, ...] | None, limit: int
) -> Sequence[domain.Refund]:
    """Those of a clinic, the oldest first."""
    order = (col(RefundRow.request_time), col(RefundRow.refund_id))
    query = select(RefundRow).where(col(RefundRow.clinic_id) == clinic_id)
    rows = await tx.rows(_page(query, order, after, limit))
    return [refund_of(row, await _parts(tx, row.refund_id)) for row in rows]


def _page(query: Any, order: Any, after: tuple[object, ...] | None, limit: int) -> Any:
    if after is not None:
        query = query.where(tuple_(*order) > tuple_(*after))
    return query.order_by(*order).limit(limit)


async def _parts(tx: Tx, refund_id: UUID) -> Iterable[PartRow]:
    query = select(PartRow).where(col(PartRow.refund_id) == refund_id)
    return await tx.rows(query.order_by(col(PartRow.place)))


async def get_payment(tx: Tx, payment_id: UUID) -> domain.Payment:
    """A payment that must have been asked for."""
    found = await find_payment(tx, payment_id)
    if found is None:
        raise NotFound("PAYMENT_NOT_FOUND", "No such payment.")
    return found


async def get_superbill(tx: Tx, superbill_id: UUID) -> domain.Superbill:
    """The newest version of a receipt that must have been issued."""
    found = await find_superbill(tx, superbill_id)
    if found is None:
        raise no_superbill()
    return found


async def get_fee(tx: Tx, session_id: UUID) -> domain.Fee:
    """A decision that must have been made."""
    found = await find_fee(tx, session_id)
    if found is None:
        raise NotFound("FEE_NOT_FOUND", "Nothing was decided about this session.")
    return found


async def going(tx: Tx, refund: domain.Refund, part: domain.Part) -> domain.Going:
    """Where a part goes back to, with the receipt that it changes."""
    payment = await get_payment(tx, part.payment_id)
    bill = await get_superbill(tx, refund.superbill_id) if refund.superbill_id else None
    return domain.Going(payment, bill)
