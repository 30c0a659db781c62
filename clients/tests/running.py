"""The command as a process of its own."""

import os
import subprocess
import sys
from collections.abc import Callable

from clients.network.process import ROOT

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "clients.cli", *words]


def environment(**more: str) -> dict[str, str]:
    paths = os.pathsep.join([str(ROOT), str(ROOT / "gen")])
    return {**os.environ, "PYTHONPATH": paths, "COLUMNS": "100", **more}
