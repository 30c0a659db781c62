"""One fleet of containers for this folder, and the judge.

Without an engine the tests are skipped with that reason; in CI they fail.
"""

import os
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import replace
from uuid import UUID

import docker
import pytest
from docker.errors import DockerException

from chassis.testing import eventually
from clients.network import quiet
from clients.network.process import ROOT
from clients.network.seed import DemoClinic
from clients.sdk import Halcyon
from tests.containers.fleet import Fleet
from tests.failures.evidence import Evidence, gather
from tests.failures.verifier import violations
from tests.flows import NPI, large_clinic, open_clinics

os.environ.setdefault("TESTCONTAINERS_RYUK_DISABLED", "true")
os.environ.setdefault("TESTCONTAINERS_CONNECTION_MODE", "docker_host")

CLINICS = [large_clinic(f"boxes-{number}", rooms=80) for number in range(8)]
Judge = Callable[..., Awaitable[Evidence]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All on one worker, since they share the fleet."""
    for item in items:
        if "containers" in item.path.parts:
            item.add_marker(pytest.mark.containers)
            item.add_marker(pytest.mark.xdist_group("containers"))


@pytest.fixture(scope="session")
def engine() -> str:
    """The engine's version; without one there is a reason to skip, but not where CI promised it."""
    try:
        return str(docker.from_env().version()["Version"])
    except DockerException as error:
        if os.environ.get("HALCYON_CI"):
            pytest.fail(f"CI must start a container engine (deploy/engine.sh): {error}")
        pytest.skip("no container engine answers: start one with `deploy/engine.sh`")


@pytest.fixture(scope="session")
def images(engine: str) -> None:
    """Built from this checkout; what has not changed is not built again."""
    built = subprocess.run(
        [ROOT / "deploy/images/build.sh"], capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stdout + built.stderr


@pytest.fixture(scope="session")
def fleet(images: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    directory = tmp_path_factory.mktemp("fleet")
    with Fleet(directory, os.environ.get("TAG", "dev")) as running:
        yield running


@pytest.fixture(scope="session")
async def clinics(fleet: Fleet) -> list[DemoClinic]:
    """Where everybody is sent."""
    async with fleet.client("medical_director") as director:
        await open_clinics(director, CLINICS)
    await rest(fleet)
    return CLINICS


@pytest.fixture
async def doctor(fleet: Fleet, clinics: list[DemoClinic]) -> AsyncIterator[Halcyon]:
    async with fleet.client("referrer", npi=NPI, timeout=10) as doctor:
        yield doctor


async def rest(fleet: Fleet, patience: float = 180) -> None:
    """Until the cluster is whole and nothing is in motion."""
    await eventually(fleet.whole, within=patience, every=0.2)
    quietly = await quiet.settle(fleet.databases, fleet.broker, patience)
    assert quietly, "\n".join(f"{box.name}:\n{box.tail(5)}" for box in fleet.boxes)


_poison: set[UUID] = set()


@pytest.fixture
def poisoned() -> set[UUID]:
    """Facts that a test put into the stream: nobody stated them, and all who hear park them."""
    return _poison


@pytest.fixture
def judge(fleet: Fleet) -> Judge:
    """Wait for rest, then hold the platform to its promises for the referrals accepted."""

    async def judged(accepted: list[str], patience: float = 180) -> Evidence:
        await rest(fleet, patience)
        seen = await gather(fleet.databases, fleet.broker)
        mine = {UUID(referral) for referral in accepted}
        assert seen.referrals.keys() >= mine
        assert {seen.referrals[referral] for referral in mine} <= {"SCHEDULED"}
        assert violations(cleaned(seen, mine)) == {}
        return seen

    return judged


def cleaned(seen: Evidence, mine: set[UUID]) -> Evidence:
    """Without the poison, and with the steps counted for the load's own flows."""
    return replace(
        seen,
        stream=[fact for fact in seen.stream if fact.event_id not in _poison],
        parked={name: found - _poison for name, found in seen.parked.items()},
        referrals={one: status for one, status in seen.referrals.items() if one in mine},
    )
