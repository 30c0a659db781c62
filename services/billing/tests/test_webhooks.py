"""Webhooks come twice, in any order, late, replayed or forged: no money moves twice."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest

from chassis.authority import Authority
from chassis.testing import House
from services.billing import gateway, store
from services.billing.api.webhooks import door
from services.billing.domain import Money
from services.billing.gateway import GatewayAway, Simulator, signature
from services.billing.gateway.simulator import webhooks
from services.billing.tests import peers
from services.billing.tests.examples import CLINIC, series_held, series_released

THREE_D_SECURE = 40002
"""Three sessions at this price come to an amount that ends in 06."""


@pytest.fixture
def simulator(monkeypatch: pytest.MonkeyPatch) -> Simulator:
    fresh = Simulator()
    monkeypatch.setattr(gateway, "chosen", lambda: fresh)
    return fresh


Post = Callable[[bytes, str], Awaitable[int]]


@pytest.fixture
async def url(house: House) -> AsyncIterator[str]:
    server = await door(house.db).open("127.0.0.1:0")
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/webhooks"


@pytest.fixture
async def post(url: str) -> AsyncIterator[Post]:
    async with httpx.AsyncClient() as client:

        async def posting(body: bytes, header: str) -> int:
            return (
                await client.post(url, content=body, headers={"Stripe-Signature": header})
            ).status_code

        yield posting


async def waiting(house: House) -> UUID:
    """A payment that waits for its payer."""
    async with house.db.transaction() as tx:
        await store.set_price(tx, CLINIC, Money(THREE_D_SECURE))
    await house.given(series_held(sessions=3))
    await house.run_errands("collect-payment")
    return await only_payment(house, "action_needed")


async def only_payment(house: House, status: str) -> UUID:
    ((payment_id, found),) = await house.db.fetch("SELECT payment_id, status FROM payment")
    assert found == status
    return UUID(str(payment_id))


async def captures(house: House) -> int:
    return await house.count("SELECT count(*) FROM journal_entry WHERE rule = 'sell_package'")


async def asked(house: House) -> list[str]:
    return [row[0] for row in await house.db.fetch("SELECT name FROM errand")]


async def test_the_payer_confirms_and_the_webhook_comes_twice_and_out_of_order(
    house: House, simulator: Simulator, post: Post
) -> None:
    payment_id = await waiting(house)
    kinds = ("payment.created", "payer.confirmed", "payment.collected")
    for body, header in webhooks(payment_id, house.db.clock(), *kinds):
        assert await post(body, header) == 200
    assert await house.count("SELECT count(*) FROM webhook") == 3
    assert await asked(house) == ["reconcile-payment"]
    await house.run_errands("reconcile-payment")
    await only_payment(house, "collected")
    assert await captures(house) == 1
    for body, header in webhooks(payment_id, house.db.clock(), *kinds):
        assert await post(body, header) == 200
    assert await asked(house) == []
    names = [type(fact).__name__ for fact in await house.stated()]
    assert names == ["EstimateIssued", "PaymentRequested", "PaymentCollected"]


async def test_many_at_once_ask_once(house: House, simulator: Simulator, post: Post) -> None:
    payment_id = await waiting(house)
    ((body, header), *_) = webhooks(payment_id, house.db.clock(), "payer.confirmed")
    assert set(await asyncio.gather(*(post(body, header) for _ in range(20)))) <= {200, 503}
    assert await house.count("SELECT count(*) FROM webhook") == 1
    assert await asked(house) == ["reconcile-payment"]


async def test_a_webhook_is_never_believed_only_asked_about(
    house: House, simulator: Simulator, post: Post
) -> None:
    payment_id = await waiting(house)
    for body, header in webhooks(payment_id, house.db.clock(), "payment.collected"):
        assert await post(body, header) == 200
    await house.run_errands("reconcile-payment")
    await only_payment(house, "action_needed")
    assert await captures(house) == 0


async def test_a_refusal_by_the_payer_fails_the_payment(
    house: House, simulator: Simulator, post: Post
) -> None:
    payment_id = await waiting(house)
    for body, header in webhooks(payment_id, house.db.clock(), "payer.refused"):
        await post(body, header)
    await house.run_errands("reconcile-payment")
    await only_payment(house, "failed")
    assert (await house.stated())[-1].reason == "authentication_failed"


@pytest.mark.parametrize(
    "secret", ["", "whsec_guessed"], ids=["unsigned", "signed by somebody else"]
)
async def test_a_forged_webhook_changes_nothing(
    house: House, simulator: Simulator, post: Post, secret: str
) -> None:
    payment_id = await waiting(house)
    ((body, _), *_) = webhooks(payment_id, house.db.clock(), "payer.confirmed")
    header = signature.sign(body, secret, house.db.clock()) if secret else ""
    assert await post(body, header) == 400
    assert await house.count("SELECT count(*) FROM webhook") == 0
    assert await asked(house) == []
    assert simulator.bank.ended == {}


async def test_a_replay_after_five_minutes_changes_nothing(
    house: House, simulator: Simulator, post: Post
) -> None:
    payment_id = await waiting(house)
    old = house.db.clock() - timedelta(minutes=5, seconds=2)
    for body, header in webhooks(payment_id, old, "payer.confirmed"):
        assert await post(body, header) == 400
    assert await house.count("SELECT count(*) FROM webhook") == 0


async def test_news_of_a_payment_we_do_not_know_is_kept_and_nothing_more(
    house: House, simulator: Simulator, post: Post
) -> None:
    for body, header in webhooks(uuid4(), house.db.clock(), "payment.collected"):
        assert await post(body, header) == 200
    assert await house.count("SELECT count(*) FROM webhook") == 1
    assert await asked(house) == []


async def test_a_lost_webhook_is_made_up_for(house: House, simulator: Simulator) -> None:
    payment_id = await waiting(house)
    ((body, header), *_) = webhooks(payment_id, datetime.now(UTC), "payer.confirmed")
    simulator.webhook(body, {signature.HEADER: header}, datetime.now(UTC))
    await house.meet("chase-payment", payment_id)
    await house.run_errands("reconcile-payment")
    await only_payment(house, "collected")
    await house.meet("chase-payment", payment_id)
    assert await asked(house) == []


async def test_a_payer_who_does_not_act_is_asked_after_again(
    house: House, simulator: Simulator
) -> None:
    payment_id = await waiting(house)
    assert await house.count("SELECT count(*) FROM due WHERE name = 'chase-payment'") == 1
    await house.meet("chase-payment", payment_id)
    await house.run_errands("reconcile-payment")
    await only_payment(house, "action_needed")
    assert await asked(house) == []
    assert await house.count("SELECT count(*) FROM due WHERE name = 'chase-payment'") == 1


async def test_a_payment_called_off_while_the_payer_thinks_is_never_taken(
    house: House, simulator: Simulator, post: Post
) -> None:
    payment_id = await waiting(house)
    ((series_id,),) = await house.db.fetch("SELECT series_id FROM invoice")
    held = series_held(UUID(str(series_id)), sessions=3)
    await house.given(series_released(held, "hold_expired"))
    await house.run_errands("collect-payment")
    await only_payment(house, "cancelled")
    for body, header in webhooks(payment_id, house.db.clock(), "payer.confirmed"):
        await post(body, header)
    assert await asked(house) == []
    assert await captures(house) == 0


async def test_where_there_are_papers_the_door_opens_to_papers_only(
    house: House, simulator: Simulator, tmp_path: Path
) -> None:
    authority = Authority(tmp_path)
    papers = authority.papers("billing")
    server = await door(house.db).open("127.0.0.1:0", papers)
    url = f"https://localhost:{server.sockets[0].getsockname()[1]}/webhooks"
    ours, nobody = authority.papers("door/ingress").dialling(), ssl.create_default_context()
    nobody.load_verify_locations(papers.authority)
    async with server, httpx.AsyncClient(verify=ours) as ingress:
        assert (await ingress.post(url, content=b"{}")).status_code == 400
        for stranger, where in ((nobody, url), (ours, url.replace("https", "http"))):
            async with httpx.AsyncClient(verify=stranger) as client:
                with pytest.raises((httpx.TransportError, ssl.SSLError)):
                    await client.post(where, content=b"{}")


async def test_a_webhook_overtakes_the_answer_it_speaks_of(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Silent(Simulator):
        async def find(self, charge: object) -> object:  # type: ignore[override]
            if not told:
                raise GatewayAway
            return await super().find(charge)  # type: ignore[arg-type]

    told: list[int] = []
    silent = Silent()
    monkeypatch.setattr(gateway, "chosen", lambda: silent)
    async with house.db.transaction() as tx:
        await store.set_price(tx, CLINIC, Money(40041))
    await house.given(series_held(sessions=5))
    await house.run_errands("collect-payment")
    payment_id = await only_payment(house, "unknown")
    now = house.db.clock()
    told.append(1)
    server = await door(house.db).open("127.0.0.1:0")
    async with server, httpx.AsyncClient() as client:
        port = server.sockets[0].getsockname()[1]
        for body, header in webhooks(payment_id, now, "payment.collected"):
            await client.post(
                f"http://127.0.0.1:{port}/webhooks",
                content=body,
                headers={signature.HEADER: header},
            )
    await house.run_errands("reconcile-payment")
    await only_payment(house, "collected")
    assert await captures(house) == 1


async def test_stripe_sends_its_own_and_they_end_in_one_capture(
    house: House, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with peers.stand_in() as stripe:
        adapter = stripe.connect()
        monkeypatch.setattr(gateway, "chosen", lambda: adapter)
        await house.given(series_held(sessions=3))
        await house.run_errands("collect-payment")
        payment_id = await only_payment(house, "action_needed")
        stripe.confirm(payment_id, accepted=True)
        sent = await asyncio.to_thread(
            stripe.post, "/test/webhooks", payment_id=str(payment_id), url=url
        )
        assert sent == {"statuses": [200] * 6}
        assert await house.count("SELECT count(*) FROM webhook") == 3
        await house.run_errands("reconcile-payment")
        await only_payment(house, "collected")
        assert await captures(house) == stripe.taken(payment_id) == 1
        await stripe.close()


POSTED = b"POST /webhooks HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n"


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"GET /webhooks HTTP/1.1\r\nhost: x\r\n\r\n", b"405"),
        (b"POST /else HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n", b"404"),
        (b"nonsense\r\n\r\n", b"400"),
        (POSTED % 999_999 + b"x" * 300_000, b"413"),
        (POSTED % 2 + b"{}", b"400"),
    ],
)
async def test_the_door_answers_nothing_else(
    house: House, simulator: Simulator, url: str, request_bytes: bytes, status: bytes
) -> None:
    port = int(url.rpartition(":")[2].split("/")[0])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request_bytes)
    answer = await reader.readline()
    writer.close()
    assert answer.split()[1] == status
