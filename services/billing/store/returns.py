"""What an errand or a deadline of money needs: parts on their way back, balances to remember."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from chassis.database import Database, Tx
from services.billing import domain
from services.billing.domain import Charge, Money, Rule
from services.billing.packs import policies
from services.billing.store.besides import get_refund, going
from services.billing.store.ledger_rows import PartRow
from services.billing.store.rows import InvoiceRow, invoice_of

REMIND = "remind-of-balance"
_ARISES = frozenset({Rule.DELIVER_UNPAID, Rule.CHARGE_FEE, Rule.CHARGE_ITEM})
_PARTS = """
SELECT part_id, refund_part.payment_id, refund_part.minor_units, payment.currency_code,
    payment.reference, refund_part.attempt, refund_id, payment.method
FROM refund_part JOIN payment USING (payment_id)
WHERE part_id = ANY($1::uuid[]) AND refund_part.status = 'pending'
"""
_OWNERS = """
SELECT invoice_id FROM refund JOIN refund_part USING (refund_id) WHERE part_id = ANY($1::uuid[])
"""
Located = tuple[domain.Invoice, domain.Refund, domain.Going]


async def look_up_parts(db: Database, part_ids: Sequence[UUID]) -> dict[UUID, Charge]:
    """What the gateway is to be asked for the parts that wait for it, without locks."""
    found = await db.fetch(_PARTS, list(part_ids))
    return {row["part_id"]: _charge(row) for row in found}


async def lock_parts(tx: Tx, part_ids: Sequence[UUID]) -> None:
    """Prefetch the invoices of parts for change, always in the same order."""
    owners = await tx.driver.fetch(_OWNERS, list(part_ids))
    await tx.load(InvoiceRow, [row["invoice_id"] for row in owners])
    await tx.load(PartRow, part_ids)


async def locate(tx: Tx, part_id: UUID) -> Located:
    """A part's refund, with its invoice and where it goes."""
    row = await tx.find(PartRow, part_id)
    assert row is not None
    refund = await get_refund(tx, row.refund_id)
    invoice = await tx.find(InvoiceRow, refund.invoice_id)
    assert invoice is not None
    part = domain.part_for(refund, row.payment_id)
    return invoice_of(invoice), refund, await going(tx, refund, part)


def remind_later(tx: Tx, entry: domain.Entry) -> None:
    """A balance that arises is looked at again after the days of the terms."""
    if entry.rule not in _ARISES or entry.invoice_id is None:
        return
    if first := domain.first_look(policies.terms(tx.now.date()), tx.now):
        tx.due(REMIND, entry.invoice_id, first)


def _charge(row: Any) -> Charge:
    part = domain.Part(
        refund_id=row["refund_id"],
        payment_id=row["payment_id"],
        minor_units=row["minor_units"],
        attempt=row["attempt"],
    )
    amount = Money(part.minor_units, row["currency_code"])
    return Charge(part.payment_id, amount, row["reference"], part.key, row["method"] == "online")
