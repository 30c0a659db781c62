"""A bank's word reaches the books by itself: a webhook makes us ask, once in effect."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from chassis.refusal import Busy
from chassis.testing import House
from services.billing import gateway, store
from services.billing.gateway import GatewayAway, PaymentGateway, signature
from services.billing.tests import peers
from services.billing.tests.examples import series_held
from services.billing.tests.journal import balances
from services.billing.tests.peers import Peer

UNIT = 45000
PRICE = 4 * UNIT


@pytest.fixture(params=["simulator", "stripe"])
async def peer(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Peer]:
    if request.param == "simulator":
        simulated = peers.Simulated()
        chosen: PaymentGateway = simulated.make()
        monkeypatch.setattr(gateway, "chosen", lambda: chosen)
        yield simulated
        return
    with peers.stand_in() as stripe:
        adapter = stripe.make()
        monkeypatch.setattr(gateway, "chosen", lambda: adapter)
        yield stripe
        await stripe.close()


async def paid(house: House) -> UUID:
    await house.given(series_held(sessions=4))
    await house.run_errands("collect-payment")
    ((payment_id,),) = await house.db.fetch("SELECT payment_id FROM payment")
    return UUID(str(payment_id))


async def tell(house: House, peer: Peer, payment_id: UUID, status: str) -> None:
    """The same event twice, as gateways do."""
    body, header = peer.dispute(payment_id, PRICE, status, house.db.clock())
    for _ in range(2):
        heard = gateway.chosen().webhook(body, {signature.HEADER: header}, house.db.clock())
        async with house.db.transaction() as tx:
            await store.heed(tx, heard)


@pytest.mark.parametrize(
    ("decision", "after"),
    [
        ("won", {1000: PRICE - 1500, 2000: -PRICE, 5000: 1500}),
        ("lost", {1000: -1500, 5000: 1500}),
    ],
)
async def test_a_dispute_is_opened_and_decided_by_webhooks(
    house: House, peer: Peer, decision: str, after: dict[int, int]
) -> None:
    payment_id = await paid(house)
    for _ in range(2):
        await tell(house, peer, payment_id, "needs_response")
        await house.run_errands("examine-disputes")
        assert await balances(house) == {1000: -1500, 2000: -PRICE, 2200: PRICE, 5000: 1500}
    for _ in range(2):
        await tell(house, peer, payment_id, decision)
        await house.run_errands("examine-disputes")
        assert await balances(house) == after
    ((status, reason, fee),) = await house.db.fetch(
        "SELECT status, reason, fee_minor_units FROM dispute"
    )
    assert (status, reason, fee) == (decision, "fraudulent", 1500)


async def test_a_decision_that_overtakes_the_opening_posts_both(house: House, peer: Peer) -> None:
    payment_id = await paid(house)
    await tell(house, peer, payment_id, "lost")
    await house.run_errands("examine-disputes")
    assert await balances(house) == {1000: -1500, 5000: 1500}
    assert await house.count("SELECT unit_minor_units FROM invoice WHERE disputed_minor_units = 0")


async def test_a_gateway_that_is_silent_about_a_dispute_is_asked_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    peer = peers.Simulated()
    adapter = peer.make()
    monkeypatch.setattr(gateway, "chosen", lambda: adapter)
    payment_id = await paid(house)
    await tell(house, peer, payment_id, "needs_response")

    async def silent(_: object) -> object:
        raise GatewayAway

    with monkeypatch.context() as away:
        away.setattr(adapter, "contested", silent)
        with pytest.raises(Busy):
            await house.run_errands("examine-disputes")
    assert await house.count("SELECT count(*) FROM errand WHERE name = 'examine-disputes'") == 1
    await house.run_errands("examine-disputes")
    assert (await balances(house))[2200] == PRICE
