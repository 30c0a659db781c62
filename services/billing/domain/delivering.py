"""A delivered session earns its part of the money, and gets a superbill."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from chassis.ids import named
from services.billing.domain.decision import (
    NOTHING,
    Decision,
    Superbill,
    SuperbillIssued,
    stating,
)
from services.billing.domain.invoice import Invoice, Status
from services.billing.domain.itemising import BillLine, ClaimTable, itemise
from services.billing.domain.journal import Rule, post
from services.billing.domain.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """An infusion that ended, as billing needs to know it."""

    session_id: UUID
    session_revision: int
    series_id: UUID
    running_minutes: int
    given_micrograms: int = 0
    service_time: datetime
    clinic_id: UUID | None = None
    """Where it was given; a transferred series is treated elsewhere than it was sold."""

    @property
    def day(self) -> date:
        """The date of service, by the calendar of UTC."""
        return self.service_time.date()


@dataclass(frozen=True, slots=True)
class Coding:
    """The codes of a session, and how its charge is told in lines."""

    procedure_codes: tuple[str, ...]
    table: ClaimTable


def recognise(
    delivery: Delivery, invoice: Invoice, issued: Superbill | None, coding: Coding, now: datetime
) -> Decision:
    """Earned once a session; told again with other minutes, only its superbill is corrected."""
    if issued is not None:
        return _correct(delivery, invoice, issued, coding, now)
    included = invoice.unused_count > 0
    paid = included and invoice.status is Status.PAID
    amount = _price(invoice, included=included)
    rule = Rule.DELIVER_SESSION if paid else Rule.DELIVER_UNPAID
    delivered = invoice._replace(
        delivered_count=invoice.delivered_count + included,
        settled_count=invoice.settled_count + (not included),
        receivable=invoice.receivable + (amount.minor_units if included and not paid else 0),
    )
    superbill = Superbill(
        superbill_id=superbill_id(delivery.session_id),
        session_id=delivery.session_id,
        session_revision=delivery.session_revision,
        invoice_id=invoice.invoice_id,
        clinic_id=delivery.clinic_id or invoice.clinic_id,
        procedure_codes=coding.procedure_codes,
        running_minutes=delivery.running_minutes,
        given_micrograms=delivery.given_micrograms,
        diagnosis=invoice.diagnosis,
        lines=_lines(delivery, coding, amount),
        table=coding.table.label,
        amount=amount,
        paid=invoice.paid_of(amount.minor_units) if paid else 0,
        service_time=delivery.service_time,
        issue_time=now,
    )
    entry = post(rule, delivery.session_id, invoice, amount.minor_units, now)
    return replace(_issue(delivered, superbill, now), entries=(entry,))


def superbill_id(session_id: UUID) -> UUID:
    """One session, one superbill."""
    return named(session_id, "superbill")


def _price(invoice: Invoice, *, included: bool) -> Money:
    """A session of the package has its part of the total; one beyond it costs the unit price."""
    if not included:
        return invoice.unit_price
    return invoice.total.part(invoice.used_count + 1, invoice.session_count)


def _correct(
    delivery: Delivery, invoice: Invoice, issued: Superbill, coding: Coding, now: datetime
) -> Decision:
    """A voided receipt stays void until a person issues it again."""
    corrected = replace(
        issued,
        version=issued.version + 1,
        session_revision=delivery.session_revision,
        procedure_codes=coding.procedure_codes,
        running_minutes=delivery.running_minutes,
        given_micrograms=delivery.given_micrograms,
        lines=_lines(delivery, coding, issued.amount),
        table=coding.table.label,
        service_time=delivery.service_time,
        issue_time=now,
    )
    same = (corrected.running_minutes, corrected.lines) == (issued.running_minutes, issued.lines)
    if delivery.session_revision <= issued.session_revision or same:
        return NOTHING
    return _issue(invoice, corrected, now)


def _lines(delivery: Delivery, coding: Coding, amount: Money) -> tuple[BillLine, ...]:
    return itemise(coding.procedure_codes, delivery.given_micrograms, None, amount, coding.table)


def _issue(invoice: Invoice, superbill: Superbill, now: datetime) -> Decision:
    stated = stating(invoice, now)
    return Decision(
        invoice=stated, superbill=superbill, events=(SuperbillIssued(stated, superbill),)
    )
