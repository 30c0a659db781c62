"""Payment plans: their instalments, each with the deadline that asks for it."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, select
from sqlmodel import Field, col

from chassis.database import Tx
from chassis.ids import named
from chassis.plans import made
from services.billing import domain, packs
from services.billing.domain import Method, Money, Purpose
from services.billing.store.besides import get_payment, payment_ids, sources
from services.billing.store.finding import find_payment, get
from services.billing.store.ledger import debt
from services.billing.store.policies import terms
from services.billing.store.recording import is_unsent
from services.billing.store.returns import REMIND
from services.billing.store.rows import PaymentRow, Row

COLLECT_INSTALMENT = "collect-instalment"


class InstalmentRow(Row, table=True):
    """A part of the price that falls due later."""

    __tablename__ = "instalment"
    payment_id: UUID = Field(primary_key=True)
    invoice_id: UUID = Field(foreign_key="invoice.invoice_id")
    attempt: int
    number: int
    minor_units: int = Field(sa_type=BigInteger)
    currency_code: str
    due_time: datetime = Field(sa_type=DateTime(timezone=True))
    policy: str
    tries: int = 1


def keep_plan(tx: Tx, plan: Sequence[domain.Instalment]) -> None:
    """Every part, and the moment it falls due."""
    for one in plan:
        _keep(tx, one)
        tx.due(COLLECT_INSTALMENT, one.payment_id, one.due_time)


def _keep(tx: Tx, one: domain.Instalment) -> None:
    tx.put(
        made(
            InstalmentRow,
            payment_id=one.payment_id,
            invoice_id=one.invoice_id,
            attempt=one.attempt,
            number=one.number,
            minor_units=one.amount.minor_units,
            currency_code=one.amount.currency_code,
            due_time=one.due_time,
            policy=one.policy,
            tries=one.tries,
        )
    )


async def ask_again(tx: Tx, decision: domain.Decision) -> None:
    """An instalment that did not come is asked for again by its policy, or remembered kindly."""
    failed = decision.payment
    if failed is None or not domain.was_declined(failed):
        return
    invoice = await get(tx, failed.invoice_id)
    for one in await plan(tx, invoice):
        if one.key == failed.payment_id:
            again, moment = domain.ask_later(one, packs.PLANS, tx.now)
            _keep(tx, again)
            if moment:
                tx.due(COLLECT_INSTALMENT, one.payment_id, moment)
            elif first := domain.first_look(await terms(tx, invoice.clinic_id), tx.now):
                tx.due(REMIND, invoice.invoice_id, first)


async def find_instalment(tx: Tx, payment_id: UUID) -> domain.Instalment | None:
    """The instalment that a payment is for."""
    row = await tx.find(InstalmentRow, payment_id)
    return _instalment_of(row) if row else None


async def plan(tx: Tx, invoice: domain.Invoice) -> Sequence[domain.Instalment]:
    """The instalments of the plan in force, in order."""
    query = select(InstalmentRow).where(
        col(InstalmentRow.invoice_id) == invoice.invoice_id,
        col(InstalmentRow.attempt) == invoice.attempt,
    )
    return [_instalment_of(row) for row in await tx.rows(query.order_by(col(InstalmentRow.number)))]


async def payments(tx: Tx, invoice: domain.Invoice) -> Sequence[domain.Payment]:
    """Every payment of an invoice, in the order they were asked for."""
    ids = await payment_ids(tx, invoice)
    await tx.load(PaymentRow, ids)
    found = [await find_payment(tx, payment_id) for payment_id in ids]
    return sorted([one for one in found if one], key=lambda one: (one.request_time, one.attempt))


async def due_now(tx: Tx, invoice: domain.Invoice) -> Money:
    """What can be asked for today."""
    return await due_of(tx, invoice, domain.payable(invoice, await debt(tx, invoice)))


async def due_of(tx: Tx, invoice: domain.Invoice, owed: Money) -> Money:
    """How much of what is owed is due."""
    parts, asked = await plan(tx, invoice), await payments(tx, invoice)
    return domain.due(invoice, owed, parts, asked, tx.now)


async def find_last_payment(tx: Tx, invoice: domain.Invoice) -> domain.Last | None:
    """The same, or nothing for a series that a package pays for wholly."""
    payment = await find_payment(tx, invoice.payment_id)
    return domain.Last(payment, is_unsent(tx, payment)) if payment else None


async def last_payment(tx: Tx, invoice: domain.Invoice) -> domain.Last:
    """The payment asked for last, and whether a gateway may have heard of it."""
    payment = await get_payment(tx, invoice.payment_id)
    return domain.Last(payment, is_unsent(tx, payment))


async def way_back(
    tx: Tx,
    invoice: domain.Invoice | None,
    payment: domain.Payment | None,
    keeping: domain.RefundQuote | None,
) -> domain.Asking | None:
    """Where money goes back to; None when one online payment goes back as it came."""
    if invoice is None or payment is None:
        return None
    whole = payment.method is Method.ONLINE and payment.purpose is Purpose.PACKAGE
    if whole and not keeping:
        return None
    cause = named(invoice.invoice_id, f"release/{invoice.series_revision}")
    return domain.Asking(cause, "halcyon", await sources(tx, invoice))


def _instalment_of(row: InstalmentRow) -> domain.Instalment:
    return domain.Instalment(
        payment_id=row.payment_id,
        invoice_id=row.invoice_id,
        attempt=row.attempt,
        number=row.number,
        amount=Money(row.minor_units, row.currency_code),
        due_time=row.due_time,
        policy=row.policy,
        tries=row.tries,
    )
