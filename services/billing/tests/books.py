"""One series' money in memory: inputs come in, decisions are kept, everything can be replayed."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from chassis.refusal import Refusal
from services.billing import domain
from services.billing.domain import (
    Decision,
    Dispute,
    Fee,
    Invoice,
    Money,
    Payment,
    PaymentStatus,
    Refund,
    Superbill,
    Terms,
)
from services.billing.tests.examples import NOW, SERIES, coding

Input = Callable[["Books"], Decision]


@dataclass
class Books:
    """State as the database would hold it."""

    invoice: Invoice | None = None
    payments: dict[UUID, Payment] = field(default_factory=dict)
    superbills: dict[UUID, Superbill] = field(default_factory=dict)
    refunds: dict[UUID, Refund] = field(default_factory=dict)
    fees: dict[UUID, Fee] = field(default_factory=dict)
    disputes: dict[UUID, Dispute] = field(default_factory=dict)
    entries: dict[tuple[UUID, str], tuple[Any, ...]] = field(default_factory=dict)
    balances: Counter[int] = field(default_factory=Counter)
    captured: Counter[UUID] = field(default_factory=Counter)
    stated: int = 0

    def hear(self, told: Input) -> Decision | None:
        """One input; a refusal changes nothing."""
        try:
            decision = told(self)
        except Refusal:
            return None
        self.keep(decision)
        return decision

    def keep(self, decision: Decision) -> None:
        """All of a decision; a cause is posted once by each rule."""
        for event in decision.events:
            self.stated += 1
            assert event.invoice.revision == self.stated
        for entry in decision.entries:
            assert (entry.cause_id, entry.rule) not in self.entries
            assert sum(one.amount.minor_units for one in entry.postings) == 0
            assert entry.postings
            self.entries[entry.cause_id, entry.rule] = entry.postings
            self.captured[entry.cause_id] += entry.rule is domain.Rule.SELL_PACKAGE
            for posting in entry.postings:
                self.balances[posting.account] += posting.amount.minor_units
        self.invoice = decision.invoice or self.invoice
        if decision.payment:
            self.payments[decision.payment.payment_id] = decision.payment
        if decision.superbill:
            self.superbills[decision.superbill.session_id] = decision.superbill
        for one in decision.kept:
            match one:
                case Refund():
                    self.refunds[one.refund_id] = one
                case Fee():
                    self.fees[one.session_id] = one
                case Dispute():
                    self.disputes[one.dispute_id] = one

    def asking(self, request_id: UUID, person: str) -> domain.Asking:
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
            if one.status is PaymentStatus.COLLECTED
        ]
        return domain.Asking(request_id, person, [one for one in sources if one.left > 0])

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


def hold(need: domain.Need, price: Money) -> Input:
    return lambda books: domain.issue_for(need, books.invoice, price, NOW)


def release(news: domain.Release, *, unsent: bool) -> Input:
    return lambda books: domain.release(news, books.invoice, books.last, NOW, unsent=unsent)


def gateway_says(payment_id: UUID, outcome: domain.Outcome) -> Input:
    return lambda books: domain.conclude(books.issued, books.payments[payment_id], outcome, NOW)


def deliver(told: domain.Delivery, *codes: str) -> Input:
    return lambda books: domain.recognise(
        told, books.issued, books.superbills.get(told.session_id), coding(*codes), NOW
    )


def refund(request_id: UUID, count: int, reason: str, terms: Terms, list_price: Money) -> Input:
    def ask(books: Books) -> Decision:
        by = books.asking(request_id, "one")
        if by.refund_id(books.issued.invoice_id) in books.refunds:
            return domain.NOTHING
        quoted = domain.quote_refund(books.issued, list_price, terms, reason, count)
        return domain.request_refund(books.issued, quoted, terms, by, NOW)

    return ask


def goodwill(request_id: UUID, session_id: UUID, amount: Money, terms: Terms) -> Input:
    def ask(books: Books) -> Decision:
        by = books.asking(request_id, "one")
        if by.refund_id(books.issued.invoice_id) in books.refunds:
            return domain.NOTHING
        if session_id not in books.superbills:
            raise Refusal("SUPERBILL_NOT_FOUND", "")
        bill = books.superbills[session_id]
        given = domain.Goodwill(bill, amount, books.on_its_way(bill))
        return domain.request_goodwill(books.issued, given, terms, by, NOW)

    return ask


def approve(refund_id: UUID, person: str) -> Input:
    return lambda books: domain.approve(books.refunds[refund_id], books.issued, person, NOW)


def reject(refund_id: UUID) -> Input:
    return lambda books: domain.reject(books.refunds[refund_id], "two", NOW)


def part_says(refund_id: UUID, payment_id: UUID, outcome: domain.Outcome) -> Input:
    return lambda books: domain.conclude_part(
        books.refunds[refund_id], books.issued, _going(books, refund_id, payment_id), outcome, NOW
    )


def by_hand(refund_id: UUID, payment_id: UUID) -> Input:
    return lambda books: domain.pay_by_hand(
        books.refunds[refund_id], books.issued, _going(books, refund_id, payment_id), NOW
    )


def missed(session_id: UUID, kind: domain.Missed, hours: int, terms: Terms) -> Input:
    def charge(books: Books) -> Decision:
        absence = domain.Absence(
            session_id=session_id, missed=kind, notice=timedelta(hours=hours), fees_before=0
        )
        known = books.fees.get(session_id)
        return domain.charge_absence(books.issued, absence, terms, known, NOW)

    return charge


def incurred(session_id: UUID, kind: domain.Missed, tariff: domain.Tariff) -> Input:
    news = domain.Incurred(
        series_id=SERIES,
        session_id=session_id,
        missed=kind,
        tariff=tariff,
        currency_code="USD",
        policy="halcyon-cancellation@1",
    )
    return lambda books: domain.charge_incurred(books.issued, news, books.fees.get(session_id), NOW)


def reverse(session_id: UUID) -> Input:
    return lambda books: domain.reverse_fee(books.issued, books.fees[session_id], NOW)


def dispute(told: domain.Chargeback) -> Input:
    return lambda books: domain.open_dispute(
        books.issued,
        books.payments[told.payment_id],
        told,
        books.disputes.get(told.dispute_id),
        NOW,
    )


def bank_says(dispute_id: UUID, outcome: domain.DisputeStatus) -> Input:
    return lambda books: domain.decide_dispute(
        books.disputes[dispute_id], books.issued, outcome, NOW
    )


def expire(terms: Terms) -> Input:
    later = NOW + 2 * terms.expire_after
    return lambda books: domain.expire(books.issued, NOW, terms, later)


def _left(payment: Payment) -> int:
    return payment.amount.minor_units - payment.refund


def _going(books: Books, refund_id: UUID, payment_id: UUID) -> domain.Going:
    session = books.refunds[refund_id].superbill_id
    bills = {one.superbill_id: one for one in books.superbills.values()}
    return domain.Going(books.payments[payment_id], bills[session] if session else None)
