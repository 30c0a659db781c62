"""On the bus each service has its own words: what the others may say or hear is refused to it."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, suppress
from pathlib import Path

import pytest
from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js.api import AckPolicy, ConsumerConfig, StreamConfig
from nats.js.errors import APIError

from chassis import streams
from chassis.absence import BusAway
from chassis.bus import Bus, message
from chassis.carried import windows
from chassis.catching_up import CatchingUp
from chassis.consumers import STREAM
from chassis.embedded import Nats, remove
from chassis.permits import permits
from chassis.puller import Puller
from chassis.testing import eventually
from clients import journey
from clients.network import Network, Options
from clients.network.options import discovered
from clients.network.process import ROOT
from clients.network.seed import CLINICS
from clients.registrar import Registrar
from halcyon.operations.v1.stream_calls_pb2 import (
    STREAM_STATE_SOUND,
    CheckStreamRequest,
    RebuildStreamRequest,
)
from halcyon.referral.v1.partner_pb2 import PARTNER_FORMAT_JSON, Partner
from halcyon.referral.v1.partner_service_pb2 import UpdatePartnerRequest
from services.billing.handlers import on as hears

FACT = "halcyon.billing.events.v1.PaymentCollected"
PATIENCE = 2


@pytest.fixture(name="broker")
async def _broker(tmp_path: Path) -> AsyncIterator[Nats]:
    """As the deploy step leaves it."""
    server = Nats(tmp_path)
    await asyncio.to_thread(server.start)
    deploy = Bus(server.url, "deploy", credentials=server.credentials)
    await streams.make(deploy, discovered())
    yield server
    await deploy.close()
    await asyncio.to_thread(server.stop)


def credentials(broker: Nats, name: str) -> Path:
    return broker.keyring.keep(f"{name}.creds", broker.keyring.credentials_of(name, permits(name)))


@pytest.fixture(name="billing")
async def _billing(broker: Nats) -> AsyncIterator[Bus]:
    bus = Bus(broker.url, "billing", credentials=credentials(broker, "billing"), binds=True)
    await bus.connect()
    yield bus
    await bus.close()


class Intruder(Client):
    """A client that asks for anything, and keeps what the broker says against it."""

    def __init__(self) -> None:
        super().__init__()
        self.refusals: asyncio.Queue[str] = asyncio.Queue()

    async def heard(self, error: Exception) -> None:
        if "permissions violation" in str(error).lower():
            self.refusals.put_nowait(str(error))

    async def is_refused(self, attempt: Callable[[], Awaitable[object]]) -> bool:
        """Whether the broker says so; what is asked may also stay without an answer."""
        with suppress(NatsError, APIError, TimeoutError):
            async with asyncio.timeout(PATIENCE):
                await attempt()
        await self.flush()
        try:
            async with asyncio.timeout(PATIENCE):
                await self.refusals.get()
        except TimeoutError:
            return False
        return True


@pytest.fixture(name="intruder")
async def _intruder(broker: Nats) -> AsyncIterator[Intruder]:
    """The credentials of billing in other hands."""
    client = Intruder()
    await client.connect(
        broker.url,
        user_credentials=str(credentials(broker, "billing")),
        inbox_prefix="_INBOX_billing",
        error_cb=client.heard,
    )
    yield client
    await client.close()


async def test_it_states_its_own_facts_and_hears_by_its_own_consumer(billing: Bus) -> None:
    await billing.jetstream.provision()
    await billing.jetstream.subscribe(STREAM, "billing", ())
    await billing.jetstream.store(
        FACT, b"", {"Nats-Msg-Id": "11111111-1111-4111-8111-111111111111"}
    )
    assert await billing.jetstream.held(STREAM) == 1
    assert await billing.jetstream.unread(STREAM, "billing") == 0
    async with aclosing(windows(billing, STREAM, "halcyon.billing.events.>", 10)) as found:
        assert [len(window.places) async for window in found] == [1]
    await billing.jetstream.begin_anew(STREAM, "billing")


async def test_many_may_read_at_once_and_none_takes_from_another(billing: Bus) -> None:
    for number in range(20):
        name = f"11111111-1111-4111-8111-1111111111{number:02}"
        await billing.jetstream.store(FACT, b"", {"Nats-Msg-Id": name})

    async def read() -> int:
        async with aclosing(windows(billing, STREAM, "halcyon.billing.events.>", 3)) as found:
            return sum([len(window.places) async for window in found])

    assert await asyncio.gather(*(read() for _ in range(16))) == [20] * 16


async def test_it_may_not_state_the_facts_of_another(intruder: Intruder) -> None:
    for subject in ("halcyon.intake.events.v1.PlanApproved", "partner.out.A", "halcyon.in"):
        assert await intruder.is_refused(lambda s=subject: intruder.publish(s, b""))  # type: ignore[misc]
    assert not await intruder.is_refused(lambda: intruder.publish(FACT, b""))


async def test_it_may_make_change_or_delete_no_stream_and_no_consumer(intruder: Intruder) -> None:
    manager = intruder.jsm()
    wide = ConsumerConfig(name="billing-reading-1", filter_subject="halcyon.*.events.>")
    attempts: list[Callable[[], Awaitable[object]]] = [
        lambda: manager.add_stream(StreamConfig(name="MINE", subjects=["mine.>"])),
        lambda: manager.update_stream(StreamConfig(name=STREAM, subjects=["mine.>"])),
        lambda: manager.delete_stream(STREAM),
        lambda: manager.purge_stream(STREAM),
        lambda: manager.add_consumer(STREAM, ConsumerConfig(durable_name="billing")),
        lambda: manager.add_consumer(STREAM, ConsumerConfig(name="spy")),
        lambda: manager.add_consumer(STREAM, wide),
        lambda: manager.add_consumer(STREAM, ConsumerConfig()),
        lambda: manager.delete_consumer(STREAM, "billing"),
        lambda: manager.delete_consumer(STREAM, "intake"),
        lambda: manager.get_msg(STREAM, 1),
    ]
    for number, attempt in enumerate(attempts):
        assert await intruder.is_refused(attempt), number


async def test_a_filter_in_the_request_must_be_the_one_in_the_subject(intruder: Intruder) -> None:
    """The permit pins the subject; the broker holds the request to it."""
    subject = f"$JS.API.CONSUMER.CREATE.{STREAM}.billing-reading-1.halcyon.billing.events.>"
    wide = (
        b'{"stream_name": "HALCYON", "config": {"name": "billing-reading-1",'
        b' "filter_subject": "halcyon.*.events.>", "ack_policy": "none"}}'
    )
    answer = await intruder.request(subject, wide, timeout=PATIENCE)
    assert b'"error"' in answer.data


async def test_it_may_not_pull_what_another_is_to_hear_nor_listen_in(intruder: Intruder) -> None:
    pull = f"$JS.API.CONSUMER.MSG.NEXT.{STREAM}.intake"
    assert await intruder.is_refused(lambda: intruder.publish(pull, b""))
    ack = f"$JS.ACK.{STREAM}.intake.1.1.1.0.0"
    assert await intruder.is_refused(lambda: intruder.publish(ack, b"+ACK"))
    for subject in ("_INBOX_intake.>", "_INBOX.>", "halcyon.>", ">", "$JS.API.>"):
        assert await intruder.is_refused(lambda s=subject: intruder.subscribe(s)), subject  # type: ignore[misc]


async def test_who_asks_for_its_answer_on_a_subject_of_another_forges_nothing(
    broker: Nats, billing: Bus, intruder: Intruder
) -> None:
    """The confused deputy: the broker itself would publish what the caller may not."""
    await intruder.jetstream().publish(FACT, b"forged")
    own = ConsumerConfig(
        filter_subject="halcyon.billing.events.>",
        ack_policy=AckPolicy.NONE,
        inactive_threshold=60,
    )
    reader = await billing.jetstream.reader(STREAM, own)
    pull = f"$JS.API.CONSUMER.MSG.NEXT.{STREAM}.{reader.name}"
    await intruder.publish(pull, b"1", reply="halcyon.intake.events.v1.PlanApproved")
    await intruder.flush()

    deploy = Client()
    await deploy.connect(broker.url, user_credentials=str(broker.credentials))

    async def landed() -> bool:
        return (await deploy.jsm().stream_info(STREAM)).state.messages > 1

    await eventually(landed)
    found = (await deploy.jsm().stream_info(STREAM, subjects_filter=">")).state.subjects
    assert set(found or ()) == {FACT}
    await deploy.close()


async def test_without_permits_all_of_it_would_be_allowed(broker: Nats) -> None:
    """The detector: with the credentials of the deploy step the same questions are answered."""
    client = Intruder()
    creds = str(broker.credentials)
    await client.connect(broker.url, user_credentials=creds, error_cb=client.heard)
    spy = lambda: client.jsm().add_consumer(STREAM, ConsumerConfig(name="spy"))  # noqa: E731
    assert not await client.is_refused(spy)
    assert (await client.jsm().consumer_info(STREAM, "spy")).name == "spy"
    await client.close()


async def test_who_binds_waits_for_the_deploy_step(tmp_path: Path) -> None:
    server = Nats(tmp_path)
    await asyncio.to_thread(server.start)
    ours = Bus(server.url, "billing", credentials=credentials(server, "billing"), binds=True)
    deploy = Bus(server.url, "deploy", credentials=server.credentials)
    await ours.connect()
    with pytest.raises(BusAway):
        await ours.jetstream.provision()
    await streams.make(deploy, ["billing"])

    async def bound() -> bool:
        await ours.jetstream.provision()
        return True

    await eventually(bound)
    for bus in (ours, deploy):
        await bus.close()
    await asyncio.to_thread(server.stop)


async def test_what_was_stated_before_a_wider_version_is_there_for_who_only_binds(
    tmp_path: Path,
) -> None:
    server = Nats(tmp_path)
    await asyncio.to_thread(server.start)
    ours = Bus(server.url, "billing", credentials=credentials(server, "billing"), binds=True)
    deploy = Bus(server.url, "deploy", credentials=server.credentials)
    for bus in (deploy, ours):
        await bus.connect()
    await deploy.jetstream.provision()
    one, *more = sorted(hears.subjects)
    await deploy.jetstream.subscribe(STREAM, "billing", [one])
    await deploy.jetstream.store(
        more[0], b"", {"Nats-Msg-Id": "11111111-1111-4111-8111-111111111111"}
    )
    await streams.make(deploy, ["billing"])
    catching = CatchingUp(ours, "billing")
    assert await catching.prepare(hears.subjects)
    puller = Puller(ours, STREAM, catching.durable, cap=8, mend=ours.jetstream.provision)
    await puller.start()
    (delivery,) = await puller.batch()
    await ours.write(message(delivery.reply, b"+ACK"))

    async def settled() -> bool:
        return await ours.jetstream.unread(STREAM, catching.durable) == 0

    await eventually(settled)
    await catching._forget()
    assert not await catching.prepare(hears.subjects)
    for bus in (ours, deploy):
        await bus.close()
    await asyncio.to_thread(server.stop)


async def test_with_permits_partners_are_heard_and_answered(tmp_path: Path) -> None:
    """The reception of referral, and nobody else, reads what partners say and tells them."""
    with Network(tmp_path, Options(tls=True)) as network:
        nats = network.servers.nats
        registrar = Registrar(nats.url, nats.keyring, network.papers("door/cli"))
        entry, creds = await registrar.add("acme")
        (tmp_path / "acme.creds").write_text(creds)
        async with network.client("operator") as operator:
            clinic = str(CLINICS[0].clinic_id)
            agreed = Partner(
                name="acme",
                account=entry.partner.account,
                clinic_ids=[clinic],
                format=PARTNER_FORMAT_JSON,
            )
            await operator.partners.UpdatePartner(UpdatePartnerRequest(partner=agreed))
        partner = await asyncio.create_subprocess_exec(
            sys.executable,
            ROOT / "clients/partner/partner.py",
            *(tmp_path / "acme.creds", nats.url, "send"),
            journey.EXAMPLES / "depression-denver.fhir.json",
            env={**os.environ, "SSL_CERT_FILE": str(tmp_path / "tls/ca.pem")},
        )
        assert await partner.wait() == 0

        async def answered() -> bool:
            return await registrar.waiting("acme") == 0 and await registrar.backlog("acme") > 0

        await eventually(answered, within=60)
        network.settle()
        async with network.client("operator") as operator:
            for service in discovered():
                own = operator.operations(service)
                await own.RebuildStream(RebuildStreamRequest(reason="a drill"))
                checked = await own.CheckStream(CheckStreamRequest())
                assert checked.state == STREAM_STATE_SOUND, service
                assert checked.missing_count == 0
        network.settle()
    remove(tmp_path)
