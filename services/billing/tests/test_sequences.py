"""Whatever happens in whatever order, twice or late: the journal balances and nothing is lost."""

from collections import Counter, defaultdict
from uuid import UUID, uuid5

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from chassis.refusal import NotAllowed
from services.billing import domain
from services.billing.domain import (
    NOTHING,
    Account,
    ActionNeeded,
    Cancelled,
    Collected,
    Decision,
    Declined,
    Invoice,
    Money,
    NeverAsked,
    Outcome,
    Payment,
    PaymentStatus,
    Refunded,
    Rule,
    Status,
    Superbill,
    Unknown,
)
from services.billing.tests.examples import (
    CODES,
    NOW,
    SERIES,
    coding,
    delivery,
    need,
    release,
)

REASONS = st.sampled_from(["hold_expired", "payment_failed", "referral_cancelled", "paid_too_late"])
OUTCOMES = st.sampled_from(
    [
        Collected(),
        Collected(),
        Refunded(),
        Declined("card_declined"),
        Cancelled(),
        Unknown(),
        NeverAsked(),
        ActionNeeded("confirm"),
    ]
)
GAPS = st.sampled_from([1, 1, 1, 2, 0, -1, -2])
PRICES = st.sampled_from([Money(40000), Money(45001), Money(199999)])


