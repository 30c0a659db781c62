"""Backup, destruction, restore: what is lost and how long it takes, measured each time it runs."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from pathlib import Path
from threading import Event
from uuid import uuid4

import asyncpg
import nats
import pytest

from chassis import vault
from chassis.embedded import remove
from chassis.keys import KEYRING
from chassis.testing import eventually
from clients.network import Network, NetworkFailed, Options, backup
from clients.registrar import Registrar
from clients.sdk import Halcyon
from halcyon.operations.v1 import stream_calls_pb2 as streams
from halcyon.referral.v1.referral_service_pb2 import GetReferralRequest
from tests.failures.conftest import CLINIC, IMPATIENT, evidence
from tests.failures.verifier import violations
from tests.flows import NPI, application, open_clinics, submit_all
from tests.marks import FAMILY

pytestmark = [pytest.mark.kill, pytest.mark.xdist_group("recovery")]

log = logging.getLogger(__name__)
OPTIONS = Options(seed=False, trace_ratio=0, env=IMPATIENT)
RPO_FLOWS, RTO_SECONDS = 0, 120
"""With changes followed, a process crash of everything loses nothing that a caller was promised."""


@pytest.fixture
async def places(tmp_path: Path) -> AsyncIterator[tuple[Path, Path, Path]]:
    before, after = tmp_path / "before", tmp_path / "after"
    yield before, after, tmp_path / "backup"
    for one in (before, after):
        remove(one)


async def test_a_restored_platform_has_lost_nothing_and_finishes_every_flow(
    places: tuple[Path, Path, Path],
) -> None:
    before, after, kept = places
    keys = kept.with_name("keys")
    with Network(before, OPTIONS) as network:
        async with network.client("medical_director") as director:
            await open_clinics(director, [CLINIC])
        network.settle()
        friends = [await befriended(network, "acme")]
        accepted = await submitted(network, 10)
        network.settle(60)
        await asyncio.to_thread(backup.backup, before, kept, keys)
        following = asyncio.create_task(
            asyncio.to_thread(backup.follow, before, kept, keys, Event())
        )
        await asyncio.to_thread(renew_keys, network)
        friends.append(await befriended(network, "late"))
        accepted += await submitted(network, 20)
        await received(network)
        await kept_up(network, keys)
        destroy(network)
        with pytest.raises(NetworkFailed, match="gone"):
            await following
    began = time.monotonic()
    await asyncio.to_thread(backup.restore, kept, keys, after)
    with Network(after, OPTIONS) as network:
        answering = time.monotonic() - began
        async with network.client("operator", timeout=120) as operator:
            await rebuilt(operator)
        network.settle(120)
        whole = time.monotonic() - began
        seen = await evidence(network)
        for referral in (accepted[0], accepted[-1]):
            assert (await named(network, referral)).startswith(FAMILY)
        credentials = after / "friend.creds"
        for friend in friends:
            await asyncio.to_thread(credentials.write_text, friend)
            assert await admitted(network, credentials)
    lost = set(accepted) - {str(referral) for referral in seen.referrals}
    log.warning("RPO %d flows, RTO %.1f s answering, %.1f s whole", len(lost), answering, whole)
    assert len(lost) <= RPO_FLOWS
    assert whole < RTO_SECONDS
    assert set(seen.referrals.values()) == {"SCHEDULED"}
    assert violations(seen) == {}


def test_keys_are_kept_apart_and_nothing_is_restored_without_them(tmp_path: Path) -> None:
    kept, network = tmp_path / "backup", tmp_path / "network"
    for keys in (kept, kept / "keys", tmp_path):
        with pytest.raises(NetworkFailed, match="apart"):
            backup.backup(network, kept, keys)
    kept.mkdir()
    (kept / "backup.json").write_text("{}")
    with pytest.raises(NetworkFailed, match="no keys"):
        backup.restore(kept, tmp_path / "keys", network)
    assert not network.exists()


def test_every_key_is_kept_as_it_is_now_and_a_draft_is_not(tmp_path: Path) -> None:
    network, to, keys = tmp_path / "network", tmp_path / "backup", tmp_path / "keys"
    kept = [KEYRING, "nats.keys/partner-acme.json", "tls/authority.key", "nats.keys/.draft"]
    for words in ("old", "newer"):
        for name in kept:
            (network / name).parent.mkdir(parents=True, exist_ok=True)
            (network / name).write_text(words)
        backup._keep_up(network, to, keys)
        copied = {file.relative_to(keys).as_posix() for file in keys.rglob("*") if file.is_file()}
        assert copied == set(kept[:-1])
        assert {(keys / name).read_text() for name in copied} == {words}


async def submitted(network: Network, flows: int) -> list[str]:
    async with network.client("referrer", npi=NPI) as doctor:
        run = uuid4()
        return await submit_all(doctor, [application(n, CLINIC, run) for n in range(flows)])


async def received(network: Network) -> None:
    """Every change so far stands in the copy."""
    line = await asyncpg.connect(network.servers.postgres.url())
    try:
        written = await line.fetchval("SELECT pg_current_wal_flush_lsn()")

        async def there() -> bool:
            sql = "SELECT bool_and(flush_lsn >= $1::pg_lsn) FROM pg_stat_replication"
            return bool(await line.fetchval(sql, written))

        await eventually(there, within=30)
    finally:
        await line.close()


async def named(network: Network, referral_id: str) -> str:
    """The patient's name, which only the keyring opens."""
    async with network.client("referrer", npi=NPI) as doctor:
        found = await doctor.referral.GetReferral(GetReferralRequest(referral_id=referral_id))
    return found.referral.patient.family_name


async def befriended(network: Network, name: str) -> str:
    """A partner that was there before; gives its credentials."""
    registrar = Registrar(network.servers.nats.url, network.servers.nats.keyring)
    return (await registrar.add(name))[1]


def renew_keys(network: Network) -> None:
    """Identifiers are sealed by another master key from here on: the first copy lacks it."""
    vault.write(vault.rotated(vault.read(network.keyring)), network.keyring)
    network.restart("referral")


async def kept_up(network: Network, keys: Path) -> None:
    """The copy of the keys is as they are."""

    async def same() -> bool:
        read = [vault.read(folder / KEYRING).version for folder in (network.directory, keys)]
        return read == [2, 2] and (keys / "nats.keys" / "partner-late.json").exists()

    await eventually(same, within=30)


async def admitted(network: Network, credentials: Path) -> bool:
    client = await nats.connect(network.servers.nats.url, user_credentials=str(credentials))
    try:
        return client.is_connected
    finally:
        await client.close()


def destroy(network: Network) -> None:
    """Services, broker and database at once; nothing of the folder is used again."""
    for name in network.processes:
        network.kill(name)
    network.servers.nats.kill()
    network.servers.postgres.kill()


async def rebuilt(operator: Halcyon) -> None:
    request = streams.RebuildStreamRequest(reason="restore drill")
    for name in operator.services:
        await operator.operations(name).RebuildStream(request)
