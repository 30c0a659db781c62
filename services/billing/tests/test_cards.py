"""A card on file: kept with consent, charged for what was agreed, and removed for good."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from chassis.refusal import AlreadyExists, Busy, Invalid, NotAllowed, NotFound
from chassis.testing import House, somebody
from halcyon.billing.v1 import payment_pb2 as nouns
from halcyon.billing.v1 import payment_service_pb2 as rpc
from halcyon.billing.v1.billing_pb2 import Money
from services.billing import domain, gateway
from services.billing.api import Payments
from services.billing.gateway import GatewayAway, Simulator
from services.billing.tests.examples import (
    OTHER_CLINIC,
    fee_incurred,
    series_held,
)
from services.billing.tests.journal import balances

STRANGER = somebody("cashier", clinics=frozenset({OTHER_CLINIC}))
CONSENT = "card-on-file/1"


class Watched(Simulator):
    """Remembers what was charged, and can be silent."""

    def __init__(self) -> None:
        super().__init__()
        self.charged: list[str] = []
        self.silent = False

    async def collect(self, charge: domain.Charge) -> domain.Standing:
        self.charged.append(charge.card)
        return await super().collect(charge)

    async def save(self, card_id: UUID, token: str) -> domain.Saved | domain.Declined:
        if self.silent:
            raise GatewayAway
        return await super().save(card_id, token)


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Watched:
    fresh = Watched()
    monkeypatch.setattr(gateway, "chosen", lambda: fresh)
    return fresh


@pytest.fixture
def till(house: House, watched: Watched) -> Payments:
    return Payments(house.db)


def keeping(held: Any, **changes: Any) -> rpc.SaveCardRequest:
    asked = {"request_id": str(uuid4()), "invoice_id": invoice_of(held), "token": "pm_card_1"}
    return rpc.SaveCardRequest(**{**asked, "consent": CONSENT, **changes})


def invoice_of(held: Any) -> str:
    return str(domain.invoice_id(UUID(held.series_id)))


async def series(house: House) -> Any:
    held = series_held()
    await house.given(held)
    return held


async def on_file(house: House, till: Payments, held: Any, **changes: Any) -> nouns.Card:
    await house.call(till.SaveCard, keeping(held, **changes))
    await house.run_errands("keep-card")
    return (await listed(house, till, held))[0]


async def listed(house: House, till: Payments, held: Any) -> list[nouns.Card]:
    request = rpc.ListCardsRequest(invoice_id=invoice_of(held))
    return list((await house.call(till.ListCards, request)).cards)


async def with_plan(house: House, till: Payments, held: Any) -> list[UUID]:
    request = rpc.StartPaymentPlanRequest(
        request_id=str(uuid4()),
        invoice_id=invoice_of(held),
        deposit=Money(currency_code="USD", minor_units=90000),
        instalment_count=3,
        days_between=14,
    )
    started = await house.call(till.StartPaymentPlan, request)
    await house.run_errands("collect-payment")
    await house.run_errands("refund-payment")
    return [UUID(one.payment_id) for one in started.plan.instalments]


async def charging(house: House, till: Payments, held: Any, request_id: str = "") -> nouns.Payment:
    request = rpc.ChargeBalanceRequest(
        request_id=request_id or str(uuid4()), invoice_id=invoice_of(held)
    )
    return (await house.call(till.ChargeBalance, request)).payment


async def test_a_card_is_kept_once_with_the_words_agreed_to(
    house: House, till: Payments, watched: Watched
) -> None:
    held = await series(house)
    request = keeping(held)
    first = (await house.call(till.SaveCard, request)).card
    assert (first.status, first.consent) == (nouns.CARD_STATUS_PENDING, CONSENT)
    assert first.HasField("consent_time")
    watched.silent = True
    with pytest.raises(Busy):
        await house.run_errands("keep-card")
    watched.silent = False
    await house.run_errands("keep-card")
    again = (await house.call(till.SaveCard, request)).card
    assert (again.card_id, again.status) == (first.card_id, nouns.CARD_STATUS_SAVED)
    assert await house.count("SELECT count(*) FROM errand WHERE name = 'keep-card'") == 0
    assert len(await listed(house, till, held)) == 1


async def test_instalments_are_taken_from_the_card_and_nothing_else_is(
    house: House, till: Payments, watched: Watched
) -> None:
    held = await series(house)
    card = await on_file(house, till, held)
    name = f"card/{card.card_id}"
    first, second, _ = await with_plan(house, till, held)
    assert watched.charged == [""], "the deposit is paid by the payer"
    await house.meet("collect-instalment", first)
    await house.run_errands("collect-payment")
    assert watched.charged == ["", name]
    removed = rpc.RemoveCardRequest(card_id=card.card_id)
    await house.call(till.RemoveCard, removed)
    await house.meet("collect-instalment", second)
    await house.run_errands("collect-payment")
    assert watched.charged == ["", name, ""]


async def test_a_fee_and_a_balance_are_taken_once(
    house: House, till: Payments, watched: Watched
) -> None:
    held = await series(house)
    await with_plan(house, till, held)
    await on_file(house, till, held)
    await house.given(fee_incurred(held, 1))
    owed = (await balances(house))[1100]
    assert owed > 270000, "the instalments to come, and the fee"
    request_id = str(uuid4())
    asked = await charging(house, till, held, request_id)
    assert asked.purpose == nouns.PAYMENT_PURPOSE_BALANCE
    assert asked.amount.minor_units == owed
    other = await charging(house, till, held)
    await house.run_errands("collect-payment")
    assert (await charging(house, till, held, request_id)).payment_id == asked.payment_id
    await house.run_errands("refund-payment")
    assert 1100 not in await balances(house)
    assert 2100 not in await balances(house), "asked for twice, the second goes back"
    back = "SELECT count(*) FROM payment WHERE status = 'refunded' AND payment_id = ANY($1)"
    both = [UUID(asked.payment_id), UUID(other.payment_id)]
    assert await house.count(back, both) == 1
    assert await house.count("SELECT outstanding_minor_units FROM invoice") == 0
    with pytest.raises(NotAllowed) as refused:
        await charging(house, till, held)
    assert refused.value.reason == "NOTHING_OWED"


async def test_a_card_is_removed_and_forgotten(
    house: House, till: Payments, watched: Watched
) -> None:
    held = await series(house)
    await with_plan(house, till, held)
    card = await on_file(house, till, held)
    request = rpc.RemoveCardRequest(card_id=card.card_id)
    with pytest.raises(NotFound):
        await house.call(till.RemoveCard, request, STRANGER)
    for _ in range(2):
        removed = (await house.call(till.RemoveCard, request)).card
        assert removed.status == nouns.CARD_STATUS_REMOVING
    with pytest.raises(NotAllowed) as refused:
        await charging(house, till, held)
    assert refused.value.reason == "NO_CARD"
    await house.run_errands("keep-card")
    assert watched.bank.forgotten == {f"card/{card.card_id}"}
    assert (await house.call(till.RemoveCard, request)).card.status == nouns.CARD_STATUS_REMOVED
    assert await house.count("SELECT count(*) FROM card WHERE token || reference <> ''") == 0


async def test_a_card_removed_before_it_was_kept_is_forgotten_too(
    house: House, till: Payments, watched: Watched
) -> None:
    held = await series(house)
    card = (await house.call(till.SaveCard, keeping(held))).card
    await house.call(till.RemoveCard, rpc.RemoveCardRequest(card_id=card.card_id))
    await house.run_errands("keep-card")
    assert watched.bank.forgotten == {f"card/{card.card_id}"}
    assert (await listed(house, till, held))[0].status == nouns.CARD_STATUS_REMOVED


async def test_a_card_that_the_bank_refuses_is_not_charged(house: House, till: Payments) -> None:
    held = await series(house)
    await with_plan(house, till, held)
    card = await on_file(house, till, held, token="pm_card_declined")
    assert (card.status, card.reason) == (nouns.CARD_STATUS_REFUSED, "card_declined")
    with pytest.raises(NotAllowed):
        await charging(house, till, held)


async def test_without_consent_nothing_is_kept(house: House, till: Payments) -> None:
    held = await series(house)
    for consent in ("card-on-file/2", "anything/1"):
        with pytest.raises(Invalid) as refused:
            await house.call(till.SaveCard, keeping(held, consent=consent))
        assert refused.value.reason == "CONSENT_MISSING"
    request = keeping(held)
    await house.call(till.SaveCard, request)
    request.token = "pm_another"
    with pytest.raises(AlreadyExists):
        await house.call(till.SaveCard, request)
    with pytest.raises(NotFound):
        await house.call(till.SaveCard, keeping(held), STRANGER)
    assert await house.count("SELECT count(*) FROM card") == 1
