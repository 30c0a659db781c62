"""A stranger with nothing but docs/runbook.md: staged incidents, commands to the letter."""

import asyncio
import os
import re
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import nats
import pytest

from chassis import parking
from chassis.accounts import Quotas
from chassis.database import Database
from chassis.embedded import remove
from chassis.testing import eventually
from chassis.watchdog import alive
from clients.network import Network, Options
from clients.network.process import ROOT
from clients.registrar import Registrar
from halcyon.referral.v1.partner_pb2 import PARTNER_FORMAT_JSON, Partner
from halcyon.referral.v1.partner_service_pb2 import UpdatePartnerRequest
from tests.flows import NPI, application, large_clinic, open_clinics, submit

pytestmark = [pytest.mark.kill, pytest.mark.xdist_group("runbook")]

RUNBOOK = (ROOT / "docs/runbook.md").read_text()
CLINIC = large_clinic("runbook", rooms=8)
SERIES_HELD = "halcyon.scheduling.events.v1.SeriesHeld"
QUICK = {"HALCYON_MAX_DELIVER": "2", "HALCYON_LEASE_SECONDS": "1"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where root may mount, the broker has a small disk of its own."""
    directory = tmp_path_factory.mktemp("runbook")
    disk = directory / "nats"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(disk)]
    mounted = os.geteuid() == 0 and subprocess.run(mount, check=False).returncode == 0
    yield directory
    if mounted:
        subprocess.run(["umount", "-l", str(disk)], check=True)
    remove(directory)


@pytest.fixture(scope="module")
async def network(folder: Path) -> AsyncIterator[Network]:
    options = Options(seed=False, env=QUICK)
    with Network(folder, options) as running:
        async with running.client("medical_director") as director:
            await open_clinics(director, [CLINIC])
        running.settle()
        yield running


def blocks(heading: str) -> list[str]:
    """The console blocks below one heading, as they stand."""
    (section,) = re.findall(rf"^## {heading}\n(.*?)(?=^## |\Z)", RUNBOOK, re.M | re.S)
    found = re.findall(r"^```console\n(.*?)^```", section, re.M | re.S)
    assert found
    return found


async def follow(network: Network, block: str, **known: str) -> str:
    """Run it as a person in a shell would; each line must succeed."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    shell = await asyncio.create_subprocess_exec(
        *("bash", "-euc", block),
        env=os.environ
        | {"PATH": path, "HALCYON_DATA": str(network.directory), "COLUMNS": "200"}
        | {"PYTHONPATH": f"{ROOT}:{ROOT / 'gen'}"}
        | known,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    output, _ = await shell.communicate()
    assert shell.returncode == 0, output.decode()
    return output.decode()


async def referred(network: Network) -> str:
    async with network.client("referrer", npi=NPI) as doctor:
        return await submit(doctor, application(1, CLINIC, uuid4()))


def is_now(network: Network, referral: str, *statuses: str):
    async def asked() -> bool:
        rows = await fetch(
            network,
            "referral",
            "SELECT status FROM referral WHERE referral_id = $1",
            UUID(referral),
        )
        return rows[0][0] in statuses

    return eventually(asked, within=60)


async def fetch(network: Network, service: str, sql: str, *arguments: object):
    line = await asyncpg.connect(network.database_url(service))
    try:
        return await line.fetch(sql, *arguments)
    finally:
        await line.close()


def holds(network: Network, service: str, sql: str, *arguments: object):
    async def asked() -> bool:
        return bool(await fetch(network, service, sql, *arguments))

    return eventually(asked, within=60)


async def test_parked_poison(network: Network) -> None:
    await fetch(
        network, "billing", "ALTER TABLE invoice ADD CONSTRAINT staged CHECK (false) NOT VALID"
    )
    referral = await referred(network)
    await holds(network, "billing", "SELECT 1 FROM parked WHERE replayed_at IS NULL")
    look, mend = blocks("Parked poison")
    seen = await follow(network, look, REFERRAL=referral)
    assert "SeriesHeld" in seen
    assert "billing parked SeriesHeld after 2 tries: DatabaseFault" in seen
    assert "billing would replay 1" in seen
    await fetch(network, "billing", "ALTER TABLE invoice DROP CONSTRAINT staged")
    assert "billing has handled 1; 0 failed again" in await follow(network, mend, REFERRAL=referral)
    await is_now(network, referral, "SCHEDULED")


async def test_forgotten_pause(network: Network) -> None:
    stage = 'halcyon flow pause --consumer "$SERVICE" --reason "trying something"'
    await follow(network, stage, SERVICE="intake")
    referral = await referred(network)
    await asyncio.sleep(6)
    (block,) = blocks("Forgotten pause")
    seen = await follow(network, block, REFERRAL=referral, SERVICE="intake")
    assert "intake has not heard ReferralRouted: its consumer is paused" in seen
    assert "trying something" in seen
    await is_now(network, referral, "SCHEDULED")


async def test_paused_partner(network: Network, folder: Path) -> None:
    credentials = folder / "acme.creds"
    await befriend(network, credentials)
    stage = 'halcyon flow pause --consumer partner-acme --reason "it floods us"'
    await follow(network, stage)
    await eventually(rests(network), within=60, every=0.1)
    await say(network, credentials, '{"not": "a referral"}')
    (block,) = blocks("Paused partner")
    seen = await follow(network, block, PARTNER="acme")
    assert "it floods us" in seen
    (before, *_) = rows(seen)
    assert before == ("paused", "1", "0")

    async def answered() -> bool:
        said = await follow(network, block.splitlines()[0])
        return rows(said) == [("open", "0", "1")]

    await eventually(answered, within=60, every=0.5)


def rests(network: Network) -> Callable[[], Awaitable[bool]]:
    """Referral has heeded the pause; what comes before that is still answered."""
    written = network.directory / "logs" / "referral.log"

    async def closed() -> bool:
        return "partner.closed" in await asyncio.to_thread(written.read_text)

    return closed


def rows(shown: str) -> list[tuple[str, ...]]:
    """State, unanswered and unread of the one partner, each time it is shown."""
    return re.findall(r"acme +(\w+) .*?(\d+) +(\d+) *$", shown, re.M)


async def befriend(network: Network, credentials: Path) -> None:
    """What `halcyon partner add` does, with room for it on a small disk."""
    small = Quotas(bytes=1 << 20, feed_bytes=1 << 20)
    registrar = Registrar(network.servers.nats.url, network.servers.nats.keyring)
    entry, text = await registrar.add("acme", small)
    await asyncio.to_thread(credentials.write_text, text)
    known = Partner(
        name="acme",
        account=entry.partner.account,
        clinic_ids=[str(CLINIC.clinic_id)],
        format=PARTNER_FORMAT_JSON,
    )
    async with network.client("operator") as operator:
        await operator.partners.UpdatePartner(UpdatePartnerRequest(partner=known))


async def say(network: Network, credentials: Path, text: str) -> None:
    """As the partner, with what it was given."""
    client = await nats.connect(network.servers.nats.url, user_credentials=str(credentials))
    head = {"ce-specversion": "1.0", "ce-id": "m1", "ce-source": "urn:acme"}
    head["ce-type"] = "halcyon.referral.v1.CreateReferralRequest"
    try:
        js = client.jetstream()
        await js.publish("halcyon.in", text.encode(), headers=head, timeout=10)
    finally:
        await client.close()


async def test_stuck_hold(network: Network) -> None:
    about = {"FACT": SERIES_HELD}
    await follow(network, 'halcyon flow pause --fact "$FACT" --reason "stage"', **about)
    referral = await referred(network)
    flow = UUID(referral)
    await holds(
        network,
        "scheduling",
        "SELECT 1 FROM series WHERE referral_id = $1 AND status = 'held'",
        flow,
    )
    await stick(network, flow)
    (block,) = blocks("Stuck hold")
    seen = await follow(network, block, REFERRAL=referral)
    assert "scheduling parked release-hold after 10 tries: DatabaseFault" in seen
    assert referral in seen
    await holds(
        network,
        "scheduling",
        "SELECT 1 FROM series WHERE referral_id = $1 AND status = 'released'",
        flow,
    )
    await follow(network, 'halcyon flow resume --fact "$FACT" --reason "stage over"', **about)
    await is_now(network, referral, "NEEDS_ATTENTION")
    network.settle()


async def stick(network: Network, flow: UUID) -> None:
    """The hold is over, and giving it back failed ten times."""
    found = await fetch(
        network,
        "scheduling",
        "UPDATE series SET hold_expire_time = now() - interval '1 hour' WHERE referral_id = $1"
        " RETURNING series_id",
        flow,
    )
    async with database(network, "scheduling") as db, db.transaction() as tx:
        tx.undue("release-hold", found[0][0])
        await parking.park_due(tx, "release-hold", found[0][0], "DatabaseFault", 10)


@asynccontextmanager
async def database(network: Network, service: str) -> AsyncIterator[Database]:
    db = Database(network.database_url(service))
    try:
        await db.tell_time()
        yield db
    finally:
        await db.close()


async def test_regressed_stream(network: Network) -> None:
    await is_now(network, await referred(network), "SCHEDULED")
    network.settle()
    await asyncio.to_thread(damage, network)
    (block,) = blocks("Regressed stream")

    async def seen() -> bool:
        return "regressed" in await follow(network, "halcyon stream check || true")

    await eventually(seen, within=90, every=1)
    told = await follow(network, block)
    assert "facts again" in told
    await is_now(network, await referred(network), "SCHEDULED")
    network.settle(60)
    assert "sound" in await follow(network, "halcyon stream check")


def damage(network: Network) -> None:
    """A bit flipped on the disk: half of the messages are gone when the broker comes back."""
    network.servers.nats.stop()
    (folder,) = network.directory.glob("nats/jetstream/*/streams/HALCYON/msgs")
    for block in folder.glob("*.blk"):
        block.write_bytes(block.read_bytes()[: block.stat().st_size // 2])
    (folder / "index.db").unlink(missing_ok=True)
    network.servers.nats.start()


async def test_full_disk(network: Network, folder: Path) -> None:
    if not (folder / "nats").is_mount():
        pytest.skip("only root may give the broker a small disk")
    ballast = folder / "nats/ballast"
    fill(ballast)
    referral = await referred(network)
    await asyncio.sleep(timedelta(seconds=6).total_seconds())
    first, check = blocks("Full disk")
    look = await follow(network, first.splitlines()[0], REFERRAL=referral)
    assert "the stream has not taken it" in look
    ballast.unlink()
    old = network.servers.nats.pid
    await follow(network, first, REFERRAL=referral)
    await asyncio.to_thread(supervise, network, old)
    await is_now(network, referral, "SCHEDULED")
    assert "nothing is stuck" in await follow(network, check, REFERRAL=referral)


def supervise(network: Network, pid: int) -> None:
    """What `halcyon up` does: a broker that has ended is started again."""
    until = time.monotonic() + 30
    while alive(pid):
        assert time.monotonic() < until
        time.sleep(0.1)
    network.servers.nats.restart()


def fill(ballast: Path) -> None:
    """Until there is no space left on the device."""
    with ballast.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space"):
        while True:
            file.write(b"x" * 4096)
