"""What billing states and keeps when others speak, on a real database."""

from collections import Counter
from collections.abc import Callable
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from chassis.refusal import Busy, Reject
from chassis.testing import House
from services.billing import domain, gateway, store
from services.billing.domain import Charge, Collected, Declined, Refunded, Standing
from services.billing.gateway import GatewayAway, PaymentGateway, Simulator
from services.billing.tests.examples import (
    fee_incurred,
    infusion_completed,
    series_held,
    series_released,
)

UNIT, TOTAL = 45000, 360000


class Scripted(Simulator):
    """A gateway that says what a test wants; it counts what it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.outcome: Standing | Exception = Collected()
        self.found: Standing | domain.NeverAsked | Exception | None = None
        self.cancel_outcome: Collected | domain.Cancelled = domain.Cancelled()
        self.asked: list[tuple[str, UUID, int]] = []

    async def collect(self, charge: Charge) -> Standing:
        return self._answer("collect", charge)

    async def find(self, charge: Charge) -> Standing | domain.NeverAsked:
        if self.found is None:
            return self._answer("find", charge)
        self._note("find", charge)
        if isinstance(self.found, Exception):
            raise self.found
        return self.found

    async def cancel(self, charge: Charge) -> Collected | Declined | domain.Cancelled:
        self._note("cancel", charge)
        return self.cancel_outcome

    async def refund(self, charge: Charge) -> Refunded | Declined:
        self._answer("refund", charge)
        return Refunded()

    def _answer(self, verb: str, charge: Charge) -> Standing:
        self._note(verb, charge)
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome

    def _note(self, verb: str, charge: Charge) -> None:
        self.asked.append((verb, charge.payment_id, charge.amount.minor_units))

    def times(self, verb: str) -> int:
        return sum(asked[0] == verb for asked in self.asked)


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> Scripted:
    script = Scripted()

    def chosen() -> PaymentGateway:
        return script

    monkeypatch.setattr(gateway, "chosen", chosen)
    return script


@pytest.fixture(autouse=True)
def simulator(monkeypatch: pytest.MonkeyPatch) -> None:
    fresh = Simulator()
    monkeypatch.setattr(gateway, "chosen", lambda: fresh)


def names(facts: list[object]) -> list[str]:
    return [type(fact).__name__ for fact in facts]


async def status(house: House) -> str:
    ((found,),) = await house.db.fetch("SELECT status FROM invoice")
    return str(found)


async def payment_statuses(house: House) -> list[str]:
    return [row[0] for row in await house.db.fetch("SELECT status FROM payment ORDER BY attempt")]


async def balances(house: House) -> dict[int, int]:
    found = await house.db.fetch(
        "SELECT account, sum(amount)::bigint FROM journal_entry,"
        " unnest(accounts, amounts) AS posting (account, amount) GROUP BY account"
    )
    return {row[0]: row[1] for row in found if row[1]}


async def errands(house: House) -> list[str]:
    return [row[0] for row in await house.db.fetch("SELECT name FROM errand ORDER BY name")]


async def test_a_held_series_is_estimated_and_its_payment_asked_for(house: House) -> None:
    held = series_held()
    await house.given(held)
    estimated, asked = await house.stated()
    assert (estimated.revision, asked.revision) == (1, 2)
    assert estimated.invoice_id == asked.invoice_id
    assert estimated.minor_units == asked.minor_units == TOTAL
    assert estimated.issue_time == asked.request_time
    assert await status(house) == "issued"
    assert await errands(house) == ["collect-payment"]


async def test_the_same_fact_twice_states_nothing_new(house: House) -> None:
    held = series_held()
    await house.given(held, held)
    await house.given(held)
    assert len(await house.stated()) == 2


async def test_a_payment_is_collected_once(house: House, scripted: Scripted) -> None:
    await house.given(series_held())
    await house.run_errands("collect-payment")
    *_, collected = await house.stated()
    assert (type(collected).__name__, collected.revision) == ("PaymentCollected", 3)
    assert collected.minor_units == TOTAL
    assert await status(house) == "paid"
    assert await balances(house) == {1000: TOTAL, 2000: -TOTAL}
    assert await errands(house) == []
    payment_id = UUID(collected.payment_id)
    await house.db.fetch(
        "INSERT INTO errand (name, entity_id, asked_at, leased_until)"
        " VALUES ('collect-payment', $1, now(), now())",
        payment_id,
    )
    await house.run_errands("collect-payment")
    assert await house.stated() == []
    assert scripted.times("collect") == 1


@pytest.mark.parametrize(
    ("price", "reason"), [(40034, "card_declined"), (40068, "insufficient_funds")]
)
async def test_a_declined_payment_fails(house: House, price: int, reason: str) -> None:
    held = series_held(sessions=3)
    await set_price(house, UUID(held.clinic_id), price)
    await house.given(held)
    await house.run_errands("collect-payment")
    *_, failed = await house.stated()
    assert (type(failed).__name__, failed.reason) == ("PaymentFailed", reason)
    assert await status(house) == "payment_failed"
    assert await errands(house) == []
    assert await balances(house) == {}


async def test_a_timeout_that_did_charge_is_asked_again_and_collected(house: House) -> None:
    held = series_held(sessions=5)
    await set_price(house, UUID(held.clinic_id), 40041)
    await house.given(held)
    await house.run_errands("collect-payment")
    assert names(await house.stated())[-1] == "PaymentCollected"
    assert await balances(house) == {1000: 200205, 2000: -200205}


async def test_an_unknown_outcome_is_asked_about_until_it_is_known(
    house: House, scripted: Scripted
) -> None:
    await house.given(series_held())
    scripted.outcome = GatewayAway()
    await house.run_errands("collect-payment")
    assert await payment_statuses(house) == ["unknown"]
    assert await status(house) == "issued"
    assert await errands(house) == ["reconcile-payment"]
    with pytest.raises(Busy):
        await house.run_errands("reconcile-payment")
    assert await errands(house) == ["reconcile-payment"]
    scripted.found = Collected("pi_1")
    await house.run_errands("reconcile-payment")
    assert await status(house) == "paid"
    assert await errands(house) == []
    assert scripted.times("collect") == 1
    assert len({asked[1:] for asked in scripted.asked}) == 1


async def test_a_key_that_never_arrived_is_used_again_only_while_it_is_remembered(
    house: House, scripted: Scripted
) -> None:
    await house.given(series_held())
    scripted.outcome, scripted.found = GatewayAway(), domain.NeverAsked()
    await house.run_errands("collect-payment")
    with pytest.raises(Busy):
        await house.run_errands("reconcile-payment")
    assert scripted.times("collect") == 2
    house.db.travel(scripted.key_window)
    await house.run_errands("reconcile-payment")
    assert scripted.times("collect") == 2
    assert await status(house) == "payment_failed"
    assert names(await house.stated())[-1] == "PaymentFailed"
    assert await balances(house) == {}


async def test_a_release_that_overtakes_a_silence_is_still_called_off(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = series_held()
    await house.given(held)

    class SilentMeanwhile(Simulator):
        async def collect(self, charge: Charge) -> Standing:
            await house.given(series_released(held, "hold_expired"))
            raise GatewayAway

        async def find(self, charge: Charge) -> Standing:
            raise GatewayAway

    monkeypatch.setattr(gateway, "chosen", SilentMeanwhile)
    with pytest.raises(Busy):
        await house.run_errands("collect-payment")
    assert await payment_statuses(house) == ["cancelling"]
    assert await errands(house) == ["collect-payment"]


async def test_what_is_known_is_kept_when_the_rest_of_the_batch_is_not(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = [series_held() for _ in range(3)]
    await house.given(*held)
    lost = domain.payment_id(domain.invoice_id(UUID(held[1].series_id)), 1)

    class OneIsLost(Simulator):
        async def collect(self, charge: Charge) -> Standing:
            if charge.payment_id == lost:
                raise ValueError("a bug in an adapter")
            return await super().collect(charge)

    monkeypatch.setattr(gateway, "chosen", OneIsLost)
    await house.run_errands("collect-payment")
    assert await house.count("SELECT count(*) FROM invoice WHERE status = 'paid'") == 2
    assert await errands(house) == ["reconcile-payment"]


async def test_an_unpaid_series_released_is_void_and_its_payment_called_off(
    house: House, scripted: Scripted
) -> None:
    held = series_held()
    await house.given(held)
    await house.given(series_released(held, "hold_expired"))
    assert await status(house) == "void"
    await house.run_errands("collect-payment")
    assert [asked[0] for asked in scripted.asked] == ["cancel"]
    assert await errands(house) == []
    assert names(await house.stated()) == ["EstimateIssued", "PaymentRequested"]
    assert await balances(house) == {}


async def test_held_and_released_in_one_batch_never_reaches_the_gateway(
    house: House, scripted: Scripted
) -> None:
    held = series_held()
    await house.given(held, series_released(held, "hold_expired"))
    await house.run_errands("collect-payment")
    assert scripted.asked == []
    assert await status(house) == "void"
    assert await house.count("SELECT count(*) FROM payment WHERE status = 'cancelled'") == 1


async def test_money_that_came_anyway_is_recorded_and_goes_back_when_refused(
    house: House, scripted: Scripted
) -> None:
    held = series_held()
    scripted.cancel_outcome = Collected()
    await house.given(held)
    await house.given(series_released(held, "hold_expired"))
    await house.run_errands("collect-payment")
    *_, collected = await house.stated()
    assert type(collected).__name__ == "PaymentCollected"
    assert await status(house) == "paid"
    await house.given(series_released(held, "paid_too_late", revision=3))
    assert await status(house) == "refund_pending"
    assert await balances(house) == {1000: TOTAL, 2100: -TOTAL}
    await house.run_errands("refund-payment")
    (refunded,) = await house.stated()
    assert (type(refunded).__name__, refunded.minor_units) == ("PaymentRefunded", TOTAL)
    assert refunded.revision == collected.revision + 1
    assert await status(house) == "refunded"
    assert await balances(house) == {}
    assert await errands(house) == []


async def test_a_release_that_overtakes_the_collection_meets_it(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = series_held()
    await house.given(held)

    class ReleasedMeanwhile(Simulator):
        async def collect(self, charge: Charge) -> Standing:
            await house.given(series_released(held, "hold_expired"))
            return await super().collect(charge)

    monkeypatch.setattr(gateway, "chosen", ReleasedMeanwhile)
    await house.run_errands("collect-payment")
    assert names(await house.stated())[-1] == "PaymentCollected"
    assert await status(house) == "paid"
    assert await errands(house) == []


async def test_older_news_of_a_series_is_ignored(house: House) -> None:
    held = series_held(revision=3)
    await house.given(held)
    await house.given(series_released(held, "hold_expired", revision=2))
    assert await status(house) == "issued"


async def test_a_release_heard_before_its_hold_leaves_nothing_to_pay(house: House) -> None:
    held = series_held()
    await house.given(series_released(held, "referral_cancelled"))
    await house.given(held)
    assert await house.stated() == []
    assert await errands(house) == []
    again = series_held(UUID(held.series_id), revision=3)
    await house.given(again)
    assert [fact.revision for fact in await house.stated()] == [1, 2]


async def test_a_series_held_again_is_paid_by_a_new_attempt(
    house: House, scripted: Scripted
) -> None:
    held = series_held()
    scripted.outcome = Declined("card_declined")
    await house.given(held)
    await house.run_errands("collect-payment")
    await house.given(series_released(held, "payment_failed"))
    scripted.outcome = Collected()
    await house.given(series_held(UUID(held.series_id), revision=3))
    await house.run_errands("collect-payment")
    facts = await house.stated()
    assert names(facts) == [
        "EstimateIssued",
        "PaymentRequested",
        "PaymentFailed",
        "EstimateIssued",
        "PaymentRequested",
        "PaymentCollected",
    ]
    assert [fact.revision for fact in facts] == [1, 2, 3, 4, 5, 6]
    assert facts[1].payment_id != facts[4].payment_id == facts[5].payment_id
    assert await balances(house) == {1000: TOTAL, 2000: -TOTAL}


async def test_a_paid_series_held_again_is_not_charged_again(house: House) -> None:
    held = series_held()
    await house.given(held)
    await house.run_errands("collect-payment")
    await house.stated()
    await house.given(series_held(UUID(held.series_id), revision=4))
    assert await house.stated() == []


async def test_a_delivered_session_is_earned_once_and_billed(house: House) -> None:
    held = series_held()
    await house.given(held)
    await house.run_errands("collect-payment")
    await house.stated()
    done = infusion_completed(held, 1)
    await house.given(done)
    await house.given(done)
    (bill,) = await house.stated()
    assert list(bill.procedure_codes) == ["96365", "J3490"]
    assert (bill.minor_units, bill.revision) == (UNIT, 4)
    assert await balances(house) == {1000: TOTAL, 2000: -(TOTAL - UNIT), 4000: -UNIT}


async def test_after_the_last_session_nothing_is_deferred(house: House) -> None:
    held = series_held()
    await house.given(held)
    await house.run_errands("collect-payment")
    await house.given(*(infusion_completed(held, number) for number in range(1, 9)))
    assert await balances(house) == {1000: TOTAL, 4000: -TOTAL}
    await house.given(series_released(held, "referral_cancelled"))
    assert await status(house) == "paid"


async def test_only_what_was_not_delivered_goes_back(house: House) -> None:
    held = series_held()
    await house.given(held)
    await house.run_errands("collect-payment")
    await house.given(infusion_completed(held, 1), infusion_completed(held, 2))
    await house.given(series_released(held, "referral_cancelled"))
    await house.run_errands("refund-payment")
    refunded = (await house.stated())[-1]
    assert refunded.minor_units == 6 * UNIT
    assert await balances(house) == {1000: 2 * UNIT, 4000: -2 * UNIT}


async def test_a_session_corrected_gets_a_new_version_of_its_superbill(house: House) -> None:
    held = series_held()
    await house.given(held)
    await house.run_errands("collect-payment")
    await house.given(infusion_completed(held, 1))
    await house.given(infusion_completed(held, 1, minutes=10, revision=3))
    first, second = (await house.stated())[-2:]
    assert first.superbill_id == second.superbill_id
    assert list(second.procedure_codes) == ["96374", "J3490"]
    assert await house.count("SELECT max(version) FROM superbill") == 2
    assert await house.count("SELECT count(*) FROM journal_entry") == 2


async def test_a_session_of_an_unknown_series_comes_again_later(house: House) -> None:
    with pytest.raises(Busy):
        await house.given(infusion_completed(series_held(), 1))


@pytest.mark.parametrize("field", ["series_id", "referral_id", "patient_id", "clinic_id"])
async def test_a_fact_that_makes_no_sense_is_rejected(house: House, field: str) -> None:
    held = series_held()
    setattr(held, field, "not an id")
    with pytest.raises(Reject):
        await house.given(held)
    with pytest.raises(Reject):
        await house.given(series_held(sessions=0))
    assert await house.stated() == []


async def test_a_batch_of_many_takes_as_many_questions_as_one(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: Counter[str] = Counter()
    for verb in ("fetch", "fetchrow", "fetchval", "execute", "executemany"):
        monkeypatch.setattr(asyncpg.Connection, verb, counting(asked, verb))

    async def questions(count: int) -> int:
        asked.clear()
        held = [series_held() for _ in range(count)]
        await house.given(*held)
        await house.run_errands("collect-payment")
        await house.given(*(infusion_completed(one, 1) for one in held))
        await house.given(*(fee_incurred(one, 2) for one in held))
        await house.given(*(series_released(one, "referral_cancelled") for one in held))
        return asked.total()

    few = await questions(2)
    assert few == await questions(50)


def counting(asked: "Counter[str]", verb: str) -> Callable[..., Any]:
    real = getattr(asyncpg.Connection, verb)

    def counted(*arguments: Any, **options: Any) -> Any:
        asked[verb] += 1
        return real(*arguments, **options)

    return counted


async def set_price(house: House, clinic_id: UUID, minor_units: int) -> None:
    async with house.db.transaction() as tx:
        await store.set_price(tx, clinic_id, domain.Money(minor_units))
