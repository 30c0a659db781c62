"""An itemised receipt for a health account: what was paid, what was delivered, what is prepaid."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from chassis.refusal import Invalid, NotAllowed, Violation
from services.billing.documents.received import TAKEN, WAYS
from services.billing.documents.typesetting import money, pdf
from services.billing.domain import (
    Addressee,
    Invoice,
    Payment,
    Superbill,
)
from services.billing.domain.estimate import Desk
from services.billing.domain.estimate.clock import local_day


@dataclass(frozen=True, slots=True)
class Receipt:
    """Everything that stands on it."""

    invoice: Invoice
    payments: Sequence[Payment]
    delivered: Sequence[Superbill]
    desk: Desk
    person: Addressee


def receipt(paper: Receipt) -> bytes:
    """One PDF; its numbers are the ledger's."""
    if paper.person.patient_id != paper.invoice.patient_id:
        fault = Violation("patient.patient_id", "must be the patient of the invoice")
        raise Invalid("INVALID_PAPER", "The invoice is another patient's.", (fault,))
    if paper.desk.house is None:
        raise NotAllowed("PROFILE_NOT_FOUND", "The clinic has no billing profile.")
    if not _taken(paper):
        raise NotAllowed("WRONG_STATE", "Nothing has been paid.")
    return pdf("receipt", _content(paper))


def _taken(paper: Receipt) -> Sequence[Payment]:
    return [one for one in paper.payments if one.status in TAKEN]


def _content(paper: Receipt) -> Mapping[str, Any]:
    invoice, house, person = paper.invoice, paper.desk.house, paper.person
    assert house is not None
    code = invoice.unit_price.currency_code
    paid = sum(one.amount.minor_units - one.refund for one in _taken(paper))
    earned = sum(bill.paid for bill in paper.delivered if not bill.is_void)
    day = _day(invoice.update_time, paper.desk)
    facility = house.facility
    return {
        "day": [day.year, day.month, day.day],
        "about": f"{facility.name}, as of {_shown(day)}.",
        "foot": f"Invoice {invoice.invoice_id}, revision {invoice.revision}",
        "patient": f"{person.given_name} {person.family_name}",
        "provider": facility.name,
        "numbers": f"NPI {facility.npi}, TIN {facility.tin}",
        "location": facility.location,
        "telephone": house.telephone,
        "payments": [_payment(one, paper.desk) for one in _taken(paper)],
        "sessions": [_session(one, paper.desk) for one in paper.delivered if not one.is_void],
        "paid": money(paid, code),
        "delivered": money(earned, code),
        "prepaid": money(paid - earned, code),
    }


def _payment(payment: Payment, desk: Desk) -> Mapping[str, str]:
    code = payment.amount.currency_code
    back = f" less {money(payment.refund, code)} given back" if payment.refund else ""
    return {
        "day": _shown(_day(payment.update_time, desk)),
        "way": WAYS[payment.method] + back,
        "amount": money(payment.amount.minor_units - payment.refund, code),
    }


def _session(bill: Superbill, desk: Desk) -> Mapping[str, str]:
    code = bill.amount.currency_code
    return {
        "day": _shown(_day(bill.service_time, desk)),
        "words": f"Ketamine infusion, {bill.running_minutes} minutes",
        "codes": ", ".join(bill.procedure_codes),
        "charge": money(bill.amount.minor_units, code),
        "paid": money(bill.paid, code),
    }


def _day(moment: datetime, desk: Desk) -> date:
    return local_day(moment, desk.zone)


def _shown(day: date) -> str:
    return f"{day:%B} {day.day}, {day.year}"
