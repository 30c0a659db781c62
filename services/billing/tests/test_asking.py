"""How a gateway is asked: silence is met by asking what happened, never by asking again blindly."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest
from pydantic import ValidationError

from services.billing import gateway
from services.billing.config import BillingSettings
from services.billing.domain import (
    Charge,
    Collected,
    Money,
    NeverAsked,
    Outcome,
    Payment,
    PaymentStatus,
    Refunded,
    Standing,
    Unknown,
)
from services.billing.gateway import GatewayAway, Simulator, asking
from services.billing.gateway.stripe import Stripe
from services.billing.tests.examples import NOW


class Faulty(Simulator):
    """Does not answer a collection, and then says what is asked of it."""

    def __init__(self, fault: type[Exception] | None, found: Standing | NeverAsked | None) -> None:
        super().__init__()
        self.fault, self.found = fault, found
        self.asked: list[str] = []

    async def collect(self, charge: Charge) -> Standing:
        self.asked.append("collect")
        if self.fault:
            raise self.fault
        return Collected()

    async def find(self, charge: Charge) -> Standing | NeverAsked:
        self.asked.append("find")
        if self.found is None:
            raise GatewayAway
        return self.found


def payment(status: PaymentStatus = PaymentStatus.PENDING, refund: int = 0) -> Payment:
    return Payment(
        payment_id=uuid4(),
        invoice_id=uuid4(),
        attempt=1,
        status=status,
        amount=Money(360000),
        refund=refund,
        request_time=NOW,
        update_time=NOW,
    )


@pytest.mark.parametrize(
    ("fault", "found", "outcome", "asked"),
    [
        (None, None, Collected(), ["collect"]),
        (GatewayAway, Collected("x"), Collected("x"), ["collect", "find"]),
        (TimeoutError, Collected("x"), Collected("x"), ["collect", "find"]),
        (GatewayAway, NeverAsked(), Unknown(), ["collect", "find"]),
        (GatewayAway, None, Unknown(), ["collect", "find"]),
        (KeyError, Collected("x"), Unknown(), ["collect"]),
    ],
)
async def test_a_silence_is_asked_about_and_not_repeated(
    fault: type[Exception] | None,
    found: Standing | NeverAsked | None,
    outcome: Outcome,
    asked: list[str],
) -> None:
    faulty, one = Faulty(fault, found), payment()
    assert await gateway.collected([one], faulty, NOW) == {one.payment_id: outcome}
    assert faulty.asked == asked


WINDOW = Simulator.key_window
TICK = timedelta(microseconds=1)


@pytest.mark.parametrize("status", [PaymentStatus.UNKNOWN, PaymentStatus.ACTION_NEEDED])
@pytest.mark.parametrize(
    ("after", "found", "outcome", "asked"),
    [
        (TICK, Collected("x"), Collected("x"), ["find"]),
        (TICK, NeverAsked(), Collected(), ["find", "collect"]),
        (WINDOW - TICK, NeverAsked(), Collected(), ["find", "collect"]),
        (WINDOW, NeverAsked(), NeverAsked(), ["find"]),
        (WINDOW * 3, NeverAsked(), NeverAsked(), ["find"]),
        (WINDOW, None, Unknown(), ["find"]),
    ],
)
async def test_a_key_is_used_again_only_inside_its_window(
    status: PaymentStatus,
    after: timedelta,
    found: Standing | NeverAsked | None,
    outcome: Outcome,
    asked: list[str],
) -> None:
    faulty, one = Faulty(None, found), payment(status)
    assert await gateway.reconciled([one], faulty, NOW + after) == {one.payment_id: outcome}
    assert faulty.asked == asked


@pytest.mark.parametrize(
    ("after", "outcome", "asked"),
    [(WINDOW - TICK, Collected(), ["collect"]), (WINDOW, Unknown(), [])],
)
async def test_a_payment_left_lying_past_the_window_is_asked_about_first(
    after: timedelta, outcome: Outcome, asked: list[str]
) -> None:
    """A crash after the call, and a day until the next start: the key may be as good as new."""
    faulty, one = Faulty(None, Collected("x")), payment()
    assert await gateway.collected([one], faulty, NOW + after) == {one.payment_id: outcome}
    assert faulty.asked == asked


async def test_an_answer_that_never_comes_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "PATIENCE", 0.01)
    one = payment()
    assert await gateway.collected([one], Simulator(latency=30), NOW) == {one.payment_id: Unknown()}


async def test_only_those_that_wait_are_asked() -> None:
    payments = {status: payment(status, refund=5) for status in PaymentStatus}
    every = list(payments.values())

    def ids(*statuses: PaymentStatus) -> set[object]:
        return {payments[status].payment_id for status in statuses}

    collected = await gateway.collected(every, Simulator(), NOW)
    assert set(collected) == ids(PaymentStatus.PENDING, PaymentStatus.CANCELLING)
    reconciled = await gateway.reconciled(every, Simulator(), NOW)
    assert set(reconciled) == ids(PaymentStatus.UNKNOWN, PaymentStatus.ACTION_NEEDED)
    refunded = await gateway.refunded(every, Simulator())
    assert refunded == {payments[PaymentStatus.REFUND_PENDING].payment_id: Refunded()}


async def test_many_are_asked_at_once() -> None:
    every, slow = [payment() for _ in range(64)], Simulator(latency=0.1)
    async with asyncio.timeout(2):
        outcomes = await gateway.collected(every, slow, NOW)
    assert set(outcomes.values()) == {Collected()}


def test_the_settings_choose(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HALCYON_BILLING_GATEWAY_LATENCY", "0.5")
    assert BillingSettings().gateway_latency == 0.5
    for name, kind in (("simulator", Simulator), ("stripe", Stripe)):
        monkeypatch.setenv("HALCYON_BILLING_GATEWAY", name)
        monkeypatch.setenv("HALCYON_BILLING_STRIPE_KEY", "sk_test")
        monkeypatch.setenv("HALCYON_BILLING_STRIPE_WEBHOOK_SECRET", "whsec")
        gateway.chosen.cache_clear()
        assert isinstance(gateway.chosen(), kind)
        gateway.chosen.cache_clear()


@pytest.mark.parametrize("secrets", [{}, {"stripe_key": "sk"}, {"stripe_webhook_secret": "whsec"}])
def test_stripe_without_its_secrets_does_not_start(secrets: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        BillingSettings(gateway="stripe", **secrets)  # type: ignore[arg-type]
