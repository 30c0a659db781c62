"""What a partner may do on the broker, and everything that it may not; each guard has a detector.

A detector opens one door more than it should be open and sees that the probe notices.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js.api import StreamConfig
from nats.js.errors import APIError

from chassis import accounts, claims
from chassis.accounts import INBOUND, PREFIX, Partner, Quotas
from chassis.embedded import Nats
from clients.registrar import Registrar, RegistrarFailed

SECRET = "halcyon.referral.events.v1.ReferralReceived"


@pytest.fixture(scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Nats]:
    folder = tmp_path_factory.mktemp("nats")
    started = Nats(folder)
    await asyncio.to_thread(started.start)
    async with connected(started, started.credentials.read_text()) as halcyon:
        await halcyon.jetstream().add_stream(
            StreamConfig(name="HALCYON", subjects=["halcyon.*.events.>", "cmd.>"])
        )
    yield started
    await asyncio.to_thread(started.stop)


@pytest.fixture(scope="module")
def registrar(server: Nats) -> Registrar:
    return Registrar(server.url, server.keyring)


@asynccontextmanager
async def connected(server: Nats, credentials: str, **options) -> AsyncIterator[Client]:
    """Errors that the server sends are collected in `client.said`."""
    path = server.keyring.keep(f"test-{hash(credentials)}.creds", credentials)
    said: list[str] = []

    async def note(error: Exception) -> None:
        said.append(str(error))

    client = Client()
    client.said = said  # type: ignore[attr-defined]
    try:
        await client.connect(
            server.url,
            user_credentials=str(path),
            error_cb=note,
            allow_reconnect=False,
            **options,
        )
        yield client
    finally:
        await client.close()


class Pair:
    """Two partners and the house."""

    def __init__(self, server: Nats, names: tuple[str, str], credentials: tuple[str, str]) -> None:
        self.server, self.names, self.credentials = server, names, credentials
        registrar = Registrar(server.url, server.keyring)
        self.acme, self.other = (registrar.get(name).partner for name in names)


@pytest.fixture(scope="module")
async def pair(server: Nats, registrar: Registrar) -> Pair:
    _, acme = await registrar.add("acme", Quotas(message_bytes=2_000, connections=2))
    _, other = await registrar.add("other")
    async with connected(server, server.credentials.read_text()) as halcyon:
        js = halcyon.jetstream()
        for partner in (Partner("acme", registrar.get("acme").partner.account),):
            for number in range(3):
                await js.publish(partner.feed_subject, b"news %d" % number)
        await js.publish(registrar.get("other").partner.feed_subject, b"not yours")
        await js.publish(SECRET, b"not yours")
    return Pair(server, ("acme", "other"), (acme, other))


async def stored(server: Nats) -> dict[str, int]:
    """How much every stream holds."""
    async with connected(server, server.credentials.read_text()) as halcyon:
        found = await halcyon.jsm().streams_info()
    return {one.config.name or "": one.state.messages for one in found}


async def refused(client: Client, subject: str, payload: bytes = b"{}") -> bool:
    """Whether nothing and nobody answers."""
    try:
        answer = await client.request(subject, payload, timeout=0.4)
    except (NatsError, TimeoutError):
        return True
    return b'"error"' in answer.data


async def open_doors(client: Client, subjects: list[str]) -> list[str]:
    """Those where somebody answers."""
    answers = await asyncio.gather(*(refused(client, subject) for subject in subjects))
    return [subject for subject, no in zip(subjects, answers, strict=True) if not no]


async def test_a_partner_publishes_its_own_and_reads_its_own(pair: Pair) -> None:
    async with connected(pair.server, pair.credentials[0]) as client:
        js = client.jetstream(prefix=PREFIX)
        ack = await js.publish(INBOUND, b"hello", headers={"Nats-Msg-Id": "one"})
        assert (ack.stream, ack.duplicate) == (pair.acme.inbound_stream, None)
        again = await js.publish(INBOUND, b"hello", headers={"Nats-Msg-Id": "one"})
        assert again.duplicate
        feed = await js.pull_subscribe_bind(pair.acme.account, pair.acme.feed_stream)
        news = await feed.fetch(3, timeout=5)
        assert [one.data for one in news] == [b"news 0", b"news 1", b"news 2"]
        for one in news:
            await one.ack_sync()
        assert (await feed.consumer_info()).num_pending == 0
        assert client.said == []  # type: ignore[attr-defined]


async def test_a_partner_goes_back_to_a_position_of_its_feed(pair: Pair) -> None:
    async with connected(pair.server, pair.credentials[0]) as client:
        subject = f"{PREFIX}.CONSUMER.RESET.{pair.acme.feed_stream}.{pair.acme.account}"
        answer = json.loads((await client.request(subject, b'{"seq": 2}')).data)
        assert "error" not in answer
        js = client.jetstream(prefix=PREFIX)
        feed = await js.pull_subscribe_bind(pair.acme.account, pair.acme.feed_stream)
        news = await feed.fetch(2, timeout=5)
        assert [one.data for one in news] == [b"news 1", b"news 2"]
        for one in news:
            await one.ack_sync()


def forbidden(pair: Pair) -> list[str]:
    """Subjects of the house and of the other partner, in every form they might be named in."""
    own, other = pair.acme, pair.other
    return [
        SECRET,
        "cmd.billing.charge",
        own.inbound_subject,
        other.inbound_subject,
        own.feed_subject,
        other.feed_subject,
        "$JS.API.INFO",
        "$JS.API.STREAM.LIST",
        "$JS.API.STREAM.NAMES",
        "$JS.API.STREAM.INFO.HALCYON",
        "$JS.API.STREAM.CREATE.MINE",
        f"$JS.API.STREAM.PURGE.{own.feed_stream}",
        f"$JS.API.STREAM.DELETE.{own.feed_stream}",
        f"$JS.API.STREAM.MSG.GET.{other.feed_stream}",
        f"$JS.API.DIRECT.GET.{own.feed_stream}",
        f"$JS.API.CONSUMER.CREATE.{own.feed_stream}.mine",
        f"$JS.API.CONSUMER.DELETE.{own.feed_stream}.{own.account}",
        f"$JS.API.CONSUMER.MSG.NEXT.{other.feed_stream}.{other.account}",
        f"$JS.API.CONSUMER.INFO.{other.feed_stream}.{other.account}",
        f"$JS.API.CONSUMER.RESET.{other.feed_stream}.{other.account}",
        f"{PREFIX}.STREAM.LIST",
        f"{PREFIX}.STREAM.INFO.{own.feed_stream}",
        f"{PREFIX}.STREAM.MSG.GET.{own.feed_stream}",
        f"{PREFIX}.CONSUMER.CREATE.{own.feed_stream}.mine",
        f"{PREFIX}.CONSUMER.DELETE.{own.feed_stream}.{own.account}",
        f"{PREFIX}.CONSUMER.MSG.NEXT.{other.feed_stream}.{other.account}",
        f"{PREFIX}.CONSUMER.MSG.NEXT.HALCYON.referral",
        f"{PREFIX}.CONSUMER.INFO.{other.feed_stream}.{other.account}",
        f"{PREFIX}.CONSUMER.RESET.{other.feed_stream}.{other.account}",
        f"$JS.ACK.{other.feed_stream}.{other.account}.1.1.1.1.0",
        "$SYS.REQ.SERVER.PING",
        "$SYS.REQ.CLAIMS.LIST",
        f"$SYS.REQ.ACCOUNT.{own.account}.CONNZ",
    ]


async def test_nothing_else_can_be_published_or_asked(pair: Pair) -> None:
    before = await stored(pair.server)
    async with connected(pair.server, pair.credentials[0]) as client:
        assert await open_doors(client, forbidden(pair)) == []
        violations = [said for said in client.said if "Permissions Violation" in said.title()]  # type: ignore[attr-defined]
        assert len(violations) == len(forbidden(pair))
    assert await stored(pair.server) == before


@pytest.mark.parametrize(
    "subject", [">", "halcyon.>", SECRET, "partner.>", "$JS.>", "$SYS.>", "cmd.>", "*.*"]
)
async def test_nothing_but_answers_can_be_listened_to(pair: Pair, subject: str) -> None:
    async with connected(pair.server, pair.credentials[0]) as client:
        heard = await client.subscribe(subject)
        await client.flush()
        async with connected(pair.server, pair.server.credentials.read_text()) as halcyon:
            await halcyon.jetstream().publish("cmd.heard", b"secret")
            await halcyon.jetstream().publish(SECRET, b"secret")
        with pytest.raises(TimeoutError):
            await heard.next_msg(timeout=0.2)
        assert any("ermissions" in said for said in client.said)  # type: ignore[attr-defined]


async def pulled_to(server: Nats, credentials: str, partner: Partner, reply: str) -> list[bytes]:
    """What the house hears when a pull names one of its subjects for the answer."""
    async with (
        connected(server, server.credentials.read_text()) as halcyon,
        connected(server, credentials) as client,
    ):
        heard: list[bytes] = []

        async def hear(msg) -> None:
            heard.append(msg.data)

        await halcyon.subscribe(reply, cb=hear)
        await halcyon.flush()
        await halcyon.jetstream().publish(partner.feed_subject, b"bait")
        pull = f"{PREFIX}.CONSUMER.MSG.NEXT.{partner.feed_stream}.{partner.account}"
        await client.publish(pull, b'{"batch": 50, "no_wait": true}', reply=reply)
        await client.flush()
        await asyncio.sleep(0.3)
        await halcyon.flush()
        return heard


@pytest.mark.parametrize("reply", ["cmd.billing.charge", SECRET, "partner.in.forged"])
async def test_a_pull_cannot_be_answered_to_a_subject_of_the_house(pair: Pair, reply: str) -> None:
    before = await stored(pair.server)
    assert await pulled_to(pair.server, pair.credentials[0], pair.acme, reply) == []
    after = await stored(pair.server)
    assert {**after, pair.acme.feed_stream: 0} == {**before, pair.acme.feed_stream: 0}


async def test_the_detector_of_the_confused_deputy_notices_one(pair: Pair) -> None:
    """A user of Halcyon's own account with the same one right fools the server."""
    ring = pair.server.keyring
    user = claims.user_seed()
    rights = {
        "type": "user",
        "subs": -1,
        "data": -1,
        "payload": -1,
        "pub": {"allow": [f"{PREFIX}.>", "$JS.API.CONSUMER.MSG.NEXT.>"]},
        "sub": {"allow": ["_INBOX.>"]},
    }
    jwt = claims.signed(ring.halcyon, claims.public(user), "deputy", rights)
    deputy = claims.credentials(jwt, user)
    async with (
        connected(pair.server, ring.service_credentials.read_text()) as halcyon,
        connected(pair.server, deputy) as client,
    ):
        heard = await halcyon.subscribe("cmd.billing.charge")
        await halcyon.flush()
        await halcyon.jetstream().publish(pair.acme.feed_subject, b"bait")
        pull = f"$JS.API.CONSUMER.MSG.NEXT.{pair.acme.feed_stream}.{pair.acme.account}"
        await client.publish(pull, b'{"batch": 1}', reply="cmd.billing.charge")
        assert (await heard.next_msg(timeout=5)).data


