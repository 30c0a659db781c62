"""A card on file: kept with consent, charged for what was agreed, and removed for good."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from chassis.refusal import AlreadyExists, Busy, Invalid, NotAllowed, NotFound
from chassis.testing import House, somebody
from halcyon.billing.v1 import ledger_service_pb2 as ledger
from halcyon.billing.v1 import payment_pb2 as nouns
from halcyon.billing.v1 import payment_service_pb2 as rpc
from halcyon.billing.v1.billing_pb2 import Money
from services.billing import domain, gateway
from services.billing.api import Ledger, Payments
from services.billing.gateway import GatewayAway, Simulator
from services.billing.tests.examples import (
    OTHER_CLINIC,
    fee_incurred,
    infusion_completed,
    series_held,
)
from services.billing.tests.journal import balances

STRANGER = somebody("cashier", clinics=frozenset({OTHER_CLINIC}))
CONSENT = "card-on-file/1"
FEE = 5000
_DUE = "SELECT due_at FROM due WHERE name = $1 AND entity_id = $2"


class Watched(Simulator):
    """Remembers what was charged, and can be silent."""

    def __init__(self) -> None:
        super().__init__()
        self.charged: list[str] = []
        self.silent = self.deaf = self.declines = False

    async def collect(self, charge: domain.Charge) -> domain.Standing:
        self.charged.append(charge.card)
        if self.deaf:
            raise GatewayAway
        if self.declines:
            return domain.Declined("insufficient_funds")
        return await super().collect(charge)

    async def find(self, charge: domain.Charge) -> domain.Standing | domain.NeverAsked:
        if self.deaf:
            raise GatewayAway
        return await super().find(charge)

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
    assert (await balances(house))[1100] == 270000 + FEE
    request_id = str(uuid4())
    asked = await charging(house, till, held, request_id)
    assert asked.purpose == nouns.PAYMENT_PURPOSE_BALANCE
    assert asked.amount.minor_units == FEE, "instalments that are not due yet are left alone"
    await nothing_is_due(house, till, held)
    await house.run_errands("collect-payment")
    assert (await charging(house, till, held, request_id)).payment_id == asked.payment_id
    assert (await balances(house))[1100] == 270000
    assert await house.count("SELECT outstanding_minor_units FROM invoice") == 270000
    await nothing_is_due(house, till, held)
    house.db.travel(timedelta(days=14, minutes=1))
    assert (await charging(house, till, held)).amount.minor_units == 90000
    await house.run_errands("collect-payment")
    assert await house.count("SELECT outstanding_minor_units FROM invoice") == 180000
    request = rpc.ListPaymentsRequest(invoice_id=invoice_of(held))
    listed = (await house.call(till.ListPayments, request)).payments
    assert [one.amount.minor_units for one in listed] == [360000, 90000, FEE, 90000]


async def test_a_balance_that_was_paid_at_the_desk_meanwhile_goes_back(
    house: House, till: Payments
) -> None:
    held = await series(house)
    await with_plan(house, till, held)
    await on_file(house, till, held)
    await house.given(fee_incurred(held, 1))
    await charging(house, till, held)
    at_desk = ledger.RecordBalancePaymentRequest(
        request_id=str(uuid4()),
        invoice_id=invoice_of(held),
        amount=Money(currency_code="USD", minor_units=270000 + FEE),
    )
    await house.call(Ledger(house.db).RecordBalancePayment, at_desk)
    await house.run_errands("collect-payment")
    await house.run_errands("refund-payment")
    assert await balances(house) == {1000: 90000, 1010: 270000 + FEE, 2000: -360000, 4100: -FEE}


async def nothing_is_due(house: House, till: Payments, held: Any) -> None:
    with pytest.raises(NotAllowed) as refused:
        await charging(house, till, held)
    assert refused.value.reason == "NOTHING_OWED"


async def test_an_instalment_that_is_declined_is_asked_for_again_by_the_policy(
    house: House, till: Payments, watched: Watched
) -> None:
    held = await series(house)
    card = await on_file(house, till, held)
    first, *_ = await with_plan(house, till, held)
    watched.declines = True
    moments = []
    for days in (14, 3, 7):
        house.db.travel(timedelta(days=days, minutes=1))
        await house.meet("collect-instalment", first)
        await house.run_errands("collect-payment")
        moments.append(await house.db.fetch(_DUE, "collect-instalment", first))
    name = f"card/{card.card_id}"
    assert watched.charged[1:] == [name] * 3
    now = house.db.clock()
    days_to = [(row[0][0] - now).days for row in moments]
    assert days_to[:2] == [-7 - 1, -1], "after three days, then after seven"
    assert moments[2] == moments[1], "then it is left to people"
    assert await house.db.fetch(_DUE, "remind-of-balance", UUID(invoice_of(held)))
    payments = "SELECT count(*) FROM payment WHERE purpose = 'instalment' AND status = 'failed'"
    assert await house.count(payments) == 3
    await house.meet("remind-of-balance", UUID(invoice_of(held)))
    assert await house.count("SELECT minor_units FROM reminder") == 90000, "only what is due"


async def test_an_instalment_that_comes_at_the_second_try_is_taken_once(
    house: House, till: Payments, watched: Watched
) -> None:
    held = await series(house)
    await on_file(house, till, held)
    first, *_ = await with_plan(house, till, held)
    house.db.travel(timedelta(days=14, minutes=1))
    watched.declines = True
    await house.meet("collect-instalment", first)
    await house.run_errands("collect-payment")
    watched.declines = False
    for _ in range(3):
        house.db.travel(timedelta(days=3))
        await house.meet("collect-instalment", first)
        await house.run_errands("collect-payment")
    assert (await balances(house))[1100] == 180000
    statuses = "SELECT status FROM payment WHERE purpose = 'instalment' ORDER BY attempt"
    assert [row[0] for row in await house.db.fetch(statuses)] == ["failed", "collected"]


async def test_an_instalment_that_nobody_answers_for_is_not_asked_for_again(
    house: House, till: Payments, watched: Watched
) -> None:
    held = await series(house)
    await on_file(house, till, held)
    first, *_ = await with_plan(house, till, held)
    house.db.travel(timedelta(days=14, minutes=1))
    watched.deaf = True
    await house.meet("collect-instalment", first)
    await house.run_errands("collect-payment")
    house.db.travel(timedelta(days=30))
    await house.meet("collect-instalment", first)
    statuses = "SELECT status FROM payment WHERE purpose = 'instalment'"
    assert [row[0] for row in await house.db.fetch(statuses)] == ["unknown"]


async def test_a_paid_fee_stands_on_no_sessions_receipt(
    house: House, till: Payments, watched: Watched
) -> None:
    """The deposit pays for two sessions; the third is delivered on credit, then a fee is paid."""
    held = await series(house)
    await on_file(house, till, held)
    first, *_ = await with_plan(house, till, held)
    await house.given(*(infusion_completed(held, number) for number in (1, 2, 3)))
    assert await receipts(house) == [45000, 45000, 0]
    await house.given(fee_incurred(held, 5))
    await charging(house, till, held)
    await house.run_errands("collect-payment")
    assert await receipts(house) == [45000, 45000, 0]
    house.db.travel(timedelta(days=14, minutes=1))
    await house.meet("collect-instalment", first)
    await house.run_errands("collect-payment")
    assert await receipts(house) == [45000, 45000, 45000]
    await house.given(infusion_completed(held, 4))
    assert await receipts(house) == [45000] * 4
    assert (await balances(house))[1000] == 4 * 45000 + FEE


async def receipts(house: House) -> list[int]:
    """What stands on the newest version of each, the best paid first."""
    newest = await house.db.fetch(
        "SELECT DISTINCT ON (superbill_id) paid_minor_units FROM superbill"
        " ORDER BY superbill_id, version DESC"
    )
    return sorted((row[0] for row in newest), reverse=True)


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
