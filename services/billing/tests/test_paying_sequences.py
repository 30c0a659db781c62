"""Cash, deposits and instalments in any order with everything else: nothing is lost or doubled."""

from dataclasses import replace
from uuid import UUID, uuid5

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import invariant, rule

from chassis.refusal import AlreadyExists, Invalid, NotAllowed
from services.billing import domain, packs
from services.billing.domain import (
    NOTHING,
    Account,
    Declined,
    Instalment,
    Method,
    Money,
    PaymentStatus,
    Purpose,
    Refund,
    Refunded,
    Source,
    Status,
)
from services.billing.tests.examples import NOW, SERIES, release
from services.billing.tests.test_sequences import GAPS, REASONS, Billing

TAKEN = {PaymentStatus.COLLECTED, PaymentStatus.REFUND_PENDING, PaymentStatus.REFUNDED}


class Paying(Billing):
    """The same series, paid in every way there is."""

    def __init__(self) -> None:
        super().__init__()
        self.instalments: list[Instalment] = []
        self.refunds: dict[UUID, Refund] = {}

    @rule(method=st.sampled_from([Method.CASH, Method.CARD_TERMINAL]), number=st.integers(1, 9))
    def pay_at_desk(self, method: Method, number: int) -> None:
        invoice, last = self.invoice, self.last
        if invoice is None or last is None:
            return
        paid = domain.AtDesk(uuid5(SERIES, f"desk/{method}/{number}"), method, invoice.total)
        earlier = self.asked_by(paid.request_id)
        try:
            self.keep(domain.pay_at_desk(invoice, domain.Last(last, False), paid, earlier, NOW))
        except NotAllowed:
            assert invoice.status not in {Status.ISSUED, Status.PAYMENT_FAILED}
        except AlreadyExists:
            assert earlier is not None

    @rule(share=st.integers(20, 99), parts=st.integers(1, 6), number=st.integers(1, 9))
    def start_plan(self, share: int, parts: int, number: int) -> None:
        invoice, last = self.invoice, self.last
        if invoice is None or last is None or not invoice.session_count:
            return
        deposit = Money(-(-invoice.total.minor_units * share // 100))
        request_id = uuid5(SERIES, f"plan/{share}/{parts}/{number}")
        asked = domain.PlanAsked(request_id, deposit, parts, 14, packs.PLANS[0])
        earlier = self.asked_by(request_id)
        try:
            decision, plan = domain.start_plan(
                invoice, domain.Last(last, False), asked, earlier, NOW
            )
        except NotAllowed:
            assert invoice.status not in {Status.ISSUED, Status.PAYMENT_FAILED}
        except (AlreadyExists, Invalid):
            pass
        else:
            self.keep(decision)
            assert sum(one.amount.minor_units for one in plan) in {
                0,
                invoice.total.minor_units - deposit.minor_units,
            }
            self.instalments += plan

    @rule(which=st.integers(0, 9))
    def an_instalment_falls_due(self, which: int) -> None:
        if not self.instalments or self.invoice is None:
            return
        due = self.instalments[which % len(self.instalments)]
        for _ in range(2):
            known = self.payments.get(due.payment_id)
            last = domain.ask_instalment(self.invoice, due, known, NOW)
            self.keep(last)
        assert last == NOTHING

    @rule(gap=GAPS, reason=REASONS, unsent=st.booleans())
    def release(self, gap: int, reason: str, unsent: bool) -> None:
        told, last = release(reason, self.heard(gap)), self.last
        by = None
        if last and (last.method, last.purpose) != (Method.ONLINE, Purpose.PACKAGE):
            by = domain.Asking(uuid5(SERIES, f"release/{self.news}"), "halcyon", self.sources)
        self.keep(domain.release(told, self.invoice, last, NOW, unsent=unsent, by=by))
        again = domain.release(told, self.invoice, self.last, NOW, unsent=unsent, by=by)
        assert again == NOTHING

    @rule(which=st.integers(0, 5), paid=st.booleans())
    def a_part_goes_back(self, which: int, paid: bool) -> None:
        if not self.refunds or self.invoice is None:
            return
        refund = list(self.refunds.values())[which % len(self.refunds)]
        for part in refund.parts:
            payment = self.payments[part.payment_id]
            refund = self.refunds[refund.refund_id]
            going = domain.Going(payment)
            outcome = Refunded() if paid else Declined("paid_at_desk")
            self.keep(domain.conclude_part(refund, self.invoice, going, outcome, NOW))

    @invariant()
    def the_processor_holds_what_was_collected_and_not_given_back(self) -> None:
        """And the drawer holds the cash."""
        held = sum(p.amount.minor_units for p in self.payments.values() if p.status in TAKEN)
        alone = [p for p in self.payments.values() if p.status is PaymentStatus.REFUNDED]
        parts = [part for refund in self.refunds.values() for part in refund.parts]
        back = sum(part.minor_units for part in parts if part.status is domain.PartStatus.PAID)
        in_hand = self.balances[Account.PROCESSOR_CLEARING] + self.balances[Account.CASH]
        assert in_hand == held - back - sum(p.refund for p in alone)

    @invariant()
    def what_is_to_go_back_is_payable(self) -> None:
        owed = [p for p in self.payments.values() if p.status is PaymentStatus.REFUND_PENDING]
        parts = [part for refund in self.refunds.values() for part in refund.parts]
        waiting = [part for part in parts if part.status is not domain.PartStatus.PAID]
        payable = sum(p.refund for p in owed) + sum(part.minor_units for part in waiting)
        assert -self.balances[Account.REFUNDS_PAYABLE] == payable

    @invariant()
    def only_an_issued_invoice_waits_for_its_payment(self) -> None:
        open_ended = domain.AT_GATEWAY - {PaymentStatus.CANCELLING}
        waiting = [
            p
            for p in self.payments.values()
            if p.status in open_ended and p.purpose is not Purpose.INSTALMENT
        ]
        asked = self.invoice is not None and self.invoice.status is Status.ISSUED
        assert [p.attempt for p in waiting] == ([self.invoice.attempt] if asked else [])  # type: ignore[union-attr]

    @invariant()
    def what_is_outstanding_is_owed(self) -> None:
        outstanding = self.invoice.outstanding if self.invoice else 0
        assert 0 <= outstanding <= self.balances[Account.PATIENT_RECEIVABLE]

    @invariant()
    def no_session_is_receipted_above_its_price(self) -> None:
        assert all(0 <= bill.paid <= bill.amount.minor_units for bill in self.superbills.values())

    @property
    def sources(self) -> list[Source]:
        went = [part for refund in self.refunds.values() for part in refund.parts]
        collected = [p for p in self.payments.values() if p.status is PaymentStatus.COLLECTED]
        newest = sorted(collected, key=lambda p: -p.attempt)
        left = [
            (p, sum(part.minor_units for part in went if part.payment_id == p.payment_id))
            for p in newest
        ]
        return [Source(p.payment_id, p.amount.minor_units - p.refund - n) for p, n in left]

    def asked_by(self, request_id: UUID) -> domain.Payment | None:
        found = (one for one in self.payments.values() if one.request_id == request_id)
        return next(found, None)

    def keep(self, decision: domain.Decision) -> None:
        super().keep(decision)
        if decision.earlier:
            self.payments[decision.earlier.payment_id] = decision.earlier
        for one in decision.kept:
            if isinstance(one, Refund):
                self.refunds[one.refund_id] = replace(one)


TestPaying = Paying.TestCase
TestPaying.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