async def test_the_detector_of_a_door_too_many_notices_one(
    server: Nats, registrar: Registrar, pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A user with every right, in an account whose doors are still only its own: the account holds.

    And with the export's guard gone, another's door does open: the probe above would see it.
    """
    broad = claims.user_seed()
    acme = registrar.get("acme")
    jwt = accounts.trusted_user(acme.seed, claims.public(broad), "broad")
    other = pair.other
    async with connected(server, claims.credentials(jwt, broad)) as client:
        before = await stored(server)
        assert await open_doors(client, forbidden(pair)) == []
        assert await stored(server) == before
    thief = Partner("acme", acme.partner.account)
    doors = accounts._doors(thief) | {"stolen": other.inbound_subject}
    monkeypatch.setattr(accounts, "_doors", lambda _: doors)
    stolen = accounts.partner_account(
        server.keyring.operator, claims.public(server.keyring.halcyon), thief, {}
    )
    await told(server, stolen)
    async with connected(server, claims.credentials(jwt, broad)) as client:
        assert await refused(client, "stolen"), "the export is open only to the key in the subject"
    open_house = accounts.halcyon_account
    monkeypatch.setattr(
        accounts,
        "_export",
        lambda subject, answer, _: {
            "name": subject,
            "subject": subject,
            "type": "service",
            "response_type": answer,
        },
    )
    ring = server.keyring
    await told(server, open_house(ring.operator, claims.public(ring.halcyon)))
    await told(server, stolen)
    async with connected(server, claims.credentials(jwt, broad)) as client:
        assert not await refused(client, "stolen")
    monkeypatch.undo()
    await told(server, open_house(ring.operator, claims.public(ring.halcyon)))
    await registrar._push(acme)


async def told(server: Nats, jwt: str) -> None:
    async with connected(server, server.keyring.system_credentials.read_text()) as system:
        answer = await system.request("$SYS.REQ.CLAIMS.UPDATE", jwt.encode())
    assert json.loads(answer.data)["data"]["code"] == 200


async def test_a_message_too_large_is_refused(pair: Pair) -> None:
    async with connected(pair.server, pair.credentials[0]) as client:
        with pytest.raises((NatsError, TimeoutError)):
            await client.jetstream().publish(INBOUND, b"x" * 3_000, timeout=1)


async def test_connections_beyond_the_quota_are_refused(pair: Pair) -> None:
    async with (
        connected(pair.server, pair.credentials[0]),
        connected(pair.server, pair.credentials[0]),
    ):
        with pytest.raises(NatsError):
            async with connected(pair.server, pair.credentials[0]):
                pass


async def test_messages_and_bytes_beyond_the_quota_are_refused_and_others_go_on(
    server: Nats, registrar: Registrar, pair: Pair
) -> None:
    _, few = await registrar.add("few", Quotas(messages=3))
    _, small = await registrar.add("small", Quotas(bytes=4_000))
    for credentials, size in ((few, 10), (small, 1_500)):
        async with connected(server, credentials) as client:
            js, taken = client.jetstream(), 0
            with pytest.raises(APIError) as refusal:
                for _ in range(5):
                    await js.publish(INBOUND, b"x" * size)
                    taken += 1
            assert refusal.value.err_code == 10077
            assert 0 < taken <= 3
    async with connected(server, pair.credentials[1]) as client:
        assert (await client.jetstream().publish(INBOUND, b"still here")).seq


async def eventually(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(5):
        while not await holds():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def test_rotation_ends_the_old_credentials_while_running(
    server: Nats, registrar: Registrar
) -> None:
    _, old = await registrar.add("turning")
    async with connected(server, old) as before:
        _, new = await registrar.rotate("turning")
        await eventually(lambda: asyncio.sleep(0, before.is_closed))
        async with connected(server, new) as client:
            assert (await client.jetstream().publish(INBOUND, b"again")).seq
    with pytest.raises(NatsError):
        async with connected(server, old):
            pass


async def test_old_credentials_can_be_kept_for_the_change_over(
    server: Nats, registrar: Registrar
) -> None:
    _, old = await registrar.add("slowly")
    _, new = await registrar.rotate("slowly", keep_old=True)
    async with connected(server, old) as one, connected(server, new) as two:
        assert one.is_connected
        assert two.is_connected
    await registrar.rotate("slowly")
    for ended in (old, new):
        with pytest.raises(NatsError):
            async with connected(server, ended):
                pass


async def test_revocation_throws_out_who_is_connected_and_survives_a_restart(
    server: Nats, registrar: Registrar, tmp_path: Path
) -> None:
    _, credentials = await registrar.add("leaving")
    async with connected(server, credentials) as client:
        await registrar.revoke("leaving")
        await eventually(lambda: asyncio.sleep(0, client.is_closed))
    await asyncio.to_thread(server.restart)
    with pytest.raises(NatsError):
        async with connected(server, credentials):
            pass
    with pytest.raises(RegistrarFailed):
        await registrar.rotate("leaving")


async def test_nobody_connects_without_credentials(server: Nats) -> None:
    client = Client()
    with pytest.raises(NatsError):
        await client.connect(server.url, allow_reconnect=False)
    await client.close()


async def test_a_name_is_plain_and_taken_once(registrar: Registrar, pair: Pair) -> None:
    for name in ("acme", "A", "x", "a.b", "a*", ">", "a b", "é" * 5):
        with pytest.raises(RegistrarFailed):
            await registrar.add(name)
