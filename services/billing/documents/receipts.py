"""An itemised receipt for a health account: what was paid, what was delivered, what is prepaid."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from chassis.refusal import Invalid, NotAllowed, Violation
from services.billing.documents.received import Received
from services.billing.documents.typesetting import money, pdf
from services.billing.domain import (
    Addressee,
    Invoice,
    Status,
    Superbill,
)
from services.billing.domain.estimate import Desk
from services.billing.domain.estimate.clock import local_day


@dataclass(frozen=True, slots=True)
class Receipt:
    """Everything that stands on it."""

    invoice: Invoice
    received: Sequence[Received]
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
    if not paper.received:
        raise NotAllowed("WRONG_STATE", "Nothing has been paid.")
    return pdf("receipt", _content(paper))


def _content(paper: Receipt) -> Mapping[str, Any]:
    invoice, house, person = paper.invoice, paper.desk.house, paper.person
    assert house is not None
    code = invoice.unit_price.currency_code
    paid = sum(one.kept for one in paper.received)
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
        "payments": [_payment(one, paper.desk) for one in paper.received],
        "sessions": [_session(one, paper.desk) for one in paper.delivered if not one.is_void],
        "paid": money(paid, code),
        "delivered": money(earned, code),
        "prepaid": money(_prepaid(invoice), code),
    }


def _prepaid(invoice: Invoice) -> int:
    """What is in hand for sessions to come: neither fees, nor what a plan has not brought yet."""
    if invoice.status is not Status.PAID:
        return 0
    return max(0, invoice.undelivered.minor_units - invoice.outstanding)


def _payment(one: Received, desk: Desk) -> Mapping[str, str]:
    code = one.amount.currency_code
    less = one.returned and not one.is_refund
    back = f" less {money(one.returned, code)} given back" if less else ""
    return {
        "day": _shown(_day(one.time, desk)),
        "way": one.way + back,
        "amount": money(one.kept, code),
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
