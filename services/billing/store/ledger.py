"""Questions to the journal: what is owed, what a patient's account looks like, what is closed."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlmodel import col

from chassis.database import Tx
from chassis.plans import made
from services.billing import domain
from services.billing.domain import Account, Money, Posting
from services.billing.store.ledger_rows import PeriodRow, ReminderRow
from services.billing.store.returns import REMIND
from services.billing.store.rows import EntryRow, InvoiceRow, entry_of, invoice_of

_OWED = """
SELECT coalesce(sum(amount), 0)::bigint
FROM journal_entry, unnest(accounts, amounts) AS posting (account, amount)
WHERE invoice_id = :invoice_id AND account = :account
"""
_UNTIL = """
SELECT account, currency_code, sum(amount)::bigint
FROM journal_entry, unnest(accounts, amounts) AS posting (account, amount)
WHERE clinic_id = $1 AND post_time < $2 GROUP BY account, currency_code ORDER BY account
"""
_NO_MORE = "LOCK TABLE journal_entry IN SHARE ROW EXCLUSIVE MODE"
_UNUSED = """
SELECT invoice_id, payment.update_time FROM invoice JOIN payment USING (invoice_id, attempt)
WHERE invoice.clinic_id = $1 AND invoice.status = 'paid'
AND delivered_count + refunded_count + forfeited_count < session_count
AND payment.update_time < $2 ORDER BY invoice_id LIMIT $3
"""


async def owed(tx: Tx, invoice: domain.Invoice) -> Money:
    """What the patient owes for an invoice."""
    about = {"invoice_id": invoice.invoice_id, "account": int(Account.PATIENT_RECEIVABLE)}
    found = await tx.execute(_OWED, about)
    return Money(found.scalar_one(), invoice.unit_price.currency_code)


async def debt(tx: Tx, invoice: domain.Invoice) -> domain.Debt:
    """The same, and what it is made of."""
    return domain.debt(await journal_of(tx, [invoice.invoice_id]))


async def owed_now(tx: Tx, invoice: domain.Invoice, payment: domain.Payment) -> int:
    """Minor units that a payment of a balance may pay; no other asks."""
    if payment.purpose is not domain.Purpose.BALANCE:
        return 0
    return domain.payable(invoice, await debt(tx, invoice)).minor_units


async def find_entry(tx: Tx, cause_id: UUID, rule: domain.Rule) -> domain.Entry | None:
    """The entry that a cause and a rule have made."""
    query = select(EntryRow).where(
        col(EntryRow.cause_id) == cause_id, col(EntryRow.rule) == rule.value
    )
    for row in await tx.rows(query):
        return entry_of(row)
    return None


async def invoices_of(tx: Tx, patient_id: UUID) -> Sequence[domain.Invoice]:
    """Every invoice of a patient, oldest first."""
    query = select(InvoiceRow).where(
        col(InvoiceRow.patient_id) == patient_id, col(InvoiceRow.revision) > 0
    )
    return [invoice_of(row) for row in await tx.rows(query.order_by(col(InvoiceRow.issue_time)))]


async def journal_of(tx: Tx, invoice_ids: Sequence[UUID]) -> Sequence[domain.Entry]:
    """Every entry of some invoices in order of posting."""
    query = select(EntryRow).where(col(EntryRow.invoice_id).in_(invoice_ids))
    return [entry_of(row) for row in await tx.rows(query.order_by(col(EntryRow.position)))]


async def last_period(tx: Tx, clinic_id: UUID) -> domain.Period | None:
    """The period of a clinic that was closed last."""
    for found in await periods(tx, clinic_id, 1):
        return found
    return None


async def periods(tx: Tx, clinic_id: UUID, limit: int) -> Sequence[domain.Period]:
    """The closed periods of a clinic, newest first."""
    query = select(PeriodRow).where(col(PeriodRow.clinic_id) == clinic_id)
    newest = query.order_by(col(PeriodRow.until_time).desc()).limit(limit)
    return [_period_of(row) for row in await tx.rows(newest)]


async def final_balances(tx: Tx, clinic_id: UUID, until: datetime) -> tuple[Posting, ...]:
    """The balances at a moment; whoever is posting finishes first, whoever comes later waits."""
    await tx.driver.execute(_NO_MORE)
    found = await tx.driver.fetch(_UNTIL, clinic_id, until)
    return tuple([Posting(account, Money(amount, code)) for account, code, amount in found])


def keep_period(tx: Tx, period: domain.Period) -> None:
    """From this commit on the database refuses entries in it."""
    tx.put(
        made(
            PeriodRow,
            clinic_id=period.clinic_id,
            until_time=period.until,
            accounts=[int(one.account) for one in period.balances],
            amounts=[one.amount.minor_units for one in period.balances],
            currency_codes=[one.amount.currency_code for one in period.balances],
            closed_by=period.closed_by,
            close_time=period.close_time,
        )
    )


async def unused_since(
    tx: Tx, clinic_id: UUID, before: datetime, limit: int
) -> Sequence[tuple[UUID, datetime]]:
    """Paid invoices with unused sessions whose money came before a moment, and when it came."""
    return [tuple(row) for row in await tx.driver.fetch(_UNUSED, clinic_id, before, limit)]


async def reminders(tx: Tx, clinic_id: UUID, limit: int) -> Sequence[domain.Reminder]:
    """The reminders of a clinic, newest first."""
    query = select(ReminderRow).where(col(ReminderRow.clinic_id) == clinic_id)
    newest = query.order_by(col(ReminderRow.remind_time).desc()).limit(limit)
    return [_reminder_of(row) for row in await tx.rows(newest)]


async def said_before(tx: Tx, invoice_id: UUID) -> int:
    """How many reminders an invoice has had."""
    query = select(ReminderRow).where(col(ReminderRow.invoice_id) == invoice_id)
    return len(await tx.rows(query))


def remember(
    tx: Tx, invoice_id: UUID, reminder: domain.Reminder | None, again: datetime | None
) -> None:
    """One more word, and the moment of the next look."""
    if reminder:
        _keep_reminder(tx, reminder)
    if again:
        tx.due(REMIND, invoice_id, again)


def _keep_reminder(tx: Tx, reminder: domain.Reminder) -> None:
    tx.put(
        made(
            ReminderRow,
            invoice_id=reminder.invoice_id,
            number=reminder.number,
            clinic_id=reminder.clinic_id,
            patient_id=reminder.patient_id,
            minor_units=reminder.owed.minor_units,
            currency_code=reminder.owed.currency_code,
            remind_time=reminder.remind_time,
        )
    )


def _reminder_of(row: ReminderRow) -> domain.Reminder:
    return domain.Reminder(
        invoice_id=row.invoice_id,
        clinic_id=row.clinic_id,
        patient_id=row.patient_id,
        number=row.number,
        owed=Money(row.minor_units, row.currency_code),
        remind_time=row.remind_time,
    )


def _period_of(row: PeriodRow) -> domain.Period:
    sides = zip(row.accounts, row.amounts, row.currency_codes, strict=True)
    return domain.Period(
        clinic_id=row.clinic_id,
        until=row.until_time,
        balances=tuple([Posting(account, Money(n, code)) for account, n, code in sides]),
        closed_by=row.closed_by,
        close_time=row.close_time,
    )
