"""A patient's account at one clinic on paper: what came, what was had for it, what is left."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from chassis.refusal import NotAllowed
from services.billing.documents.typesetting import money, pdf
from services.billing.domain import (
    Account,
    Addressee,
    Entry,
    Rule,
    Statement,
    change_of,
    negative,
    paid_by,
)
from services.billing.domain.estimate import Desk
from services.billing.domain.estimate.clock import local_day

WORDS: Mapping[Rule, str] = {
    Rule.SELL_PACKAGE: "Payment by card",
    Rule.SELL_FOR_CASH: "Payment in cash",
    Rule.SELL_ON_CREDIT: "Sessions sold, the rest in instalments",
    Rule.PAY_INSTALMENT: "Instalment",
    Rule.PAY_BALANCE: "Payment of the balance",
    Rule.TAKE_BALANCE: "Balance, from the card on file",
    Rule.OVERPAID: "Paid too much; goes back",
    Rule.SETTLE_RECEIVABLE: "Payment for a session had before",
    Rule.DELIVER_SESSION: "Session",
    Rule.DELIVER_UNPAID: "Session, not paid before",
    Rule.CHARGE_ITEM: "Further item",
    Rule.FORFEIT_SESSION: "Session missed and not given back",
    Rule.CHARGE_FEE: "Fee for a missed session",
    Rule.REVERSE_FEE: "Fee taken back",
    Rule.EXPIRE_PACKAGE: "Sessions not used in time",
    Rule.CANCEL_CREDIT: "Sessions given back before they were paid",
    Rule.REFUND: "Payment to be sent back",
    Rule.REFUND_UNUSED: "Sessions given back",
    Rule.REFUND_DELIVERED: "Refund for a session",
    Rule.PAY_REFUND: "Refund sent",
    Rule.PAY_REFUND_BY_HAND: "Refund by cheque or in cash",
    Rule.RETURN_CREDIT: "Credit returned",
    Rule.WRITE_OFF: "Balance not asked for any more",
    Rule.OPEN_DISPUTE: "Payment disputed at the bank",
    Rule.WIN_DISPUTE: "Dispute decided: the payment stands",
    Rule.LOSE_DISPUTE: "Dispute decided: the payment went back",
}
"""What each entry is to the patient."""


@dataclass(frozen=True, slots=True)
class AccountPaper:
    """Everything that stands on it."""

    told: Statement
    desk: Desk
    person: Addressee
    now: datetime


def statement(paper: AccountPaper) -> bytes:
    """One PDF; its lines are the journal's, and its sums theirs."""
    if paper.desk.house is None:
        raise NotAllowed("PROFILE_NOT_FOUND", "The clinic has no billing profile.")
    if not paper.told.entries:
        raise NotAllowed("WRONG_STATE", "Nothing has been posted.")
    return pdf("statement", _content(paper))


def _content(paper: AccountPaper) -> Mapping[str, Any]:
    told, house, person = paper.told, paper.desk.house, paper.person
    assert house is not None
    facility, day = house.facility, local_day(paper.now, paper.desk.zone)
    return {
        "day": [day.year, day.month, day.day],
        "about": f"{facility.name}, as of {_shown(day)}.",
        "foot": f"Account {person.patient_id}",
        "patient": f"{person.given_name} {person.family_name}",
        "provider": facility.name,
        "numbers": f"NPI {facility.npi}, TIN {facility.tin}",
        "location": facility.location,
        "telephone": house.telephone,
        "lines": [line for one in told.entries if (line := _line(one, paper.desk))],
        "paid": money(told.paid.minor_units, told.paid.currency_code),
        "prepaid": money(told.prepaid.minor_units, told.prepaid.currency_code),
        "owed": money(told.owed.minor_units, told.owed.currency_code),
    }


def _line(entry: Entry, desk: Desk) -> Mapping[str, str] | None:
    """Nothing of what moves between our own accounts alone."""
    moved = {
        "paid": paid_by(entry),
        "prepaid": negative(change_of(entry, Account.DEFERRED_REVENUE)),
        "owed": change_of(entry, Account.PATIENT_RECEIVABLE),
    }
    if not any(moved.values()):
        return None
    shown = {
        name: money(one.minor_units, one.currency_code) if one else ""
        for name, one in moved.items()
    }
    return {
        "day": _shown(local_day(entry.post_time, desk.zone)),
        "words": WORDS[entry.rule],
        **shown,
    }


def _shown(day: date) -> str:
    return f"{day:%B} {day.day}, {day.year}"
