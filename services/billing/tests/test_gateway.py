"""What any adapter of the payment port must do; an adapter joins by joining the peers."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from stripe import WebhookSignature

from services.billing.domain import (
    ActionNeeded,
    Cancelled,
    Charge,
    Collected,
    Declined,
    Money,
    NeverAsked,
    Refunded,
    Saved,
)
from services.billing.gateway import Forged, GatewayAway, signature
from services.billing.tests import peers, stripe_stand_in
from services.billing.tests.examples import NOW
from services.billing.tests.peers import Peer, StandIn

DECLINED = [(120102, {"card_declined", "generic_decline"}), (120204, {"insufficient_funds"})]
ENDED = (Collected, Declined, Cancelled)


@pytest.fixture(scope="module")
def process() -> Iterator[StandIn]:
    with peers.stand_in() as started:
        yield started


@pytest.fixture
async def stand_in(process: StandIn) -> AsyncIterator[StandIn]:
    yield process
    await process.close()


@pytest.fixture(params=["simulator", "stripe"])
def peer(request: pytest.FixtureRequest, stand_in: StandIn) -> Peer:
    return stand_in if request.param == "stripe" else peers.Simulated()


def charge(minor_units: int = 360000, payment_id: UUID | None = None) -> Charge:
    return Charge(payment_id or uuid4(), Money(minor_units))


async def test_money_is_collected(peer: Peer) -> None:
    asked = charge()
    assert isinstance(await peer.make().collect(asked), Collected)
    assert peer.taken(asked.payment_id) == 1


@pytest.mark.parametrize(("minor_units", "reasons"), DECLINED)
async def test_money_is_declined_for_a_coded_reason(
    peer: Peer, minor_units: int, reasons: set[str]
) -> None:
    asked = charge(minor_units)
    answer = await peer.make().collect(asked)
    assert isinstance(answer, Declined)
    assert answer.reason in reasons
    assert peer.taken(asked.payment_id) == 0


@pytest.mark.parametrize("minor_units", [360000, 120102, 120204])
async def test_the_same_key_has_the_same_answer_in_every_process(
    peer: Peer, minor_units: int
) -> None:
    asked, adapter = charge(minor_units), peer.make()
    answers = [await adapter.collect(asked), await adapter.collect(asked)]
    answers += [await peer.make().collect(asked)]
    assert len(set(answers)) == 1
    assert peer.taken(asked.payment_id) <= 1


async def test_fifty_at_once_with_one_key_take_the_money_once(peer: Peer) -> None:
    asked, adapter = charge(), peer.make()
    answers = await asyncio.gather(*(adapter.collect(asked) for _ in range(50)))
    assert len(set(answers)) == 1
    assert isinstance(answers[0], Collected)
    assert peer.taken(asked.payment_id) == 1


async def test_a_timeout_that_did_charge_is_found_out_without_charging_again(peer: Peer) -> None:
    asked, adapter = charge(120205), peer.make()
    with pytest.raises(GatewayAway):
        await adapter.collect(asked)
    assert isinstance(await adapter.find(asked), Collected)
    assert isinstance(await adapter.collect(asked), Collected)
    assert isinstance(await peer.make().cancel(asked), Collected)
    assert peer.taken(asked.payment_id) == 1


async def test_what_was_answered_is_found_again(peer: Peer) -> None:
    for minor_units in (360000, 120102, 120206):
        asked = charge(minor_units)
        answer = await peer.make().collect(asked)
        found = await peer.make().find(asked)
        assert type(found) is type(answer)


async def test_a_key_never_used_is_told_as_such_or_counted_as_used(peer: Peer) -> None:
    found = await peer.make().find(charge())
    assert isinstance(found, NeverAsked if peer.remembers else Collected)


@pytest.mark.parametrize("minor_units", [360000, 120102])
async def test_what_was_answered_cannot_be_cancelled(peer: Peer, minor_units: int) -> None:
    asked = charge(minor_units)
    collected = await peer.make().collect(asked)
    cancelled = await peer.make().cancel(asked)
    assert isinstance(cancelled, Collected) == isinstance(collected, Collected)
    assert peer.taken(asked.payment_id) == isinstance(collected, Collected)


async def test_a_key_never_used_is_cancelled_for_good_or_counted_as_used(peer: Peer) -> None:
    asked, adapter = charge(), peer.make()
    answer = await adapter.cancel(asked)
    assert isinstance(answer, Cancelled if peer.remembers else Collected)
    assert await peer.make().cancel(asked) == answer
    assert await peer.make().collect(asked) == answer
    assert peer.taken(asked.payment_id) == (0 if peer.remembers else 1)


async def test_strong_authentication_waits_for_the_payer(peer: Peer) -> None:
    asked, adapter = charge(120206), peer.make()
    waiting = await adapter.collect(asked)
    assert isinstance(waiting, ActionNeeded)
    assert waiting.action
    assert await adapter.collect(asked) == waiting
    assert await adapter.find(asked) == waiting
    assert peer.taken(asked.payment_id) == 0
    peer.confirm(asked.payment_id, accepted=True)
    assert isinstance(await peer.make().find(asked), Collected)


async def test_a_payer_who_fails_authentication_pays_nothing(peer: Peer) -> None:
    asked = charge(120206)
    await peer.make().collect(asked)
    peer.confirm(asked.payment_id, accepted=False)
    assert await peer.make().find(asked) == Declined("authentication_failed")
    assert peer.taken(asked.payment_id) == 0


async def test_a_payer_who_has_not_acted_can_be_called_off(peer: Peer) -> None:
    asked = charge(120206)
    await peer.make().collect(asked)
    assert await peer.make().cancel(asked) == Cancelled()
    assert not isinstance(await peer.make().find(asked), Collected | ActionNeeded)


async def test_each_part_goes_back_once_however_often_it_is_asked(peer: Peer) -> None:
    asked = charge()
    collected = await peer.make().collect(asked)
    assert isinstance(collected, Collected)
    for key in (uuid4(), uuid4()):
        back = Charge(asked.payment_id, Money(180000), collected.reference, key)
        for _ in range(2):
            assert await peer.make().refund(back) == Refunded()


async def test_a_signed_webhook_names_its_payment(peer: Peer) -> None:
    payment_id = uuid4()
    body, header = peer.webhook(payment_id)
    read = peer.make().webhook(body, {signature.HEADER: header}, NOW)
    assert read.payment_id == payment_id
    assert read.event_id
    assert read.gateway == peer.make().name


LATE = NOW + timedelta(minutes=5, seconds=1)


async def on_file(peer: Peer) -> str:
    saved = await peer.make().save(uuid4(), f"pm_{uuid4().hex}")
    assert isinstance(saved, Saved)
    return saved.reference


async def test_a_card_on_file_pays_while_nobody_is_there(peer: Peer) -> None:
    asked = Charge(uuid4(), Money(90000), card=await on_file(peer))
    for _ in range(2):
        assert isinstance(await peer.make().collect(asked), Collected)
    assert peer.taken(asked.payment_id) == 1


async def test_the_same_card_is_kept_once(peer: Peer) -> None:
    card_id, token = uuid4(), f"pm_{uuid4().hex}"
    first, again = [await peer.make().save(card_id, token) for _ in range(2)]
    assert isinstance(first, Saved)
    assert first == again


async def test_a_bad_card_is_not_kept(peer: Peer) -> None:
    refused = await peer.make().save(uuid4(), f"pm_{uuid4().hex}_declined")
    assert isinstance(refused, Declined)
    assert refused.reason in {"card_declined", "generic_decline"}


async def test_a_card_that_was_removed_pays_no_more(peer: Peer) -> None:
    card = await on_file(peer)
    for _ in range(2):
        await peer.make().forget(card)
    asked = Charge(uuid4(), Money(90000), card=card)
    assert await peer.make().collect(asked) == Declined("card_removed")
    assert peer.taken(asked.payment_id) == 0


async def test_a_bank_that_wants_the_payer_declines_the_card_on_file(peer: Peer) -> None:
    asked = Charge(uuid4(), Money(90006), card=await on_file(peer))
    assert await peer.make().collect(asked) == Declined("authentication_required")
    assert peer.taken(asked.payment_id) == 0


async def test_a_forged_webhook_is_refused(peer: Peer) -> None:
    body, header = peer.webhook(uuid4())
    other, other_header = peer.webhook(uuid4())
    moment = header.partition(",")[0]
    for bad_body, bad_header, at in (
        (body, "", NOW),
        (body, "nonsense", NOW),
        (body, moment, NOW),
        (body, f"{moment},v1=", NOW),
        (body, f"{moment},v1=é", NOW),
        (body, "t=\u0661,v1=00", NOW),
        (body, other_header, NOW),
        (other, header, NOW),
        (body + b" ", header, NOW),
        (body, signature.sign(body, "whsec_guessed", NOW), NOW),
        (body, header, LATE),
    ):
        with pytest.raises(Forged):
            peer.make().webhook(bad_body, {signature.HEADER: bad_header}, at)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b'{"id": 1, "type": "x"}', b"null"])
async def test_a_signed_webhook_that_makes_no_sense_is_refused(peer: Peer, body: bytes) -> None:
    secrets = {"simulator": "whsec_simulator", "stripe": stripe_stand_in.WEBHOOK_SECRET}
    header = signature.sign(body, secrets[peer.make().name], NOW)
    with pytest.raises(Forged):
        peer.make().webhook(body, {signature.HEADER: header}, NOW)


def test_our_signatures_are_those_of_stripe() -> None:
    header = signature.sign(b'{"id": "evt"}', "whsec_x", NOW)
    assert WebhookSignature.verify_header('{"id": "evt"}', header, "whsec_x")
    ours = WebhookSignature._compute_signature(f"{int(NOW.timestamp())}.body", "whsec_x")
    assert signature.sign(b"body", "whsec_x", NOW).endswith(ours)


async def test_stripe_makes_one_intent_for_each_payment(stand_in: StandIn) -> None:
    asked = charge()
    await asyncio.gather(*(stand_in.make().collect(asked) for _ in range(8)))
    await stand_in.make().cancel(asked)
    assert stand_in.counts(asked.payment_id) == {
        "intents": 1,
        "captures": 1,
        "refunded": 0,
    }


async def test_a_key_that_stripe_has_forgotten_moves_no_money_twice(stand_in: StandIn) -> None:
    asked = charge()
    assert isinstance(await stand_in.make().collect(asked), Collected)
    stand_in.post("/test/forget")
    assert isinstance(await stand_in.make().cancel(asked), Collected)
    back = Charge(asked.payment_id, Money(100), key=uuid4())
    for _ in range(2):
        assert await stand_in.make().refund(back) == Refunded()
        stand_in.post("/test/forget")
    assert stand_in.counts(asked.payment_id) == {"intents": 1, "captures": 1, "refunded": 100}


async def test_a_refusal_by_stripe_cannot_be_paid_later(stand_in: StandIn) -> None:
    asked = charge(120102)
    await stand_in.make().collect(asked)
    stand_in.confirm(asked.payment_id, accepted=True)
    assert stand_in.taken(asked.payment_id) == 0


async def test_more_than_was_paid_does_not_go_back(stand_in: StandIn) -> None:
    asked = charge()
    await stand_in.make().collect(asked)
    back = Charge(asked.payment_id, Money(360001), key=uuid4())
    assert await stand_in.make().refund(back) == Declined("charge_already_refunded")


@pytest.mark.parametrize("key", ["sk_test_wrong", stripe_stand_in.KEY])
async def test_stripe_out_of_reach_or_unwilling_is_silence(stand_in: StandIn, key: str) -> None:
    away = StandIn("http://127.0.0.1:9")
    with pytest.raises(GatewayAway):
        await (stand_in if key == "sk_test_wrong" else away).connect(key).collect(charge())
    await away.close()


async def test_without_a_method_the_payer_confirms_on_the_page(stand_in: StandIn) -> None:
    adapter, asked = stand_in.connect(), charge()
    waiting = await adapter.collect(asked)
    assert isinstance(waiting, ActionNeeded)
    assert waiting.reference
    assert waiting.action.startswith(waiting.reference)
    stand_in.confirm(asked.payment_id, accepted=True)
    assert isinstance(await adapter.find(asked), Collected)
