"""Sell, pay, deliver, cancel, refund, miss, dispute, twice and late: the books always agree.

Online, over the desk, in parts, from a card on file, from a package sold before.
"""

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
    Method,
    Missed,
    Money,
    PartStatus,
    PaymentStatus,
    RefundStatus,
    Status,
    Tariff,
)
from services.billing.packs import policies
from services.billing.tests import happenings as told
from services.billing.tests.books import SERIES_INVOICE, Books, Input
from services.billing.tests.examples import CLINIC, NOW, PATIENT, SERIES, delivery, need, release

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
BACK = st.sampled_from([domain.Refunded(), domain.Declined("closed_card")])
ENDS = st.sampled_from([DisputeStatus.WON, DisputeStatus.LOST])
REASONS = st.sampled_from(
    ["hold_expired", "referral_cancelled", "plan_stopped", "paid_too_late", "sessions_given_up"]
)
CARD = domain.Card(
    card_id=PATIENT,
    patient_id=PATIENT,
    clinic_id=CLINIC,
    status=domain.CardStatus.SAVED,
    token="",
    reference="card/1",
    consent="card-on-file/1",
    consent_time=NOW,
    update_time=NOW,
)
_TAKEN = {PaymentStatus.COLLECTED, PaymentStatus.REFUND_PENDING, PaymentStatus.REFUNDED}
_NOT_BEGUN = {RefundStatus.REQUESTED, RefundStatus.REJECTED}
_GIVEN_UP = {domain.Rule.FORFEIT_SESSION, domain.Rule.EXPIRE_PACKAGE}
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
        way=st.sampled_from(["whole", "whole", "parts", "parts", "package", "unpaid"]),
    )
    def begin(self, price: Money, sessions: int, terms: domain.Terms, way: str) -> None:
        self.terms = terms
        self.hear(told.hold(need(self.newer(), sessions), price), of_a_fact=True)
        match way:
            case "unpaid":
                return
            case "parts":
                self.pay_in_parts(1, 30, 3)
            case "package":
                self.sell_a_package(1, 4, price)
                self.the_gateway_speaks(1, domain.Collected())
                self.apply_a_package(0)
        self.the_gateway_answers(domain.Collected())
        self.deliver(1, 2, 45)

    @rule(outcome=OUTCOMES)
    def the_gateway_answers(self, outcome: domain.Outcome) -> None:
        if self.books.last:
            self.hear(told.gateway_says(self.books.last.payment_id, outcome))

    @rule(which=st.integers(0, 9), outcome=OUTCOMES)
    def the_gateway_speaks(self, which: int, outcome: domain.Outcome) -> None:
        """Of any payment, long after it was asked for."""
        if payment := self.any_payment(which):
            self.hear(told.gateway_says(payment, outcome))

    @rule(number=st.integers(1, 3), method=st.sampled_from([Method.CASH, Method.CARD_TERMINAL]))
    def pay_at_the_desk(self, number: int, method: Method) -> None:
        self.hear(told.desk(uuid5(SERIES, f"desk/{method}/{number}"), method))

    @rule(number=st.integers(1, 3), share=st.integers(20, 99), parts=st.integers(1, 6))
    def pay_in_parts(self, number: int, share: int, parts: int) -> None:
        request = uuid5(SERIES, f"plan/{share}/{parts}/{number}")
        self.hear(told.pay_in_parts(request, share, parts))

    @rule(
        which=st.integers(0, 2),
        card=st.sampled_from(["", CARD.reference]),
        outcome=st.none() | OUTCOMES,
    )
    def an_instalment_falls_due(
        self, which: int, card: str, outcome: domain.Outcome | None
    ) -> None:
        """For the first time, or again after it was declined."""
        if plan := list(self.books.instalments):
            self.hear(told.falls_due(plan[which % len(plan)], card))
            self.the_newest_is_answered(outcome)

    @rule(
        number=st.integers(1, 4),
        days=st.sampled_from([0, 15, 400]),
        card=st.sampled_from([CARD, CARD, None]),
        outcome=st.none() | OUTCOMES,
    )
    def charge_the_card(
        self, number: int, days: int, card: domain.Card | None, outcome: domain.Outcome | None
    ) -> None:
        self.hear(told.charge_card(uuid5(SERIES, f"charge/{number}"), card, days))
        self.the_newest_is_answered(outcome)

    @rule(number=st.integers(1, 4), cents=st.integers(1, 20000))
    def charge_besides(self, number: int, cents: int) -> None:
        self.hear(told.charge_besides(uuid5(SERIES, f"item/{number}"), cents))

    @rule(
        number=st.integers(1, 4),
        kind=st.sampled_from(
            [domain.Rule.PAY_BALANCE, domain.Rule.WRITE_OFF, domain.Rule.RETURN_CREDIT]
        ),
        share=st.sampled_from([1, 2, 3]),
    )
    def clear_a_balance(self, number: int, kind: domain.Rule, share: int) -> None:
        self.hear(told.clear(uuid5(SERIES, f"clear/{number}"), kind, share))

    @rule(number=st.integers(1, 2), count=st.integers(1, 6), price=PRICES)
    def sell_a_package(self, number: int, count: int, price: Money) -> None:
        self.hear(told.sell(uuid5(SERIES, f"package/{number}"), count, price))

    @rule(which=st.integers(0, 3))
    def apply_a_package(self, which: int) -> None:
        if packages := self.books.packages:
            self.hear(told.apply(packages[which % len(packages)].invoice_id))

    @rule(which=st.integers(0, 9), outcome=st.just(domain.Refunded()))
    def the_gateway_gives_back(self, which: int, outcome: domain.Outcome) -> None:
        if payment := self.any_payment(which):
            self.hear(told.gateway_says(payment, outcome))

    @rule(number=st.integers(1, 9), revision=st.integers(2, 3), minutes=st.sampled_from([10, 45]))
    def deliver(self, number: int, revision: int, minutes: int) -> None:
        code = "96374" if minutes == 10 else "96365"
        self.hear(told.deliver(delivery(number, minutes, revision), code, "J3490"), of_a_fact=True)

    @rule(reason=REASONS, unsent=st.booleans())
    def cancel(self, reason: str, unsent: bool) -> None:
        self.hear(told.release(release(reason, self.newer()), unsent=unsent), of_a_fact=True)

    @rule(price=PRICES, sessions=st.integers(1, 8), minutes=st.sampled_from([45, 90]))
    def hold_again(self, price: Money, sessions: int, minutes: int) -> None:
        self.hear(told.hold(need(self.newer(), sessions, minutes), price), of_a_fact=True)

    @rule(count=st.integers(0, 4), reason=st.sampled_from(["patient_request", "found_unsuitable"]))
    def ask_for_a_refund(self, count: int, reason: str) -> None:
        self.hear(told.refund(self.request(), count, reason, self.terms, LIST_PRICE))

    @rule(which=st.integers(0, 3), count=st.integers(0, 4))
    def give_up_a_package(self, which: int, count: int) -> None:
        if packages := self.books.packages:
            about = packages[which % len(packages)].invoice_id
            asked = self.request(), count, "moved_away", self.terms, LIST_PRICE
            self.hear(told.refund(*asked, about))

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

    @rule(which=st.integers(0, 9), outcome=BACK, by_hand=st.booleans())
    def a_part_comes_back(self, which: int, outcome: domain.Outcome, by_hand: bool) -> None:
        if parts := self.parts(PartStatus.PENDING):
            part = parts[which % len(parts)]
            self.hear(told.part_says(part.refund_id, part.payment_id, outcome))
            if by_hand:
                self.pay_by_hand(which)

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
        self.hear(told.incurred(session(number), kind, tariff), of_a_fact=True)

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

    @rule(which=st.integers(0, 3))
    def time_passes(self, which: int) -> None:
        known = [SERIES_INVOICE, *(one.invoice_id for one in self.books.packages)]
        self.hear(told.expire(self.terms, known[which % len(known)]))

    @invariant()
    def debits_are_credits(self) -> None:
        assert sum(self.books.balances.values()) == 0

    @invariant()
    def no_entitlement_is_negative_and_its_price_is_what_is_deferred(self) -> None:
        deferred = 0
        for invoice in self.books.invoices.values():
            assert min(invoice.unused_count, invoice.covered_count, invoice.outstanding) >= 0
            price = invoice.unused_count * invoice.unit_price.minor_units
            assert invoice.undelivered.minor_units == price
            deferred += price if invoice.status is Status.PAID else 0
        assert -self.books.balances[Account.DEFERRED_REVENUE] == deferred

    @invariant()
    def what_a_series_draws_is_promised_to_it(self) -> None:
        for package in self.books.packages:
            series = self.books.invoice
            drawing = series and series.package_id == package.invoice_id
            assert package.covered_count == (series.covered_count if series and drawing else 0)

    @invariant()
    def receipts_are_short_of_what_is_owed_for_sessions(self) -> None:
        """Neither fees nor what was written off is paid for on any receipt."""
        for invoice in self.books.invoices.values():
            owed = self.books.debt(invoice.invoice_id)
            to_come = min(invoice.outstanding, invoice.undelivered.minor_units)
            short = sum(one.short for one in self.books.receipts(invoice.invoice_id))
            rest = owed.owed - owed.fees + owed.forgiven - to_come
            if self.books.disputes or any(one.rule in _GIVEN_UP for one in self.books.journal):
                continue  # what was forfeited on credit is owed, and has no receipt
            if any(one.reverse_time for one in self.books.fees.values()):
                assert short >= rest, "a fee paid and taken back may be a credit"
            else:
                assert short == rest

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
        assert sum(one.disputed for one in self.books.invoices.values()) == total

    @invariant()
    def a_payment_is_captured_once(self) -> None:
        taken = {
            key: one.amount.minor_units
            for key, one in self.books.payments.items()
            if one.status in _TAKEN and one.amount
        }
        assert self.books.captured == taken

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
        assert again.invoices == self.books.invoices
        assert again.superbills == self.books.superbills

    def hear(self, one: Input, *, of_a_fact: bool = False) -> None:
        self.log.append(one)
        self.books.hear(one, of_a_fact=of_a_fact)
        assert all(again == domain.NOTHING for again in self.books.hear(one))

    def the_newest_is_answered(self, outcome: domain.Outcome | None) -> None:
        if outcome and self.books.payments:
            self.hear(told.gateway_says(list(self.books.payments)[-1], outcome))

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
