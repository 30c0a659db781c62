"""One demonstration network for all journeys and traces of a test process."""

from collections.abc import Iterator

import pytest

from chassis.embedded import remove
from clients.network import Network, Options
from tests.marks import folders, found


@pytest.fixture(scope="session")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    """Three clinics, every trace kept; what it leaves behind names nobody."""
    directory = tmp_path_factory.mktemp("network")
    with Network(directory, Options(trace_ratio=1.0)) as running:
        yield running
    assert found(folders(directory)) == {}
    remove(directory)
