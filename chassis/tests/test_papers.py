"""Who is let in by a certificate, and how certificates are replaced under live calls."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import grpc
import httpx
import pytest
from grpc import StatusCode

from chassis.authority import Authority
from chassis.health import serving
from chassis.issuer import Issuer
from chassis.papers import InTheClear, Papers
from chassis.ports import free_port
from chassis.scraping import scraped
from chassis.server import serve
from chassis.tests.echo import SERVICE, Client, Echo, refused
from chassis.tests.edge import edge_settings, worn

PATIENCE = 5


@dataclass
class Guarded:
    """An edge that shows papers and asks for them."""

    authority: Authority
    papers: Papers
    address: str
    token: str

    @asynccontextmanager
    async def called_by(self, papers: Papers, token: str = "") -> AsyncIterator[Client]:
        async with grpc.aio.secure_channel(self.address, papers.channel()) as channel:
            yield Client(channel, token)

    async def turns_away(self, channel: grpc.aio.Channel) -> bool:
        """Whether a caller with a good token does not even get through the door."""
        try:
            await Client(channel, self.token).say(timeout=PATIENCE)
        except grpc.aio.AioRpcError as fault:
            return fault.code() is StatusCode.UNAVAILABLE
        finally:
            await channel.close()
        return False

    def shown(self) -> str:
        """The certificate that a new caller meets."""
        context = self.authority.papers("door/cli").dialling()
        host, _, port = self.address.rpartition(":")
        with (
            socket.create_connection((host, int(port))) as line,
            context.wrap_socket(line, server_hostname="localhost") as secured,
        ):
            return ssl.DER_cert_to_PEM_cert(secured.getpeercert(binary_form=True) or b"")


@pytest.fixture(name="guarded")
async def _guarded(tmp_path: Path) -> AsyncIterator[Guarded]:
    authority, issuer = Authority(tmp_path / "tls"), Issuer(tmp_path)
    papers = authority.papers("billing")
    server = await serve(edge_settings(issuer, **worn(papers)), Echo().add_to, [SERVICE])
    yield Guarded(authority, papers, server.address, issuer.mint("ada", ["nurse"]))
    await server.drain(0)


async def test_a_person_needs_a_token_and_a_machine_that_is_ours(guarded: Guarded) -> None:
    async with guarded.called_by(guarded.authority.papers("door/cli"), guarded.token) as client:
        assert (await client.say("hello")).text == "ada:hello"
    async with guarded.called_by(guarded.authority.papers("door/cli")) as client:
        assert (await refused(client.say())).info.reason == "TOKEN_MISSING"


async def test_a_service_is_known_by_its_certificate(guarded: Guarded) -> None:
    async with guarded.called_by(guarded.authority.papers("intake")) as client:
        told = [word.text async for word in client.repeat("hello")]
        assert told == ["spiffe://halcyon/intake:hello", "again"]
        assert (await refused(client.say())).info.reason == "ROLE_REQUIRED"


async def test_plaintext_is_refused(guarded: Guarded) -> None:
    assert await guarded.turns_away(grpc.aio.insecure_channel(guarded.address))


async def test_a_caller_without_a_certificate_is_refused(guarded: Guarded) -> None:
    believed = guarded.papers.authority.read_bytes()
    nobody = grpc.ssl_channel_credentials(believed)
    assert await guarded.turns_away(grpc.aio.secure_channel(guarded.address, nobody))


async def test_a_certificate_of_another_authority_is_refused(
    guarded: Guarded, tmp_path: Path
) -> None:
    theirs = Authority(tmp_path / "other").papers("intake")
    ours = guarded.papers.authority.read_bytes()
    key, certificate = theirs.key.read_bytes(), theirs.certificate.read_bytes()
    stranger = grpc.ssl_channel_credentials(ours, key, certificate)
    assert await guarded.turns_away(grpc.aio.secure_channel(guarded.address, stranger))


async def test_an_expired_certificate_is_refused(guarded: Guarded) -> None:
    old = guarded.authority.issue("intake", life=timedelta(minutes=-1)).channel()
    assert await guarded.turns_away(grpc.aio.secure_channel(guarded.address, old))


async def test_a_caller_refuses_a_server_that_is_not_ours(guarded: Guarded, tmp_path: Path) -> None:
    other = Authority(tmp_path / "other").papers("intake").channel()
    assert await guarded.turns_away(grpc.aio.secure_channel(guarded.address, other))


async def test_certificates_are_replaced_under_live_calls(guarded: Guarded) -> None:
    """Whoever is connected goes on; whoever connects next meets the new one, and only that one."""
    cli = guarded.authority.papers("door/cli")
    before = await asyncio.to_thread(guarded.shown)
    async with guarded.called_by(cli, guarded.token) as client:
        stream = client.repeat("forever")
        assert (await stream.read()).text == "ada:forever"
        guarded.authority.issue("billing")
        after = await asyncio.to_thread(guarded.shown)
        assert before != after == guarded.papers.certificate.read_text()
        assert (await client.say("still")).text == "ada:still"
        stream.cancel()
    async with guarded.called_by(cli, guarded.token) as client:
        assert (await client.say("new")).text == "ada:new"


async def test_a_certificate_that_came_before_its_key_changes_nothing_yet(
    guarded: Guarded,
) -> None:
    before = await asyncio.to_thread(guarded.shown)
    key = guarded.papers.key.read_bytes()
    guarded.authority.issue("billing")
    fresh = guarded.papers.key.read_bytes()
    guarded.papers.key.write_bytes(key)
    assert await asyncio.to_thread(guarded.shown) == before
    guarded.papers.key.write_bytes(fresh)
    assert await asyncio.to_thread(guarded.shown) == guarded.papers.certificate.read_text()


async def test_who_has_no_papers_listens_on_this_machine_only(tmp_path: Path) -> None:
    with pytest.raises(InTheClear):
        await serve(edge_settings(Issuer(tmp_path), listen="0.0.0.0:0"), Echo().add_to, [SERVICE])
    with pytest.raises(InTheClear):
        scraped(f"0.0.0.0:{free_port()}")


async def test_measurements_are_read_by_ours_only_and_nobody_keeps_them_waiting(
    guarded: Guarded,
) -> None:
    """A listener that shakes hands in its one loop would wait for the silent one."""
    where = f"127.0.0.1:{free_port()}"
    scraped(where, guarded.papers)
    url, ours = f"https://{where.replace('127.0.0.1', 'localhost')}/metrics", guarded.papers
    with socket.create_connection(("127.0.0.1", int(where.rpartition(":")[2]))):
        async with httpx.AsyncClient(verify=ours.dialling(), timeout=PATIENCE) as prometheus:
            assert (await prometheus.get(url)).status_code == 200
    guarded.authority.issue("billing")
    async with httpx.AsyncClient(verify=ours.dialling(), timeout=PATIENCE) as prometheus:
        assert (await prometheus.get(url)).status_code == 200
    stranger = ssl.create_default_context(cafile=ours.authority)
    async with httpx.AsyncClient(verify=stranger, timeout=PATIENCE) as nobody:
        with pytest.raises((httpx.TransportError, ssl.SSLError)):
            await nobody.get(url)
        with pytest.raises(httpx.TransportError):
            await nobody.get(url.replace("https", "http"))


async def test_the_health_check_shows_the_services_own_papers(guarded: Guarded) -> None:
    ask = asyncio.to_thread(serving, guarded.address, PATIENCE, guarded.papers)
    assert await ask
    assert not await asyncio.to_thread(serving, guarded.address, 0.5)


def test_an_authority_and_its_papers_are_kept_until_they_grow_old(tmp_path: Path) -> None:
    papers = Authority(tmp_path).papers("billing")
    first = papers.certificate.read_bytes()
    again = Authority(tmp_path)
    assert again.papers("billing").certificate.read_bytes() == first
    again.issue("billing", life=timedelta(days=20))
    assert again.papers("billing").certificate.read_bytes() != first
    assert papers.key.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("missing", ["tls_certificate", "tls_key", "tls_authority"])
def test_half_of_the_papers_is_a_mistake(tmp_path: Path, missing: str) -> None:
    given = worn(Authority(tmp_path / "tls").papers("billing")) | {missing: None}
    with pytest.raises(ValueError, match="TLS needs"):
        edge_settings(Issuer(tmp_path), **given)
