"""A network of real processes: up, crash, restart, Ctrl-C, up again; nobody is left behind."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nats
import psutil
import pytest

from chassis.keyring import Keyring
from clients import journey
from clients.network import Network, Options, record
from clients.network.network import to_end
from clients.tests.running import Run, command, environment
from halcyon.infusion.events.v1.infusion_events_pb2 import SessionPlanned
from halcyon.intake.events.v1.intake_events_pb2 import PlanApproved

pytestmark = [pytest.mark.kill]
PATIENCE = 120


@contextmanager
def up(data: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """`halcyon up`, until it has written where everything is."""
    with (data.parent / "up.log").open("ab") as log:
        process = subprocess.Popen(
            command("up", "--data", str(data)), env=environment(), stdout=log, stderr=log
        )
    try:
        until = time.monotonic() + PATIENCE
        while not (data / record.FILE).exists() or record.read(data)["pid"] != process.pid:
            assert process.poll() is None, (data.parent / "up.log").read_text()
            assert time.monotonic() < until
            time.sleep(0.1)
        yield process
    finally:
        process.kill()
        process.wait()


def family(process: "subprocess.Popen[bytes]") -> list[psutil.Process]:
    found = psutil.Process(process.pid).children(recursive=True)
    assert len(found) > 6, found
    return found


def nobody_left(members: list[psutil.Process]) -> bool:
    _, alive = psutil.wait_procs(members, timeout=30)
    return not [one for one in alive if one.status() != psutil.STATUS_ZOMBIE]


def submitted(halcyon: Run, data: Path) -> str:
    file = journey.EXAMPLES / "crps-seattle.fhir.json"
    result = halcyon("referral", "submit", str(file), data=data)
    assert result.returncode == 0, result.stderr
    return result.stdout.partition("referral watch ")[2].strip()


def test_up_and_down_and_up_again(halcyon: Run, tmp_path: Path) -> None:
    data = tmp_path / "data"
    with up(data) as process:
        referral_id = submitted(halcyon, data)
        assert submitted(halcyon, data) == referral_id
        before = record.read(data)["services"]["intake"]
        os.kill(before["pid"], signal.SIGKILL)
        until = time.monotonic() + PATIENCE
        while (after := record.read(data)["services"]["intake"])["pid"] == before["pid"]:
            assert time.monotonic() < until
            time.sleep(0.1)
        assert after["address"] == before["address"]
        os.kill(_postmaster(data), signal.SIGKILL)
        assert halcyon("referral", "show", referral_id, data=data).returncode == 0
        members = family(process)
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 0
        assert nobody_left(members)
        assert not (data / record.FILE).exists()

    with up(data) as process:
        shown = halcyon("flow", "show", referral_id, data=data)
        assert shown.returncode == 0, shown.stderr
        assert "ReferralRouted" in shown.stdout
        assert "Trace" in shown.stdout
        assert halcyon("parked", "list", data=data).stdout.strip() == "nothing is parked"
        members = family(process)
        process.kill()
        process.wait()
        assert nobody_left(members)


def _postmaster(data: Path) -> int:
    pointer = data / "postgres.home"
    home = Path(pointer.read_text()) if pointer.exists() else data / "postgres"
    return int((home / "data" / "postmaster.pid").read_text().split("\n")[0])


def test_detached_until_told_to_end(halcyon: Run, tmp_path: Path) -> None:
    data = tmp_path / "data"
    started = halcyon("up", "--detach", data=data)
    try:
        assert started.returncode == 0, started.stderr
        supervisor = psutil.Process(record.read(data)["pid"])
        members = supervisor.children(recursive=True)
        assert "referral" in halcyon("status", data=data).stdout
        token = halcyon("token", "--role", "nurse", data=data).stdout
        assert token.count(".") == 2
        assert "already" in halcyon("seed", data=data).stdout
        _poison(record.read(data))
        while "Reject" not in (listed := halcyon("parked", "list", data=data).stdout):
            assert listed.strip() == "nothing is parked"
        event_id = listed.split()[listed.split().index("infusion") + 1]
        assert "PlanApproved" in halcyon("parked", "show", event_id, data=data).stdout
        again = halcyon("parked", "replay", event_id, data=data)
        assert again.returncode == 1
        assert again.stderr.startswith("✗ REPLAY_FAILED")
    finally:
        ended = halcyon("down", data=data)
    assert ended.returncode == 0, ended.stderr
    assert nobody_left([supervisor, *members])


def _poison(network: dict[str, Any]) -> None:
    """Bytes that are no fact, under the name of one."""

    async def publish() -> None:
        broker = await nats.connect(
            network["nats"],
            user_credentials=str(Keyring(Path(network["nats_keys"])).service_credentials),
        )
        await broker.jetstream().publish(PlanApproved.DESCRIPTOR.full_name, b"\xff")
        await broker.close()

    to_end(publish())


async def test_a_failpoint_kills_once_and_the_flow_goes_on(tmp_path: Path) -> None:
    crash = {"intake": {"HALCYON_FAILPOINT": "after-commit-before-ack"}}
    with Network(tmp_path, Options(trace_ratio=1, service_env=crash)) as network:
        file = journey.EXAMPLES / "crps-seattle.json"
        request = journey.read_referral(file.read_bytes())
        async with network.client("referrer", npi=request.referrer.npi) as doctor:
            referral = await journey.refer(doctor, request)
            await journey.until(doctor, referral.referral_id, [SessionPlanned])
        network.wait_restarted("intake")
        assert network.processes["intake"].restarts == 1
        assert json.loads((tmp_path / record.FILE).read_text())["services"]["intake"]["restarts"]


def test_what_cannot_start_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    from clients.network import NetworkFailed

    before = set(psutil.Process().children(recursive=True))
    options = Options(services=("referral",), env={"HALCYON_BATCH": "none"}, seed=False)
    with pytest.raises(NetworkFailed, match="referral ended"):
        Network(tmp_path, options).start()
    assert not (tmp_path / record.FILE).exists()
    new = set(psutil.Process().children(recursive=True)) - before
    assert nobody_left([one for one in new if "children.py" not in " ".join(one.cmdline())])
