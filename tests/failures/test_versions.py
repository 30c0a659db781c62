"""An upgrade under load: the version before, its schema expanded beneath it, both side by side."""

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from chassis.embedded import remove
from chassis.migrate import upgrade
from clients.network import Network, Options
from clients.network.options import discovered
from clients.network.process import ROOT, ServiceProcess
from clients.sdk import Halcyon
from tests.failures.conftest import CLINIC, IMPATIENT, evidence
from tests.failures.verifier import violations
from tests.flows import NPI, application, open_clinics, submit_all

pytestmark = [pytest.mark.kill, pytest.mark.xdist_group("versions")]

BASELINE = "a5011f3"
"""The version before, as long as nothing is released: one that hears what we hear. An older one
parks what a wider subscription brings it, to be replayed when it has left (docs/operations.md)."""


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The newest release, unpacked beside us."""
    tags = git("tag", "--sort=-v:refname", "--list", "v*").split()
    version = tags[0] if tags else BASELINE
    folder = tmp_path_factory.mktemp("before")
    archive = subprocess.run(
        ["git", "archive", version], cwd=ROOT, capture_output=True, check=False
    )
    if archive.returncode and not os.environ.get("HALCYON_CI"):
        pytest.skip(f"this clone does not hold {version}")
    assert archive.returncode == 0, archive.stderr
    subprocess.run(["tar", "-x", "-C", folder], input=archive.stdout, check=True)
    return folder


def git(*words: str) -> str:
    return subprocess.run(
        ["git", *words], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout


@pytest.fixture
async def network(before: Path, tmp_path: Path) -> AsyncIterator[Network]:
    """The version before, alone, on its own schema."""
    directory = tmp_path / "network"
    roots = dict.fromkeys(discovered(), before)
    options = Options(seed=False, trace_ratio=0, env=IMPATIENT, roots=roots)
    with Network(directory, options) as running:
        async with running.client("medical_director") as director:
            await open_clinics(director, [CLINIC])
        running.settle()
        yield running
    remove(directory)


async def test_flows_pass_while_every_service_changes_its_version(
    network: Network, tmp_path: Path
) -> None:
    run = uuid4()
    accepted = await submitted(network, network.addresses, range(8), run)
    loading = asyncio.create_task(submitted(network, network.addresses, range(8, 48), run))
    for name in discovered():
        url, service_url = network.database_url(name), network.service_url(name)
        await upgrade(name, url, service_url=service_url)
    accepted += await loading
    with newcomers(network, tmp_path) as addresses:
        halves = await asyncio.gather(
            submitted(network, network.addresses, range(48, 88), run),
            submitted(network, addresses, range(88, 128), run),
        )
        for half in halves:
            accepted += half
        leaving = asyncio.create_task(submitted(network, addresses, range(128, 168), run))
        for process in network.processes.values():
            await asyncio.to_thread(process.stop)
        accepted += await leaving
        network.settle(120)
    seen = await evidence(network)
    assert violations(seen) == {}
    assert len(set(accepted)) == 168
    assert {str(referral) for referral in seen.referrals} == set(accepted)
    assert set(seen.referrals.values()) == {"SCHEDULED"}


@contextmanager
def newcomers(network: Network, tmp_path: Path) -> Iterator[dict[str, str]]:
    """This version of every service beside the other, on the same databases and consumers."""
    place = tmp_path / "newcomers"
    for folder in ("logs", "run"):
        (place / folder).mkdir(parents=True)
    made = {}
    for name in discovered():
        places = network._environment(name) | {"HALCYON_DATABASE_URL": network.service_url(name)}
        made[name] = ServiceProcess(name, places, place)
    try:
        for process in made.values():
            process.start()
        for process in made.values():
            process.wait()
        yield {name: process.address for name, process in made.items()}
    finally:
        for process in made.values():
            process.begin_stop()
        for process in made.values():
            process.stop()


async def submitted(
    network: Network, addresses: dict[str, str], flows: range, run: UUID
) -> list[str]:
    async with Halcyon(addresses, network.token("referrer", npi=NPI), timeout=5) as doctor:
        return await submit_all(doctor, [application(n, CLINIC, run) for n in flows], in_flight=8)
