"""Money that comes after the session: its receipt is issued again with what is paid by now."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from services.billing.domain.accounts import Account
from services.billing.domain.decision import Decision, Superbill, SuperbillIssued, stating
from services.billing.domain.invoice import Invoice
from services.billing.domain.journal import Rule

_SETTLING = frozenset({Rule.PAY_INSTALMENT, Rule.PAY_BALANCE, Rule.SETTLE_RECEIVABLE})


@dataclass(frozen=True, slots=True)
class Receipted:
    """A receipt in its newest version, and what has gone back for it."""

    bill: Superbill
    given_back: int

    @property
    def short(self) -> int:
        """Minor units that have never come for it."""
        return self.bill.amount.minor_units - self.bill.paid - self.given_back


def settled(decision: Decision) -> int:
    """Minor units that paid what was owed."""
    return sum(
        -posting.amount.minor_units
        for entry in decision.entries
        if entry.rule in _SETTLING
        for posting in entry.postings
        if posting.account == Account.PATIENT_RECEIVABLE
    )


def receipted(
    decision: Decision, invoice: Invoice, receipts: Sequence[Receipted], now: datetime
) -> Decision:
    """Earlier sessions are paid first; a voided receipt learns of it and stays void."""
    left, stated = settled(decision), decision.invoice or invoice
    revised, events = [], []
    for one in receipts:
        share = min(left, one.short)
        if share > 0:
            left -= share
            bill = replace(
                one.bill, version=one.bill.version + 1, paid=one.bill.paid + share, issue_time=now
            )
            stated = stating(stated, now)
            revised.append(bill)
            events.append(SuperbillIssued(stated, bill))
    if not revised:
        return decision
    return replace(
        decision, invoice=stated, revised=tuple(revised), events=(*decision.events, *events)
    )
