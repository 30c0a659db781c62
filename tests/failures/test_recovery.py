"""Backup, destruction, restore: what is lost and how long it takes, measured each time it runs."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest

from chassis.embedded import remove
from clients.network import Network, Options, backup
from clients.sdk import Halcyon
from halcyon.operations.v1 import stream_calls_pb2 as streams
from tests.failures.conftest import CLINIC, IMPATIENT, evidence
from tests.failures.verifier import violations
from tests.flows import NPI, application, open_clinics, submit_all

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
    with Network(before, OPTIONS) as network:
        async with network.client("medical_director") as director:
            await open_clinics(director, [CLINIC])
        network.settle()
        accepted = await submitted(network, 10)
        network.settle(60)
        await asyncio.to_thread(backup.backup, before, kept)
        following = backup.follow(before, kept)
        try:
            accepted += await submitted(network, 20)
            await asyncio.sleep(1)
            destroy(network)
        finally:
            following.terminate()
            following.wait()
    began = time.monotonic()
    await asyncio.to_thread(backup.restore, kept, after)
    with Network(after, OPTIONS) as network:
        answering = time.monotonic() - began
        async with network.client("operator", timeout=120) as operator:
            await rebuilt(operator)
        network.settle(120)
        whole = time.monotonic() - began
        seen = await evidence(network)
    lost = set(accepted) - {str(referral) for referral in seen.referrals}
    log.warning("RPO %d flows, RTO %.1f s answering, %.1f s whole", len(lost), answering, whole)
    assert len(lost) <= RPO_FLOWS
    assert whole < RTO_SECONDS
    assert set(seen.referrals.values()) == {"SCHEDULED"}
    assert violations(seen) == {}


async def submitted(network: Network, flows: int) -> list[str]:
    async with network.client("referrer", npi=NPI) as doctor:
        run = uuid4()
        return await submit_all(doctor, [application(n, CLINIC, run) for n in range(flows)])


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
