"""What the tests of the clients share."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from clients.network.process import ROOT

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "clients.cli", *words]


def environment(**more: str) -> dict[str, str]:
    paths = os.pathsep.join([str(ROOT), str(ROOT / "gen")])
    return {**os.environ, "PYTHONPATH": paths, "COLUMNS": "100", **more}


@pytest.fixture
def halcyon(tmp_path: Path) -> Iterator[Run]:
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
