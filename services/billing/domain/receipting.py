"""Money that comes after the session: its receipt is issued again with what is paid by now."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from services.billing.domain.accounts import Account
from services.billing.domain.balance import OF_ALL, Debt
from services.billing.domain.decision import Decision, Superbill, SuperbillIssued, stating
from services.billing.domain.invoice import Invoice
from services.billing.domain.journal import Rule
from services.billing.domain.statement import change_of


@dataclass(frozen=True, slots=True)
class Receipted:
    """A receipt in its newest version, and what has gone back for it."""

    bill: Superbill
    given_back: int

    @property
    def short(self) -> int:
        """Minor units that have never come for it."""
        return self.bill.amount.minor_units - self.bill.paid - self.given_back


def settled(decision: Decision, fees: int = 0) -> int:
    """Minor units that paid for sessions; whoever pays a whole balance pays its fees first."""
    came = decision.payment.amount.minor_units if decision.payment else 0
    paid = {
        one.rule: -change_of(one, Account.PATIENT_RECEIVABLE).minor_units
        for one in decision.entries
    }
    of_all = sum(max(0, paid.get(rule, 0) - fees) for rule in OF_ALL)
    deposit = min(came, paid.get(Rule.SETTLE_RECEIVABLE, 0))
    return paid.get(Rule.PAY_INSTALMENT, 0) + deposit + of_all


def receipted(
    decision: Decision, invoice: Invoice, receipts: Sequence[Receipted], owed: Debt, now: datetime
) -> Decision:
    """Earlier sessions are paid first; a voided receipt learns of it and stays void.

    What was written off of the earliest is not paid for any more.
    """
    left, stated = settled(decision, owed.fees), decision.invoice or invoice
    forgiven = owed.forgiven
    revised, events = [], []
    for one in receipts:
        let_go = min(forgiven, one.short)
        forgiven -= let_go
        share = min(left, one.short - let_go)
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
