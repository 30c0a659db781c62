"""The database refuses a journal that does not balance, and any change to what is written."""

import random
from uuid import UUID, uuid4

import pytest

from chassis.mishaps import DatabaseFault
from chassis.testing import House
from services.billing import gateway
from services.billing.domain import Charge, Collected, Declined
from services.billing.gateway import GatewayAway, Simulator
from services.billing.tests.examples import infusion_completed, series_held, series_released

INSERT = """
INSERT INTO journal_entry (entry_id, cause_id, rule, invoice_id, clinic_id, accounts, amounts,
    currency_code, post_time)
SELECT gen_random_uuid(), $1, 'sell_package', invoice_id, clinic_id, $2, $3, 'USD', now()
FROM invoice
"""


@pytest.fixture
async def paid(house: House, monkeypatch: pytest.MonkeyPatch) -> House:
    monkeypatch.setattr(gateway, "chosen", Simulator)
    held = series_held()
    await house.given(held)
    await house.run_errands("collect-payment")
    await house.given(infusion_completed(held, 1))
    return house


async def test_a_balanced_entry_is_taken(paid: House) -> None:
    await paid.db.fetch(INSERT, uuid4(), [1000, 2000], [5, -5])
    await paid.db.fetch(INSERT, uuid4(), [1000, 1010, 2000], [2, 3, -5])


@pytest.mark.parametrize(
    ("accounts", "amounts", "constraint"),
    [
        ([1000, 2000], [5, -4], "journal_entry_balanced"),
        ([1000], [5], "journal_entry_balanced"),
        ([], [], "journal_entry_balanced"),
        ([1000, 2000], [None, None], "journal_entry_balanced"),
        ([1000, 2000, 4000], [5, -5, None], "journal_entry_balanced"),
        ([1000, 2000, 4000], [5, -5], "journal_entry_paired"),
        ([1000, None], [5, -5], "journal_entry_paired"),
        ([[1000, 2000]], [[5, -5]], "journal_entry_paired"),
        ([1000, 2000], [2**63 - 1, 1], "journal_entry_balanced"),
    ],
)
async def test_an_unbalanced_entry_is_refused(
    paid: House, accounts: list[int], amounts: list[int], constraint: str
) -> None:
    with pytest.raises(DatabaseFault) as refused:
        await paid.db.fetch(INSERT, uuid4(), accounts, amounts)
    assert refused.value.constraint == constraint


async def test_a_cause_is_posted_once_by_each_rule(paid: House) -> None:
    ((cause,),) = await paid.db.fetch(
        "SELECT cause_id FROM journal_entry WHERE rule = 'sell_package'"
    )
    with pytest.raises(DatabaseFault) as refused:
        await paid.db.fetch(INSERT, cause, [1000, 2000], [5, -5])
    assert refused.value.constraint == "journal_entry_once"


@pytest.mark.parametrize("table", ["journal_entry", "superbill"])
@pytest.mark.parametrize(
    "change",
    [
        "UPDATE {} SET currency_code = 'EUR'",
        "UPDATE {} SET currency_code = currency_code WHERE false",
        "DELETE FROM {}",
        "TRUNCATE {}",
    ],
)
async def test_what_is_written_stays(paid: House, table: str, change: str) -> None:
    before = await paid.count(f"SELECT count(*) FROM {table}")
    with pytest.raises(DatabaseFault) as refused:
        await paid.as_owner(change.format(table))
    assert refused.value.sqlstate == "23001"
    assert await paid.count(f"SELECT count(*) FROM {table} WHERE currency_code = 'USD'") == before


class Unreliable(Simulator):
    """Answers, forgets to answer, or declines, as the dice fall; the same key always alike."""

    def __init__(self, dice: random.Random) -> None:
        super().__init__()
        self.dice = dice
        self.answers: dict[UUID, Collected | Declined] = {}

    async def collect(self, charge: Charge) -> Collected | Declined:
        fallen = Declined("card_declined") if self.dice.random() < 0.5 else Collected()
        answer = self.answers.setdefault(charge.payment_id, fallen)
        if self.dice.random() < 0.2:
            raise ValueError
        return answer

    async def cancel(self, charge: Charge) -> Collected | Declined:
        return await self.collect(charge)


_DEFERRED = """
SELECT coalesce(sum(CASE WHEN status = 'paid' AND delivered_count < session_count
    THEN total_minor_units - unit_minor_units * delivered_count ELSE 0 END), 0)::bigint FROM invoice
"""
_POSTED = """
SELECT coalesce(sum(amount), 0)::bigint
FROM journal_entry, unnest(accounts, amounts) AS posting (account, amount) WHERE account = $1
"""
_GAPS = """
SELECT count(*) FROM invoice WHERE revision <> (
    SELECT count(*) FROM outbox WHERE entity_id = invoice_id
    AND revision BETWEEN 1 AND invoice.revision)
"""
_LOST = """
SELECT count(*) FROM payment WHERE (status IN ('pending', 'cancelling') AND NOT EXISTS (
    SELECT FROM errand WHERE entity_id = payment_id AND name = 'collect-payment'))
OR (status = 'refund_pending' AND NOT EXISTS (
    SELECT FROM errand WHERE entity_id = payment_id AND name = 'refund-payment'))
"""


@pytest.mark.parametrize("seed", range(4))
async def test_any_history_of_many_series_adds_up(
    house: House, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    dice = random.Random(seed)
    unreliable = Unreliable(dice)
    monkeypatch.setattr(gateway, "chosen", lambda: unreliable)
    held = [series_held(sessions=dice.randint(1, 4)) for _ in range(4)]
    reasons = ["hold_expired", "payment_failed", "referral_cancelled", "paid_too_late"]
    for revision in range(1, 40):
        one = dice.choice(held)
        late = max(1, revision - dice.randint(0, 2))
        one.revision = late
        news = [
            one,
            series_released(one, dice.choice(reasons), revision=late),
            infusion_completed(one, dice.randint(1, len(one.sessions))),
        ]
        heard = dice.sample(news, k=dice.randint(1, 2))
        known = await house.count(
            "SELECT count(*) FROM invoice WHERE revision > 0 AND series_id = $1",
            UUID(one.series_id),
        )
        await house.given(*(fact for fact in heard if known or fact is not news[2]))
        await settle(house, dice)
        assert await house.count(_POSTED, 2000) == -await house.count(_DEFERRED)
        assert await house.count(_GAPS) == await house.count(_LOST) == 0
    assert await house.count("SELECT count(*) FROM journal_entry") > 5


async def settle(house: House, dice: random.Random) -> None:
    for name in dice.sample(["collect-payment", "refund-payment"], k=dice.randint(0, 2)):
        try:
            await house.run_errands(name)
        except Exception as error:
            assert type(error).__name__ == "Busy"  # noqa: PT017


def test_a_gateway_that_is_away_is_a_connection_that_failed() -> None:
    assert issubclass(GatewayAway, ConnectionError)
