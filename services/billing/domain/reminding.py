"""A kind word about a balance, a few times at most; no fee, no threat, no collection agency."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

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


def next_moment(terms: Terms, said: int, last: datetime) -> datetime | None:
    """When the next word is due, after so many; none when enough was said."""
    if said >= len(terms.reminder_days):
        return None
    before = terms.reminder_days[said - 1] if said else 0
    return last + timedelta(days=terms.reminder_days[said] - before)
