"""A network of its own for each file of failures, and the judge."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from chassis.embedded import remove
from clients.network import Network, Options
from clients.network.seed import DemoClinic
from tests.failures.evidence import Evidence, gather
from tests.failures.verifier import violations
from tests.flows import large_clinic, open_clinics
from tests.marks import folders, found

IMPATIENT = {
    "HALCYON_LEASE_SECONDS": "2",
    "HALCYON_ERRAND_LEASE_SECONDS": "3",
    "HALCYON_ACK_WAIT_SECONDS": "3",
}
"""Leases as short as a test: what a dead process held is taken over after seconds."""

CLINIC = large_clinic("failures", rooms=80)


@pytest.fixture(scope="module")
async def network(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Network]:
    """Real servers and processes; what crashes is started again, and names nobody on its way."""
    options = Options(heal_servers=True, seed=False, trace_ratio=0.01, env=IMPATIENT)
    directory = tmp_path_factory.mktemp("failures")
    with Network(directory, options) as running:
        async with running.client("medical_director") as director:
            await open_clinics(director, [CLINIC])
        running.settle()
        yield running
    assert found(folders(directory)) == {}
    remove(directory)


@pytest.fixture(scope="module")
def clinic() -> DemoClinic:
    """Where everybody is sent."""
    return CLINIC


async def evidence(network: Network) -> Evidence:
    """What the platform says once it is at rest."""
    databases = {name: network.database_url(name) for name in network.processes}
    return await gather(databases, network.servers.nats)


@pytest.fixture
def judge(network: Network) -> Callable[[list[str]], Awaitable[None]]:
    """Wait for rest, then hold the platform to its promises for the referrals accepted."""

    async def judged(accepted: list[str]) -> None:
        network.settle(120)
        seen = await evidence(network)
        assert violations(seen) == {}
        assert {str(referral) for referral in seen.referrals} >= set(accepted)
        assert set(seen.referrals.values()) == {"SCHEDULED"}

    return judged
