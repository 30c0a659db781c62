"""Histories that the random walk once found wrong, told step by step."""

import pytest

from services.billing.domain import Collected, Money, Status
from services.billing.tests.test_histories import TERMS, Histories

PRICE = Money(40000)


@pytest.fixture
def state() -> Histories:
    """Two sessions paid in one, the first of them delivered."""
    found = Histories()
    found.begin(PRICE, 2, TERMS[0], "whole")
    return found


def pay_again(state: Histories) -> None:
    state.hold_again(PRICE, 2, 45)
    state.the_gateway_answers(Collected())


def test_goodwill_leaves_what_pays_for_sessions_to_come(state: Histories) -> None:
    state.ask_for_a_refund(0, "patient_request")
    pay_again(state)
    state.ask_for_goodwill(1, 1)
    state.cancel("referral_cancelled", unsent=False)
    state.no_payment_gives_back_more_than_it_took()
    state.teardown()


def test_goodwill_that_only_their_money_could_pay_is_refused(state: Histories) -> None:
    state.cancel("referral_cancelled", unsent=False)
    pay_again(state)
    state.ask_for_goodwill(1, 1)
    assert not state.books.refunds
    state.cancel("referral_cancelled", unsent=False)
    state.no_payment_gives_back_more_than_it_took()
    state.teardown()


def test_when_everything_held_is_settled_nothing_is_asked_for(state: Histories) -> None:
    state.ask_for_a_refund(0, "patient_request")
    state.hold_again(PRICE, 2, 45)
    state.hold_again(PRICE, 1, 90)
    assert state.books.invoice
    assert state.books.invoice.status is Status.VOID
    state.the_gateway_answers(Collected())
    state.no_entitlement_is_negative_and_its_price_is_what_is_deferred()
    state.teardown()
