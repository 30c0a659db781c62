"""A patient's money in memory: inputs come in, decisions are kept, everything can be replayed."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from chassis.refusal import Refusal
from services.billing import domain
from services.billing.domain import (
    Asking,
    Decision,
    Dispute,
    Entry,
    Fee,
    Invoice,
    Payment,
    PaymentStatus,
    Refund,
    Rule,
    Superbill,
)
from services.billing.tests.examples import NOW, SERIES

SERIES_INVOICE = domain.invoice_id(SERIES)
Input = Callable[["Books"], Decision | Sequence[Decision]]
CAME = frozenset(
    {
        Rule.SELL_PACKAGE,
        Rule.SELL_FOR_CASH,
        Rule.PAY_INSTALMENT,
        Rule.TAKE_BALANCE,
        Rule.PAY_BALANCE,
        Rule.OVERPAID,
    }
)
"""Rules by which money of a payment comes in."""
_HANDS = {domain.Account.PROCESSOR_CLEARING, domain.Account.CASH, domain.Account.BANK}


@dataclass
class Books:
    """State as the database would hold it: the invoice of one series, and of packages."""

    invoices: dict[UUID, Invoice] = field(default_factory=dict)
    payments: dict[UUID, Payment] = field(default_factory=dict)
    instalments: dict[UUID, domain.Instalment] = field(default_factory=dict)
    superbills: dict[UUID, Superbill] = field(default_factory=dict)
    refunds: dict[UUID, Refund] = field(default_factory=dict)
    fees: dict[UUID, Fee] = field(default_factory=dict)
    disputes: dict[UUID, Dispute] = field(default_factory=dict)
    journal: list[Entry] = field(default_factory=list)
    entries: dict[tuple[UUID, str], tuple[Any, ...]] = field(default_factory=dict)
    balances: Counter[int] = field(default_factory=Counter)
    captured: Counter[UUID] = field(default_factory=Counter)
    """Minor units that came under each key."""
    stated: Counter[UUID] = field(default_factory=Counter)

    def hear(self, told: Input, *, of_a_fact: bool = False) -> Sequence[Decision]:
        """One input; a refusal changes nothing, and a fact has nobody to refuse."""
        try:
            decided = told(self)
        except Refusal:
            assert not of_a_fact
            return ()
        decisions = (decided,) if isinstance(decided, Decision) else decided
        for decision in decisions:
            self.keep(decision)
        return decisions

    def keep(self, decision: Decision) -> None:
        """All of a decision; a cause is posted once by each rule."""
        for event in decision.events:
            self._state(event, decision)
        for entry in decision.entries:
            self._post(entry)
        if decision.invoice:
            self.invoices[decision.invoice.invoice_id] = decision.invoice
        for payment in (decision.payment, decision.earlier):
            if payment:
                self.payments[payment.payment_id] = payment
        for bill in (decision.superbill, *decision.revised):
            if bill:
                self.superbills[bill.session_id] = bill
        for one in decision.kept:
            match one:
                case Refund():
                    self.refunds[one.refund_id] = one
                case Fee():
                    self.fees[one.session_id] = one
                case Dispute():
                    self.disputes[one.dispute_id] = one

    def _state(self, event: domain.Event, decision: Decision) -> None:
        about = event.invoice.invoice_id
        self.stated[about] += 1
        assert event.invoice.revision == self.stated[about]
        if isinstance(event, domain.SessionsGivenUp):
            before = self.invoices[about].refunded_count
            assert decision.invoice
            assert event.count == decision.invoice.refunded_count - before > 0

    def _post(self, entry: Entry) -> None:
        assert (entry.cause_id, entry.rule) not in self.entries
        assert sum(one.amount.minor_units for one in entry.postings) == 0
        assert entry.postings
        self.journal.append(entry)
        self.entries[entry.cause_id, entry.rule] = entry.postings
        for posting in entry.postings:
            self.balances[posting.account] += posting.amount.minor_units
            if entry.rule in CAME and posting.account in _HANDS:
                self.captured[entry.cause_id] += posting.amount.minor_units

    def asking(self, request_id: UUID, person: str, invoice_id: UUID = SERIES_INVOICE) -> Asking:
        """Who asks, and where money can go back to."""
        gone: Counter[UUID] = Counter()
        for refund in self.refunds.values():
            for part in refund.parts:
                if part.status is not domain.PartStatus.WAITING:
                    gone[part.payment_id] += part.minor_units
        sources = [
            domain.Source(
                one.payment_id, one.amount.minor_units - one.refund - gone[one.payment_id]
            )
            for one in sorted(self.payments.values(), key=lambda p: -p.attempt)
            if one.status is PaymentStatus.COLLECTED and one.invoice_id == invoice_id
        ]
        return Asking(request_id, person, [one for one in sources if one.left > 0])

    def on_its_way(self, bill: Superbill) -> int:
        """What goes back for a receipt already and is not on it yet."""
        parts = [
            part
            for one in self.refunds.values()
            if one.superbill_id == bill.superbill_id
            for part in one.parts
        ]
        open_ = {domain.PartStatus.PENDING, domain.PartStatus.FAILED}
        return sum(part.minor_units for part in parts if part.status in open_)

    def given_back(self, bill: Superbill) -> int:
        """What has gone back for a receipt."""
        return sum(
            part.minor_units
            for one in self.refunds.values()
            if one.superbill_id == bill.superbill_id
            for part in one.parts
            if part.status is domain.PartStatus.PAID
        )

    def receipts(self, invoice_id: UUID) -> list[domain.Receipted]:
        """The receipts of an invoice, in order of service."""
        return [
            domain.Receipted(bill, self.given_back(bill))
            for bill in self.superbills.values()
            if bill.invoice_id == invoice_id
        ]

    def debt(self, invoice_id: UUID) -> domain.Debt:
        """What is owed for an invoice."""
        return domain.debt([one for one in self.journal if one.invoice_id == invoice_id])

    def plan(self, invoice: Invoice) -> list[domain.Instalment]:
        """The plan in force."""
        return [one for one in self.instalments.values() if one.attempt == invoice.attempt]

    def with_receipts(self, decision: Decision, invoice: Invoice) -> Decision:
        """As everything that pays for sessions is kept."""
        owed, receipts = self.debt(invoice.invoice_id), self.receipts(invoice.invoice_id)
        return domain.receipted(decision, invoice, receipts, owed, NOW)

    @property
    def invoice(self) -> Invoice | None:
        """The series' own."""
        return self.invoices.get(SERIES_INVOICE)

    @property
    def packages(self) -> list[Invoice]:
        """Those sold by themselves."""
        return [one for one in self.invoices.values() if one.is_package]

    @property
    def last(self) -> Payment | None:
        """The payment asked for last."""
        return self.payments.get(self.invoice.payment_id) if self.invoice else None

    @property
    def issued(self) -> Invoice:
        """An invoice that callers see."""
        if self.invoice is None or not self.invoice.revision:
            raise Refusal("INVOICE_NOT_FOUND", "")
        return self.invoice
