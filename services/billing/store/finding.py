"""Loading for change: each row once, locked, invoices before what belongs to them."""

from collections.abc import Collection, Iterable, Sequence
from uuid import UUID

from sqlalchemy import select
from sqlmodel import col

from chassis.database import Database, Tx
from chassis.refusal import Busy, NotFound
from services.billing import domain
from services.billing.store.rows import (
    InvoiceRow,
    PaymentRow,
    SuperbillRow,
    invoice_of,
    payment_of,
    superbill_of,
)


def no_invoice() -> NotFound:
    """The same word for an invoice that is not there and for one that is not yours."""
    return NotFound("INVOICE_NOT_FOUND", "No such invoice.")


async def find(tx: Tx, invoice_id: UUID) -> domain.Invoice | None:
    """The invoice, if it is known."""
    row = await tx.find(InvoiceRow, invoice_id)
    return invoice_of(row) if row else None


async def get(tx: Tx, invoice_id: UUID) -> domain.Invoice:
    """The invoice, which must have been issued."""
    found = await find(tx, invoice_id)
    if found is None or not found.revision:
        raise no_invoice()
    return found


async def find_with_payment(
    tx: Tx, series_id: UUID
) -> tuple[domain.Invoice | None, domain.Payment | None]:
    """A series' invoice and the payment it asked for last."""
    invoice = await find(tx, domain.invoice_id(series_id))
    return invoice, await find_payment(tx, invoice.payment_id) if invoice else None


async def find_with_superbill(
    tx: Tx, delivery: domain.Delivery
) -> tuple[domain.Invoice, domain.Superbill | None]:
    """A session's invoice and superbill."""
    invoice = await await_invoice(tx, delivery.series_id)
    return invoice, await find_superbill(tx, domain.superbill_id(delivery.session_id))


async def find_delivered_from(
    tx: Tx, series: domain.Invoice, issued: domain.Superbill | None
) -> domain.Invoice:
    """Whose session it is: the package's while the series draws from one, else the series' own."""
    if issued is not None:
        return await get(tx, issued.invoice_id)
    return await package_of(tx, series) or series


async def package_of(tx: Tx, series: domain.Invoice | None) -> domain.Invoice | None:
    """The package that the sessions of a series are still to be drawn from, if any."""
    if series is None or not series.covered_count or series.package_id is None:
        return None
    return await get(tx, series.package_id)


async def await_invoice(tx: Tx, series_id: UUID) -> domain.Invoice:
    """A session's invoice; news that overtook it must come again."""
    invoice = await find(tx, domain.invoice_id(series_id))
    if invoice is None or not invoice.revision:
        raise Busy("INVOICE_NOT_FOUND", "The series of this session has no invoice yet.")
    return invoice


async def get_with_invoice(tx: Tx, payment_id: UUID) -> tuple[domain.Invoice, domain.Payment]:
    """A payment that was asked for, with its invoice."""
    payment = await find_payment(tx, payment_id)
    assert payment is not None
    return await get(tx, payment.invoice_id), payment


async def find_payment(tx: Tx, payment_id: UUID) -> domain.Payment | None:
    """The payment, if it was asked for."""
    row = await tx.find(PaymentRow, payment_id)
    return payment_of(row) if row else None


async def find_request(tx: Tx, invoice_id: UUID, request_id: UUID) -> domain.Payment | None:
    """The payment that a call asked for, if it did."""
    asked = select(PaymentRow).where(
        col(PaymentRow.invoice_id) == invoice_id, col(PaymentRow.request_id) == request_id
    )
    rows = await tx.rows(asked)
    return payment_of(rows[0]) if rows else None


async def find_superbill(tx: Tx, superbill_id: UUID) -> domain.Superbill | None:
    """The newest version, if any."""
    newest, version = None, 1
    while row := await tx.find(SuperbillRow, (superbill_id, version)):
        newest, version = row, version + 1
    return superbill_of(newest) if newest else None


async def load(tx: Tx, series_ids: Iterable[UUID]) -> None:
    """Prefetch the invoices of many series."""
    await tx.load(InvoiceRow, map(domain.invoice_id, series_ids))


async def load_with_payments(tx: Tx, series_ids: Collection[UUID]) -> None:
    """Prefetch the invoices of many series, each with its last payment."""
    await load(tx, series_ids)
    invoices = [await find(tx, domain.invoice_id(series_id)) for series_id in series_ids]
    await tx.load(PaymentRow, [invoice.payment_id for invoice in invoices if invoice])


async def load_with_superbills(tx: Tx, deliveries: Sequence[domain.Delivery]) -> None:
    """Prefetch the invoices and superbills of many sessions, with room for a correction."""
    await load(tx, [delivery.series_id for delivery in deliveries])
    bills = [domain.superbill_id(delivery.session_id) for delivery in deliveries]
    await tx.load(SuperbillRow, [(bill, version) for bill in bills for version in (1, 2)])


async def look_up(db: Database, payment_ids: Collection[UUID]) -> Sequence[domain.Payment]:
    """The payments as they stand now, without locks."""
    rows = await db.look(PaymentRow, payment_ids)
    return [payment_of(rows[payment_id]) for payment_id in payment_ids if payment_id in rows]


async def lock(tx: Tx, payments: Sequence[domain.Payment]) -> None:
    """Prefetch payments for change, with their invoices."""
    await tx.load(InvoiceRow, [payment.invoice_id for payment in payments])
    await tx.load(PaymentRow, [payment.payment_id for payment in payments])
