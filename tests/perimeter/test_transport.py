"""Nothing is said in the clear: to each server over its real protocol, by strangers and by ours."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest
from typer.testing import CliRunner

from chassis import migrate
from chassis.absence import BusAway
from chassis.authority import Authority
from chassis.bus import Bus
from chassis.database import Database
from chassis.embedded import Nats, Servers, remove
from chassis.health import serving
from chassis.mishaps import DatabaseAway
from chassis.papers import Papers
from chassis.testing import eventually
from clients.cli.__main__ import app
from clients.network import Network, Options
from clients.network.seed import CLINICS
from halcyon.referral.v1 import referral_pb2 as referral
from halcyon.referral.v1.referral_service_pb2 import GetReferralRequest
from tests.flows import NPI, application
from tests.perimeter.secured import SecuredPostgres, secured


@pytest.fixture(name="authority")
def _authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "tls")


@pytest.fixture(name="broker")
async def _broker(tmp_path: Path, authority: Authority) -> AsyncIterator[Nats]:
    server = Nats(tmp_path, papers=authority.papers("nats"))
    await asyncio.to_thread(server.start)
    yield server
    await asyncio.to_thread(server.stop)


@pytest.fixture(name="postgres")
def _postgres(tmp_path: Path, authority: Authority) -> Iterator[SecuredPostgres]:
    with secured(tmp_path, authority.papers("postgres")) as server:
        yield server


def bus(broker: Nats, papers: Papers | None) -> Bus:
    return Bus(broker.url, "test", credentials=broker.credentials, papers=papers)


async def serial(host: str, port: int, authority: Authority) -> str:
    """The certificate that a NATS server shows to who connects now."""
    shown = authority.papers("door/cli").dialling()
    reader, writer = await asyncio.open_connection(host, port)
    await reader.readline()
    await writer.start_tls(shown, server_hostname="localhost")
    found: dict[str, str] = writer.get_extra_info("peercert")
    writer.close()
    return found["serialNumber"]


async def test_a_broker_with_papers_is_spoken_to_with_papers_only(
    broker: Nats, authority: Authority, tmp_path: Path
) -> None:
    ours = bus(broker, authority.papers("billing"))
    await ours.connect()
    await ours.jetstream.provision()
    await ours.close()
    plain = broker.url.replace("tls://", "nats://")
    reader, writer = await asyncio.open_connection("127.0.0.1", int(plain.rpartition(":")[2]))
    assert b'"tls_required":true' in await reader.readline()
    writer.write(b"CONNECT {}\r\nPING\r\n")
    assert await reader.read(4) in (b"", b"-ERR")
    writer.close()
    for stranger in (Authority(tmp_path / "other").papers("billing"), None):
        with pytest.raises(BusAway):
            await bus(broker, stranger).connect()


async def test_who_has_papers_tells_nothing_to_a_broker_that_offers_no_tls(
    tmp_path: Path, authority: Authority
) -> None:
    """A listener that says what a broker says without TLS, and keeps what it is told."""
    told: list[bytes] = []

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b'INFO {"server_id":"x","headers":true,"nonce":"n","max_payload":1000}\r\n')
        told.append(await reader.read())
        writer.close()

    async with await asyncio.start_server(greet, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(BusAway):
            await Bus(f"nats://127.0.0.1:{port}", papers=authority.papers("billing")).connect()

        async def left() -> bool:
            return bool(told)

        await eventually(left)
    assert b"".join(told) == b""


async def test_the_brokers_certificate_is_replaced_while_ours_are_connected(
    broker: Nats, authority: Authority
) -> None:
    host, port = "127.0.0.1", int(broker.url.rpartition(":")[2])
    ours = bus(broker, authority.papers("billing"))
    await ours.connect()
    await ours.jetstream.provision()
    before = await serial(host, port, authority)
    authority.issue("nats")
    broker.reload()

    async def renewed() -> bool:
        return await serial(host, port, authority) != before

    await eventually(renewed)
    assert ours.alive
    assert await ours.jetstream.held("HALCYON") == 0
    authority.issue("billing", life=timedelta(days=1))
    await asyncio.to_thread(broker.restart)

    async def back() -> bool:
        return ours.alive

    await eventually(back)
    assert await ours.jetstream.held("HALCYON") == 0
    await ours.close()


async def test_a_database_with_papers_is_spoken_to_in_secret_only(
    postgres: SecuredPostgres, authority: Authority, tmp_path: Path
) -> None:
    believed = authority.certificate
    await migrate.upgrade("billing", postgres.url(), believed)
    db = Database(postgres.url(), believed)
    try:
        ((secret,),) = await db.fetch("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
        assert secret is True
    finally:
        await db.close()
    with pytest.raises(DatabaseAway):
        await Database(postgres.url(), Authority(tmp_path / "other").certificate).tell_time()
    with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError):
        await asyncpg.connect(postgres.url(), ssl=False)


async def test_who_knows_an_authority_says_nothing_to_a_database_without_tls(
    servers: Servers, authority: Authority
) -> None:
    db = Database(servers.postgres.url(), authority.certificate)
    with pytest.raises(DatabaseAway):
        await db.tell_time()


async def test_the_databases_certificate_is_replaced_under_open_lines(
    postgres: SecuredPostgres, authority: Authority
) -> None:
    """The old one ends, and lines made before go on beside those made after."""
    db = Database(postgres.url(), authority.certificate)
    await db.tell_time()
    authority.issue("postgres", life=timedelta(minutes=-1))
    postgres.show()
    os.kill(postgres.pid, signal.SIGHUP)

    async def refused() -> bool:
        late = Database(postgres.url(), authority.certificate)
        try:
            await late.tell_time()
        except DatabaseAway:
            return True
        await late.close()
        return False

    await eventually(refused)
    await db.tell_time()
    authority.issue("postgres")
    postgres.show()
    os.kill(postgres.pid, signal.SIGHUP)

    async def admitted() -> bool:
        return not await refused()

    await eventually(admitted)
    await db.tell_time()
    await db.close()


async def test_a_network_with_tls_carries_a_referral_and_has_no_other_door(tmp_path: Path) -> None:
    """`halcyon up --tls`: the SDK and the command line show papers, and so do the services."""
    with Network(tmp_path, Options(tls=True)) as network:
        async with network.client("referrer", npi=NPI) as doctor:
            asked = application(1, CLINICS[0])
            taken = (await doctor.referral.CreateReferral(asked)).referral
        network.settle()
        async with network.client("coordinator") as staff:
            request = GetReferralRequest(referral_id=taken.referral_id)
            found = (await staff.referral.GetReferral(request)).referral
        assert found.status > referral.REFERRAL_STATUS_RECEIVED
        told = await asyncio.to_thread(
            CliRunner().invoke, app, ["parked", "list", "--data", str(tmp_path)]
        )
        assert "nothing is parked" in told.output
        for address in network.addresses.values():
            assert not await asyncio.to_thread(serving, address, 1)
        assert network.servers.nats.url.startswith("tls://")
    remove(tmp_path)
