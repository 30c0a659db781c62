"""Questions that callers ask: lists and sums, read past the domain."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Boolean, literal_column, select, tuple_
from sqlmodel import col

from chassis.database import Tx
from services.billing import domain
from services.billing.domain import Account, Money, Posting
from services.billing.store.finding import no_invoice
from services.billing.store.rows import EntryRow, InvoiceRow, entry_of, invoice_of

_BALANCES = """
SELECT account, currency_code, sum(amount)::bigint
FROM journal_entry, unnest(accounts, amounts) AS posting (account, amount)
WHERE clinic_id = $1 GROUP BY account, currency_code
"""
_NOT_PAID = literal_column("status <> 'paid'", Boolean)
"""Said in words that the planner can match with the index of unpaid invoices."""


async def of_referral(tx: Tx, referral_id: UUID) -> domain.Invoice:
    """The newest invoice of a referral's series; a package is asked for by its own id."""
    newest = (
        select(InvoiceRow)
        .where(col(InvoiceRow.referral_id) == referral_id, col(InvoiceRow.revision) > 0)
        .where(col(InvoiceRow.package_id).is_distinct_from(col(InvoiceRow.invoice_id)))
        .order_by(col(InvoiceRow.issue_time).desc(), col(InvoiceRow.invoice_id).desc())
        .limit(1)
    )
    for row in await tx.rows(newest):
        return invoice_of(row)
    raise no_invoice()


async def invoices(
    tx: Tx,
    clinic_ids: Collection[UUID] | None,
    status: domain.Status | None,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> Sequence[domain.Invoice]:
    """Newest first; None for all clinics, for any status, for the first page."""
    order = (col(InvoiceRow.issue_time), col(InvoiceRow.invoice_id))
    query = select(InvoiceRow).where(col(InvoiceRow.revision) > 0)
    if clinic_ids is not None:
        query = query.where(col(InvoiceRow.clinic_id).in_(clinic_ids))
    if status is not None:
        query = query.where(col(InvoiceRow.status) == status.value)
        query = query if status is domain.Status.PAID else query.where(_NOT_PAID)
    if after is not None:
        query = query.where(tuple_(*order) < tuple_(*after))
    newest = query.order_by(*(column.desc() for column in order)).limit(limit)
    return [invoice_of(row) for row in await tx.rows(newest)]


async def entries(
    tx: Tx, invoice_id: UUID, after: int, limit: int
) -> Sequence[tuple[int, domain.Entry]]:
    """The journal of one invoice in order of posting, each entry with its position."""
    query = (
        select(EntryRow)
        .where(col(EntryRow.invoice_id) == invoice_id, col(EntryRow.position) > after)
        .order_by(col(EntryRow.position))
        .limit(limit)
    )
    return [(row.position or 0, entry_of(row)) for row in await tx.rows(query)]


async def trial_balance(tx: Tx, clinic_id: UUID) -> Sequence[Posting]:
    """Every account of a clinic by number; an account nobody posted to stands at zero."""
    found = {(account, code): n for account, code, n in await tx.driver.fetch(_BALANCES, clinic_id)}
    currencies = sorted({code for _, code in found}) or ["USD"]
    return [
        Posting(account, Money(found.get((account, code), 0), code))
        for account in Account
        for code in currencies
    ]
