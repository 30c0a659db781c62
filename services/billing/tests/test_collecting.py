"""What a gateway's answer does to a payment in doubt: one table."""

import pytest

from services.billing import domain
from services.billing.domain import (
    NOTHING,
    ActionNeeded,
    Cancelled,
    Collected,
    Declined,
    Invoice,
    NeverAsked,
    Outcome,
    Payment,
    PaymentStatus,
    Refunded,
    Status,
    Unknown,
)
from services.billing.tests.examples import LATER, NOW, PRICE, need

PENDING, UNKNOWN = PaymentStatus.PENDING, PaymentStatus.UNKNOWN
ACTION, CANCELLING = PaymentStatus.ACTION_NEEDED, PaymentStatus.CANCELLING
FAILED, COLLECTED = PaymentStatus.FAILED, PaymentStatus.COLLECTED


def asked(status: PaymentStatus) -> tuple[Invoice, Payment]:
    decision = domain.issue_for(need(), None, PRICE, NOW)
    assert decision.invoice
    assert decision.payment
    return decision.invoice, decision.payment._replace(status=status)


@pytest.mark.parametrize(
    ("before", "outcome", "after", "invoice_status", "again"),
    [
        (PENDING, Unknown(), UNKNOWN, Status.ISSUED, False),
        (PENDING, ActionNeeded("a", "pi"), ACTION, Status.ISSUED, False),
        (PENDING, Collected("pi"), COLLECTED, Status.PAID, False),
        (UNKNOWN, Unknown(), UNKNOWN, Status.ISSUED, True),
        (UNKNOWN, NeverAsked(), FAILED, Status.PAYMENT_FAILED, False),
        (UNKNOWN, ActionNeeded("a", "pi"), ACTION, Status.ISSUED, False),
        (UNKNOWN, Declined("x"), FAILED, Status.PAYMENT_FAILED, False),
        (UNKNOWN, Collected("pi"), COLLECTED, Status.PAID, False),
        (UNKNOWN, Cancelled(), PaymentStatus.CANCELLED, Status.PAYMENT_FAILED, False),
        (ACTION, Unknown(), ACTION, Status.ISSUED, True),
        (ACTION, NeverAsked(), ACTION, Status.ISSUED, False),
        (ACTION, Collected("pi"), COLLECTED, Status.PAID, False),
        (ACTION, Declined("x"), FAILED, Status.PAYMENT_FAILED, False),
        (CANCELLING, Unknown(), CANCELLING, Status.ISSUED, True),
        (CANCELLING, ActionNeeded("a", "pi"), CANCELLING, Status.ISSUED, True),
        (CANCELLING, NeverAsked(), CANCELLING, Status.ISSUED, True),
        (CANCELLING, Collected("pi"), COLLECTED, Status.PAID, False),
    ],
)
def test_an_answer_about_a_payment(
    before: PaymentStatus,
    outcome: Outcome,
    after: PaymentStatus,
    invoice_status: Status,
    again: bool,
) -> None:
    invoice, payment = asked(before)
    decision = domain.conclude(invoice, payment, outcome, LATER)
    assert (decision.payment or payment).status is after
    assert (decision.invoice or invoice).status is invoice_status
    assert domain.must_be_asked_again(payment, outcome) is again
    ended = decision.payment or payment
    assert domain.conclude(decision.invoice or invoice, ended, outcome, LATER) == NOTHING


def test_what_the_payer_needs_is_kept_until_the_payment_ends() -> None:
    waiting = domain.conclude(*asked(PENDING), ActionNeeded("secret", "pi_1"), LATER).payment
    assert waiting
    assert (waiting.action, waiting.reference) == ("secret", "pi_1")
    assert domain.is_in_doubt(waiting)
    invoice = asked(PENDING)[0]
    for outcome in (Collected("pi_1"), Declined("x"), Cancelled()):
        ended = domain.conclude(invoice, waiting, outcome, LATER).payment
        assert ended
        assert (ended.action, ended.reference) == ("", "pi_1")
        assert not domain.is_in_doubt(ended)


@pytest.mark.parametrize("outcome", [Unknown(), NeverAsked()])
def test_a_refund_that_is_not_confirmed_is_asked_again(outcome: Outcome) -> None:
    payment = asked(PENDING)[1]._replace(status=PaymentStatus.REFUND_PENDING)
    assert domain.must_be_asked_again(payment, outcome)
    assert not domain.must_be_asked_again(payment, Refunded())


def test_a_refund_that_the_gateway_declines_is_asked_once_and_owed_to_be_seen() -> None:
    invoice, pending = asked(PENDING)
    payment = pending._replace(status=PaymentStatus.REFUND_PENDING, refund=9000)
    assert not domain.must_be_asked_again(payment, Declined("x"))
    decision = domain.conclude(invoice, payment, Declined("x"), LATER)
    (refund,) = decision.kept
    assert isinstance(refund, domain.Refund)
    assert (refund.status, refund.amount.minor_units) == (domain.RefundStatus.FAILED, 9000)
    assert not decision.entries
    assert not decision.events
    owed = decision.payment
    assert owed
    assert (owed.status, owed.refund, owed.reason) == (COLLECTED, 0, "x")
    assert domain.conclude(invoice, owed, Declined("x"), LATER) == NOTHING
    (part,) = domain.try_part_again(refund, payment.payment_id, LATER).kept
    assert isinstance(part, domain.Refund)
    assert part.parts[0].key != payment.payment_id
