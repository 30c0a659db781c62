"""Receipts are never edited: voided, or issued again as a further version from the ledger."""

from dataclasses import replace
from datetime import datetime

from chassis.refusal import NotAllowed
from services.billing.domain.decision import (
    NOTHING,
    Decision,
    Superbill,
    SuperbillIssued,
    stating,
)
from services.billing.domain.invoice import Invoice, Status
from services.billing.domain.itemising import BillLine, ClaimTable, Visit, itemise


def void(invoice: Invoice, bill: Superbill, now: datetime) -> Decision:
    """It says nothing any more; whoever holds it learns so from the next version."""
    if bill.is_void:
        return NOTHING
    return _next(invoice, replace(bill, is_void=True), bill.version, now)


def reissue(
    invoice: Invoice, bill: Superbill, lines: tuple[BillLine, ...], now: datetime
) -> Decision:
    """In lines made anew; the same again is no new version."""
    again = replace(bill, is_void=False, lines=lines)
    if again == bill:
        return NOTHING
    return _next(invoice, again, bill.version, now)


def lines_of(bill: Superbill, visit: Visit | None, table: ClaimTable) -> tuple[BillLine, ...]:
    """The lines of a receipt made anew from the codes it has."""
    return itemise(bill.procedure_codes, bill.given_micrograms, visit, bill.amount, table)


def restrict(invoice: Invoice, now: datetime, *, wanted: bool) -> Decision:
    """Only who has paid in full may ask that no payer is told; lifting it is always allowed."""
    if invoice.is_restricted is wanted:
        return NOTHING
    if wanted and invoice.status is not Status.PAID:
        raise NotAllowed("NOT_PAID_IN_FULL", "Only what is paid in full can be restricted.")
    return Decision(invoice=invoice._replace(is_restricted=wanted, update_time=now))


def must_be_disclosable(invoice: Invoice) -> None:
    """Paid in full, and no payer is to hear of it: 45 CFR 164.522(a)(1)(vi)."""
    if invoice.is_restricted:
        raise NotAllowed(
            "DISCLOSURE_RESTRICTED", "The patient asked that no payer is told of this."
        )


def _next(invoice: Invoice, bill: Superbill, version: int, now: datetime) -> Decision:
    issued = replace(bill, version=version + 1, issue_time=now)
    stated = stating(invoice, now)
    return Decision(invoice=stated, superbill=issued, events=(SuperbillIssued(stated, issued),))
