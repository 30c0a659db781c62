"""What any adapter of the payment port must do; an adapter joins by joining the list."""

import asyncio
from collections.abc import Callable
from uuid import UUID, uuid4

import pytest

from services.billing import domain, gateway
from services.billing.config import BillingSettings
from services.billing.domain import (
    Cancelled,
    Charge,
    Collected,
    Declined,
    Money,
    Outcome,
    Payment,
    PaymentStatus,
    Refunded,
    Unknown,
)
from services.billing.gateway import GatewayAway, PaymentGateway, Simulator, asking
from services.billing.tests.examples import NOW

ADAPTERS: dict[str, Callable[[], PaymentGateway]] = {"simulator": Simulator}
"""Each makes a new adapter, as a new process would."""

DECLINED = [(120102, "card_declined"), (120204, "insufficient_funds")]


@pytest.fixture(params=sorted(ADAPTERS))
def make(request: pytest.FixtureRequest) -> Callable[[], PaymentGateway]:
    return ADAPTERS[request.param]


def charge(minor_units: int = 360000, payment_id: UUID | None = None) -> Charge:
    return Charge(payment_id or uuid4(), Money(minor_units))


async def test_money_is_collected(make: Callable[[], PaymentGateway]) -> None:
    assert await make().collect(charge()) == Collected()


@pytest.mark.parametrize(("minor_units", "reason"), DECLINED)
async def test_money_is_declined_for_a_coded_reason(
    make: Callable[[], PaymentGateway], minor_units: int, reason: str
) -> None:
    assert await make().collect(charge(minor_units)) == Declined(reason)


@pytest.mark.parametrize("minor_units", [360000, 120102, 120204])
async def test_the_same_key_has_the_same_answer_in_every_process(
    make: Callable[[], PaymentGateway], minor_units: int
) -> None:
    asked, adapter = charge(minor_units), make()
    answers = [await adapter.collect(asked), await adapter.collect(asked)]
    answers += [await make().collect(asked)]
    assert len(set(answers)) == 1


async def test_the_same_key_asked_at_once_has_one_answer(
    make: Callable[[], PaymentGateway],
) -> None:
    asked, adapter = charge(), make()
    answers = await asyncio.gather(*(adapter.collect(asked) for _ in range(8)))
    assert set(answers) == {Collected()}


async def test_a_timeout_that_did_charge_tells_so_when_asked_again(
    make: Callable[[], PaymentGateway],
) -> None:
    asked, adapter = charge(120205), make()
    with pytest.raises(GatewayAway):
        await adapter.collect(asked)
    assert await adapter.collect(asked) == Collected()
    assert await make().cancel(asked) == Collected()


@pytest.mark.parametrize(("minor_units", "answer"), [(360000, Collected()), (120102, Declined)])
async def test_what_was_answered_cannot_be_cancelled(
    make: Callable[[], PaymentGateway], minor_units: int, answer: Outcome | type
) -> None:
    asked = charge(minor_units)
    collected = await make().collect(asked)
    assert await make().cancel(asked) == collected


async def test_a_key_never_used_is_cancelled_for_good_or_counted_as_used(
    make: Callable[[], PaymentGateway],
) -> None:
    asked, adapter = charge(), make()
    answer = await adapter.cancel(asked)
    assert isinstance(answer, Collected | Cancelled)
    assert await make().cancel(asked) == answer
    assert await make().collect(asked) == answer


async def test_money_goes_back_however_often_it_is_asked(
    make: Callable[[], PaymentGateway],
) -> None:
    asked = charge()
    await make().collect(asked)
    back = Charge(asked.payment_id, Money(45000))
    assert [await make().refund(back), await make().refund(back)] == [Refunded(), Refunded()]


class Faulty(Simulator):
    """Fails so many times before it answers."""

    def __init__(self, fault: type[Exception], times: int) -> None:
        super().__init__()
        self.fault, self.left, self.asked = fault, times, 0

    async def collect(self, charge: Charge) -> Collected | Declined:
        self.asked += 1
        self.left -= 1
        if self.left >= 0:
            raise self.fault
        return await super().collect(charge)


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
    ("fault", "times", "outcome", "asked"),
    [
        (GatewayAway, 0, Collected(), 1),
        (GatewayAway, 2, Collected(), 3),
        (TimeoutError, 1, Collected(), 2),
        (GatewayAway, 9, Unknown(), 3),
        (KeyError, 9, Unknown(), 1),
    ],
)
async def test_passing_faults_are_asked_again_and_lasting_ones_are_unknown(
    fault: type[Exception], times: int, outcome: Outcome, asked: int
) -> None:
    faulty, one = Faulty(fault, times), payment()
    assert await gateway.collected([one], faulty) == {one.payment_id: outcome}
    assert faulty.asked == asked


async def test_an_answer_that_never_comes_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "PATIENCE", 0.01)
    one = payment()
    assert await gateway.collected([one], Simulator(latency=30)) == {one.payment_id: Unknown()}


async def test_only_those_that_wait_are_asked() -> None:
    payments = {status: payment(status, refund=5) for status in PaymentStatus}
    collected = await gateway.collected(list(payments.values()), Simulator())
    refunded = await gateway.refunded(list(payments.values()), Simulator())
    waiting = {PaymentStatus.PENDING, PaymentStatus.CANCELLING}
    assert set(collected) == {payments[status].payment_id for status in waiting}
    assert refunded == {payments[PaymentStatus.REFUND_PENDING].payment_id: Refunded()}


async def test_many_are_asked_at_once() -> None:
    async with asyncio.timeout(2):
        outcomes = await gateway.collected([payment() for _ in range(64)], Simulator(latency=0.1))
    assert set(outcomes.values()) == {domain.Collected()}


def test_the_settings_choose(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HALCYON_BILLING_GATEWAY", "simulator")
    monkeypatch.setenv("HALCYON_BILLING_GATEWAY_LATENCY", "0.5")
    assert BillingSettings().gateway_latency == 0.5
    gateway.chosen.cache_clear()
    assert isinstance(gateway.chosen(), Simulator)
    gateway.chosen.cache_clear()