class Billing(RuleBasedStateMachine):
    """One series' invoice, its payments and its journal, kept in memory."""

    def __init__(self) -> None:
        super().__init__()
        self.invoice: Invoice | None = None
        self.payments: dict[UUID, Payment] = {}
        self.superbills: dict[UUID, Superbill] = {}
        self.entries: dict[tuple[UUID, Rule], int] = {}
        self.balances: defaultdict[int, int] = defaultdict(int)
        self.captured: Counter[UUID] = Counter()
        self.stuck: dict[UUID, domain.Refund] = {}
        self.stated = 0
        self.news = 0

    @initialize(early=st.booleans())
    def begin(self, early: bool) -> None:
        if early:
            self.release(gap=1, reason="referral_cancelled", unsent=False)
        self.hold(gap=1, price=Money(45000), sessions=8)

    @rule(gap=GAPS, price=PRICES, sessions=st.integers(1, 8))
    def hold(self, gap: int, price: Money, sessions: int) -> None:
        told = need(self.heard(gap), sessions)
        self.keep(domain.issue_for(told, self.invoice, price, NOW))
        assert domain.issue_for(told, self.invoice, price, NOW) == NOTHING

    @rule(gap=GAPS, reason=REASONS, unsent=st.booleans())
    def release(self, gap: int, reason: str, unsent: bool) -> None:
        told, last = release(reason, self.heard(gap)), self.last
        self.keep(domain.release(told, self.invoice, last, NOW, unsent=unsent))
        assert domain.release(told, self.invoice, self.last, NOW, unsent=unsent) == NOTHING

    @rule(which=st.integers(0, 5), outcome=OUTCOMES)
    def hear_from_the_gateway(self, which: int, outcome: Outcome) -> None:
        if not self.payments or self.invoice is None:
            return
        payment_id = list(self.payments)[which % len(self.payments)]
        before = self.payments[payment_id]
        self.keep(domain.conclude(self.invoice, before, outcome, NOW))
        assert domain.conclude(self.invoice, self.payments[payment_id], outcome, NOW) == NOTHING

    @rule(number=st.integers(1, 9), revision=st.integers(2, 4), minutes=st.sampled_from([10, 45]))
    def deliver(self, number: int, revision: int, minutes: int) -> None:
        if self.invoice is None or not self.invoice.revision:
            return
        told = delivery(number, minutes, revision)
        codes = coding(*CODES[minutes == 10 :])
        for _ in range(2):
            issued = self.superbills.get(told.session_id)
            last = domain.recognise(told, self.invoice, issued, codes, NOW)
            self.keep(last)
        assert last == NOTHING

    @rule(number=st.integers(1, 20))
    def try_again(self, number: int) -> None:
        request_id = uuid5(SERIES, f"request/{number}")
        earlier = next((p for p in self.payments.values() if p.request_id == request_id), None)
        if self.invoice is None:
            return
        try:
            self.keep(domain.retry_payment(self.invoice, request_id, earlier, NOW))
        except NotAllowed:
            assert self.invoice.status is not Status.PAYMENT_FAILED

    @invariant()
    def the_journal_balances(self) -> None:
        assert sum(self.balances.values()) == 0

    @invariant()
    def deferred_revenue_is_what_is_paid_and_undelivered(self) -> None:
        invoice = self.invoice
        paid = invoice is not None and invoice.status is Status.PAID
        expected = invoice.undelivered.minor_units if invoice and paid else 0
        assert -self.balances[Account.DEFERRED_REVENUE] == expected

    @invariant()
    def the_processor_holds_what_was_collected_and_not_given_back(self) -> None:
        kept = {PaymentStatus.COLLECTED, PaymentStatus.REFUND_PENDING, PaymentStatus.REFUNDED}
        held = sum(p.amount.minor_units for p in self.payments.values() if p.status in kept)
        back = [p for p in self.payments.values() if p.status is PaymentStatus.REFUNDED]
        given_back = sum(p.refund for p in back)
        assert self.balances[Account.PROCESSOR_CLEARING] == held - given_back

    @invariant()
    def what_is_to_go_back_is_payable(self) -> None:
        owed = [p for p in self.payments.values() if p.status is PaymentStatus.REFUND_PENDING]
        stuck = sum(refund.amount.minor_units for refund in self.stuck.values())
        assert -self.balances[Account.REFUNDS_PAYABLE] == stuck + sum(p.refund for p in owed)

    @invariant()
    def revenue_is_what_the_superbills_say(self) -> None:
        billed = sum(bill.amount.minor_units for bill in self.superbills.values())
        assert -self.balances[Account.INFUSION_REVENUE] == billed

    @invariant()
    def a_payment_is_captured_once(self) -> None:
        assert all(times == 1 for times in self.captured.values())

    @invariant()
    def only_an_issued_invoice_waits_for_its_payment(self) -> None:
        open_ended = domain.AT_GATEWAY - {PaymentStatus.CANCELLING}
        waiting = [p for p in self.payments.values() if p.status in open_ended]
        asked = self.invoice is not None and self.invoice.status is Status.ISSUED
        assert [p.attempt for p in waiting] == ([self.invoice.attempt] if asked else [])  # type: ignore[union-attr]

    @property
    def last(self) -> Payment | None:
        return self.payments.get(self.invoice.payment_id) if self.invoice else None

    def heard(self, gap: int) -> int:
        """News that is newer, or a repeat, or late."""
        self.news = max(self.news, self.news + gap)
        return max(1, self.news + min(gap, 0))

    def keep(self, decision: Decision) -> None:
        for event in decision.events:
            self.stated += 1
            assert event.invoice.revision == self.stated
        for entry in decision.entries:
            assert (entry.cause_id, entry.rule) not in self.entries
            self.entries[entry.cause_id, entry.rule] = 1
            self.captured[entry.cause_id] += entry.rule is Rule.SELL_PACKAGE
            for posting in entry.postings:
                self.balances[posting.account] += posting.amount.minor_units
        self.captured = +self.captured
        self.invoice = decision.invoice or self.invoice
        if self.invoice:
            assert self.invoice.revision == self.stated
        if decision.payment:
            self.payments[decision.payment.payment_id] = decision.payment
        for one in decision.kept:
            assert isinstance(one, domain.Refund)
            self.stuck[one.refund_id] = one
        if decision.superbill:
            self.superbills[decision.superbill.session_id] = decision.superbill


TestBilling = Billing.TestCase
TestBilling.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
