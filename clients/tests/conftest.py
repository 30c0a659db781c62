"""What the tests of the clients share."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from chassis.embedded import remove
from clients.tests.running import Run, command, environment


@pytest.fixture(autouse=True)
def tidy(tmp_path: Path) -> Iterator[None]:
    """A network keeps its PostgreSQL elsewhere when its folder is closed to others: forget both."""
    yield
    for directory in (tmp_path / "data", tmp_path):
        remove(directory)


@pytest.fixture
def halcyon(tmp_path: Path) -> Run:
    """The command, as a person runs it, in a folder of its own."""

    def run(*words: str, data: Path | None = None) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            command(*words),
            env=environment(HALCYON_DATA=str(data or tmp_path / "data")),
            capture_output=True,
            text=True,
            check=False,
        )

    return run
