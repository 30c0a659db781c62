"""Sell, pay, deliver, cancel, refund, miss, dispute, twice and late: the books always agree."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID, uuid5

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from services.billing import domain
from services.billing.domain import (
    Account,
    DisputeStatus,
    FeeKind,
    Missed,
    Money,
    PartStatus,
    PaymentStatus,
    RefundStatus,
    Status,
    Tariff,
)
from services.billing.packs import policies
from services.billing.tests import books as told
from services.billing.tests.books import Books, Input
from services.billing.tests.examples import NOW, SERIES, delivery, need, release

TERMS = [
    policies.terms(NOW.date()),
    policies.terms(NOW.date(), "halcyon-claw-back"),
]
TARIFFS = st.sampled_from(
    [Tariff(FeeKind.FLAT, 5000), Tariff(FeeKind.PERCENT, 33), Tariff(FeeKind.FORFEIT)]
)
PRICES = st.sampled_from([Money(40000), Money(45001), Money(9999)])
LIST_PRICE = Money(50000)
OUTCOMES = st.sampled_from(
    [domain.Collected(), domain.Collected(), domain.Declined("card_declined"), domain.Unknown()]
)
BACK = st.sampled_from([domain.Refunded(), domain.Refunded(), domain.Declined("closed_card")])
ENDS = st.sampled_from([DisputeStatus.WON, DisputeStatus.LOST])
REASONS = st.sampled_from(["hold_expired", "referral_cancelled", "paid_too_late"])
_TAKEN = {PaymentStatus.COLLECTED, PaymentStatus.REFUND_PENDING, PaymentStatus.REFUNDED}
_NOT_BEGUN = {RefundStatus.REQUESTED, RefundStatus.REJECTED}
_OPEN = {DisputeStatus.NEEDS_RESPONSE, DisputeStatus.UNDER_REVIEW}


def session(number: int) -> UUID:
    return uuid5(SERIES, f"session/{number}")


class Histories(RuleBasedStateMachine):
    """Every input is heard twice; at the end all of them are heard again by empty books."""

    def __init__(self) -> None:
        super().__init__()
        self.books = Books()
        self.log: list[Input] = []
        self.news = 0
        self.asked = 0
        self.terms = TERMS[0]

    @initialize(
        price=PRICES,
        sessions=st.integers(2, 8),
        terms=st.sampled_from(TERMS),
        paid=st.sampled_from([True, True, True, False]),
    )
    def begin(self, price: Money, sessions: int, terms: domain.Terms, paid: bool) -> None:
        self.terms = terms
        self.hear(told.hold(need(self.newer(), sessions), price))
        if paid:
            self.the_gateway_answers(domain.Collected())
            self.deliver(1, 2, 45)

    @rule(outcome=OUTCOMES)
    def the_gateway_answers(self, outcome: domain.Outcome) -> None:
        if self.books.last:
            self.hear(told.gateway_says(self.books.last.payment_id, outcome))

    @rule(which=st.integers(0, 9), outcome=st.just(domain.Refunded()))
    def the_gateway_gives_back(self, which: int, outcome: domain.Outcome) -> None:
        if payment := self.any_payment(which):
            self.hear(told.gateway_says(payment, outcome))

    @rule(number=st.integers(1, 9), revision=st.integers(2, 3), minutes=st.sampled_from([10, 45]))
    def deliver(self, number: int, revision: int, minutes: int) -> None:
        code = "96374" if minutes == 10 else "96365"
        self.hear(told.deliver(delivery(number, minutes, revision), code, "J3490"))

    @rule(reason=REASONS, unsent=st.booleans())
    def cancel(self, reason: str, unsent: bool) -> None:
        self.hear(told.release(release(reason, self.newer()), unsent=unsent))

    @rule(price=PRICES, sessions=st.integers(1, 8))
    def hold_again(self, price: Money, sessions: int) -> None:
        self.hear(told.hold(need(self.newer(), sessions), price))

    @rule(count=st.integers(0, 4), reason=st.sampled_from(["patient_request", "found_unsuitable"]))
    def ask_for_a_refund(self, count: int, reason: str) -> None:
        self.hear(told.refund(self.request(), count, reason, self.terms, LIST_PRICE))

    @rule(number=st.integers(1, 9), cents=st.integers(1, 60000))
    def ask_for_goodwill(self, number: int, cents: int) -> None:
        self.hear(told.goodwill(self.request(), session(number), Money(cents), self.terms))

    @rule(which=st.integers(0, 9), person=st.sampled_from(["one", "two", "two"]))
    def agree(self, which: int, person: str) -> None:
        if waiting := self.of(self.books.refunds, lambda r: r.status is RefundStatus.REQUESTED):
            self.hear(told.approve(waiting[which % len(waiting)], person))

    @rule(which=st.integers(0, 9))
    def disagree(self, which: int) -> None:
        if waiting := self.of(self.books.refunds, lambda r: r.status is RefundStatus.REQUESTED):
            self.hear(told.reject(waiting[which % len(waiting)]))

    @rule(which=st.integers(0, 9), outcome=BACK)
    def a_part_comes_back(self, which: int, outcome: domain.Outcome) -> None:
        if parts := self.parts(PartStatus.PENDING):
            part = parts[which % len(parts)]
            self.hear(told.part_says(part.refund_id, part.payment_id, outcome))

    @rule(which=st.integers(0, 9))
    def pay_by_hand(self, which: int) -> None:
        if parts := self.parts(PartStatus.FAILED):
            part = parts[which % len(parts)]
            self.hear(told.by_hand(part.refund_id, part.payment_id))

    @rule(
        number=st.integers(1, 9), kind=st.sampled_from(Missed), hours=st.sampled_from([0, 24, 48])
    )
    def miss(self, number: int, kind: Missed, hours: int) -> None:
        self.hear(told.missed(session(number), kind, hours, self.terms))

    @rule(number=st.integers(1, 9), kind=st.sampled_from(Missed), tariff=TARIFFS)
    def hear_of_a_fee(self, number: int, kind: Missed, tariff: Tariff) -> None:
        self.hear(told.incurred(session(number), kind, tariff))

    @rule(which=st.integers(0, 9))
    def take_a_fee_back(self, which: int) -> None:
        if fees := list(self.books.fees):
            self.hear(told.reverse(fees[which % len(fees)]))

    @rule(which=st.integers(0, 9), number=st.integers(1, 2), share=st.sampled_from([1, 2, 3]))
    def a_bank_takes_it_back(self, which: int, number: int, share: int) -> None:
        payment_id = self.any_payment(which)
        if payment_id is None:
            return
        amount = Money(max(1, self.books.payments[payment_id].amount.minor_units // share))
        chargeback = domain.Chargeback(
            payment_id=payment_id,
            reference=f"dp_{number}",
            reason="fraudulent",
            amount=amount,
            fee=1500,
            respond_by=NOW,
        )
        if not self.books.disputes:
            self.hear(told.dispute(chargeback))

    @rule(which=st.integers(0, 9), outcome=ENDS)
    def the_bank_decides(self, which: int, outcome: DisputeStatus) -> None:
        if waiting := self.of(self.books.disputes, lambda d: d.status in _OPEN):
            self.hear(told.bank_says(waiting[which % len(waiting)], outcome))

    @rule()
    def time_passes(self) -> None:
        self.hear(told.expire(self.terms))

    @invariant()
    def debits_are_credits(self) -> None:
        assert sum(self.books.balances.values()) == 0

    @invariant()
    def no_entitlement_is_negative_and_its_price_is_what_is_deferred(self) -> None:
        invoice = self.books.invoice
        if invoice is None:
            return
        assert invoice.unused_count >= 0
        paid = invoice.status is Status.PAID
        price = invoice.unused_count * invoice.unit_price.minor_units
        assert invoice.undelivered.minor_units == price
        assert -self.books.balances[Account.DEFERRED_REVENUE] == (price if paid else 0)

    @invariant()
    def what_must_go_back_is_payable(self) -> None:
        whole = [
            one.refund
            for one in self.books.payments.values()
            if one.status is PaymentStatus.REFUND_PENDING
        ]
        parts = [
            part.minor_units
            for one in self.books.refunds.values()
            for part in one.parts
            if part.status in {PartStatus.PENDING, PartStatus.FAILED}
        ]
        assert -self.books.balances[Account.REFUNDS_PAYABLE] == sum(whole) + sum(parts)

    @invariant()
    def no_payment_gives_back_more_than_it_took(self) -> None:
        for payment in self.books.payments.values():
            parts = [
                part.minor_units
                for one in self.books.refunds.values()
                for part in one.parts
                if part.payment_id == payment.payment_id and part.status is not PartStatus.WAITING
            ]
            assert payment.refund + sum(parts) <= payment.amount.minor_units

    @invariant()
    def a_receipt_is_never_paid_less_than_nothing(self) -> None:
        for bill in self.books.superbills.values():
            assert 0 <= self.books.on_its_way(bill) <= bill.paid <= bill.amount.minor_units

    @invariant()
    def the_reserve_is_what_banks_hold(self) -> None:
        held = [one for one in self.books.disputes.values() if one.status in _OPEN]
        total = sum(one.amount.minor_units for one in held)
        assert self.books.balances[Account.DISPUTES_RESERVE] == total
        assert self.books.invoice is None or self.books.invoice.disputed == total

    @invariant()
    def a_payment_is_captured_once(self) -> None:
        assert all(times <= 1 for times in self.books.captured.values())
        taken = [one for one in self.books.payments.values() if one.status in _TAKEN]
        assert sum(self.books.captured.values()) == len(taken)

    @invariant()
    def revenue_is_what_the_receipts_say(self) -> None:
        billed = sum(one.amount.minor_units for one in self.books.superbills.values())
        given = [
            one.amount.minor_units
            for one in self.books.refunds.values()
            if one.superbill_id
            and one.status not in {RefundStatus.REQUESTED, RefundStatus.REJECTED}
        ]
        assert -self.books.balances[Account.INFUSION_REVENUE] == billed - sum(given)

    def teardown(self) -> None:
        """Everything heard again, each input twice, by books that know nothing."""
        again = Books()
        for one in self.log:
            again.hear(one)
            again.hear(one)
        assert again.entries == self.books.entries
        assert again.balances == self.books.balances
        assert again.invoice == self.books.invoice

    def hear(self, one: Input) -> None:
        self.log.append(one)
        self.books.hear(one)
        again = self.books.hear(one)
        assert again is None or again == domain.NOTHING

    def newer(self) -> int:
        self.news += 1
        return self.news

    def request(self) -> UUID:
        self.asked += 1
        return uuid5(SERIES, f"request/{self.asked}")

    def any_payment(self, which: int) -> UUID | None:
        known = list(self.books.payments)
        return known[which % len(known)] if known else None

    def parts(self, status: PartStatus) -> list[domain.Part]:
        parts = [part for one in self.books.refunds.values() for part in one.parts]
        return [part for part in parts if part.status is status] or parts

    @staticmethod
    def of(kept: Mapping[UUID, Any], holds: Callable[..., bool]) -> list[UUID]:
        return [key for key, one in kept.items() if holds(one)]


TestHistories = Histories.TestCase
TestHistories.settings = settings(max_examples=300, stateful_step_count=40, deadline=None)
