"""A kind word about a balance, a few times at most; no fee, no threat, no collection agency."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from services.billing.domain.invoice import Invoice
from services.billing.domain.money import Money
from services.billing.domain.terms import Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminder:
    """What a patient is to be told about what is owed for one invoice."""

    invoice_id: UUID
    clinic_id: UUID
    patient_id: UUID
    number: int
    owed: Money
    remind_time: datetime


@dataclass(frozen=True, slots=True)
class Owing:
    """What is owed in all, and how much of it is due."""

    owed: Money
    due: Money


def remind(
    invoice: Invoice, owing: Owing, said: int, terms: Terms, now: datetime
) -> tuple[Reminder | None, datetime | None]:
    """The word to say now, and when to look again; nothing owed ends it, and so does enough.

    Nobody is reminded of what is not due yet.
    """
    if owing.owed.minor_units <= 0 or said >= len(terms.reminder_days):
        return None, None
    if owing.due.minor_units <= 0:
        return None, first_look(terms, now)
    reminder = Reminder(
        invoice_id=invoice.invoice_id,
        clinic_id=invoice.clinic_id,
        patient_id=invoice.patient_id,
        number=said + 1,
        owed=owing.due,
        remind_time=now,
    )
    days = terms.reminder_days
    more = timedelta(days=days[said + 1] - days[said]) if said + 1 < len(days) else None
    return reminder, now + more if more else None


def first_look(terms: Terms, now: datetime) -> datetime | None:
    """When to look at a balance that arose now."""
    return now + timedelta(days=terms.reminder_days[0]) if terms.reminder_days else None
