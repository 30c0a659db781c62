"""The power fails: what had reached the disk is all there is, and no accepted flow is lost.

Everything runs on a small disk of its own. All processes are frozen, the disk is copied as its
block device holds it (what the kernel still kept in memory is gone), and the platform starts again
from the copy. Killing processes would prove nothing: the kernel writes out what they left.
"""

import asyncio
import logging
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psutil
import pytest

from clients.network import Network, Options
from clients.sdk import Halcyon
from halcyon.operations.v1 import stream_calls_pb2 as streams
from tests.failures.conftest import CLINIC, IMPATIENT, evidence
from tests.failures.verifier import violations
from tests.flows import NPI, application, open_clinics, submit_all

FLOWS = 60
log = logging.getLogger(__name__)


@contextmanager
def _disk() -> Iterator["Disk"]:
    place = Path(tempfile.mkdtemp(prefix="halcyon-power-", dir="/var/tmp"))
    place.chmod(0o755)
    disk = Disk(place)
    try:
        disk.make()
        yield disk
    finally:
        disk.unmount()
        shutil.rmtree(place, ignore_errors=True)


class Disk:
    """An ext4 file system in a file."""

    def __init__(self, place: Path) -> None:
        self._image, self._copy = place / "image", place / "copy"
        self.root = place / "disk"

    def make(self) -> None:
        self.root.mkdir()
        with self._image.open("wb") as image:
            image.truncate(1 << 30)
        _run("mkfs.ext4", "-q", "-F", str(self._image))
        self.mount(self._image)

    def mount(self, image: Path) -> None:
        _run("mount", "-o", "loop", str(image), str(self.root))
        self.root.chmod(0o755)

    def snapshot(self) -> None:
        """What the block device holds at this moment."""
        _run("cp", "--sparse=always", str(self._image), str(self._copy))

    def lose_power(self) -> None:
        """From here on the disk is as the snapshot found it."""
        self.unmount()
        self.mount(self._copy)

    def unmount(self) -> None:
        subprocess.run(["umount", "-l", self.root], check=False, capture_output=True)


def _run(*words: str) -> None:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


MOUNTS = (
    os.geteuid() == 0 and bool(shutil.which("mkfs.ext4")) and Path("/dev/loop-control").exists()
)

pytestmark = [
    pytest.mark.kill,
    pytest.mark.xdist_group("power"),
    pytest.mark.skipif(not MOUNTS, reason="only root may mount a disk to take its power"),
]


async def _accepted_then_dark(disk: Disk) -> list[str]:
    """Flows under way when the lights go out; what stood before them had long reached the disk."""
    with Network(disk.root / "network", Options(seed=False, env=IMPATIENT)) as network:
        async with network.client("medical_director") as director:
            await open_clinics(director, [CLINIC])
        network.settle()
        _run("sync", "-f", str(disk.root))
        async with network.client("referrer", npi=NPI) as doctor:
            run = uuid4()
            asked = [application(n, CLINIC, run) for n in range(FLOWS)]
            accepted = await submit_all(doctor, asked)
        await asyncio.sleep(1)
        everybody = _processes(network)
        for process in everybody:
            process.suspend()
        await asyncio.to_thread(disk.snapshot)
        for process in everybody:
            process.resume()
    disk.lose_power()
    return accepted


def _processes(network: Network) -> list[psutil.Process]:
    pids = [network.servers.postgres.pid, network.servers.nats.pid]
    pids += [network.pid(name) for name in network.processes]
    heads = [psutil.Process(pid) for pid in pids]
    return heads + [child for head in heads for child in head.children(recursive=True)]


async def _missing(operator: Halcyon) -> int:
    request = streams.CheckStreamRequest()
    found = [await operator.operations(name).CheckStream(request) for name in operator.services]
    return sum(one.missing_count for one in found)


async def test_with_our_settings_no_accepted_flow_is_lost() -> None:
    with _disk() as disk:
        accepted = await _accepted_then_dark(disk)
        with Network(disk.root / "network", Options(seed=False, env=IMPATIENT)) as network:
            async with network.client("operator", timeout=60) as operator:
                missing = await _missing(operator)
            network.settle(120)
            seen = await evidence(network)
    lost = set(accepted) - {str(referral) for referral in seen.referrals}
    log.warning("power loss, synced: %d of %d lost, %d missing", len(lost), FLOWS, missing)
    assert not lost
    assert missing == 0
    assert set(seen.referrals.values()) == {"SCHEDULED"}
    assert violations(seen) == {}


async def test_the_detector_sees_what_the_brokers_default_loses_and_a_rebuild_mends_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HALCYON_NATS_SYNC_INTERVAL", "2m")
    with _disk() as disk:
        accepted = await _accepted_then_dark(disk)
        with Network(disk.root / "network", Options(seed=False, env=IMPATIENT)) as network:
            async with network.client("operator", timeout=60) as operator:
                missing = await _missing(operator)
                request = streams.RebuildStreamRequest(reason="power loss")
                for name in operator.services:
                    await operator.operations(name).RebuildStream(request)
            network.settle(120)
            seen = await evidence(network)
    log.warning("power loss, default: %d facts missing from the stream", missing)
    assert missing > 0, "the default would keep everything: this test could not fail"
    assert set(accepted) <= {str(referral) for referral in seen.referrals}
    assert set(seen.referrals.values()) == {"SCHEDULED"}
