"""The command as a process of its own, or within this one, which takes a tenth of the time."""

import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from unittest.mock import patch

from rich.console import Console
from typer.testing import CliRunner

from clients.cli import screen
from clients.cli.__main__ import app
from clients.network.process import ROOT

Said = Callable[..., str]
Run = Callable[..., "subprocess.CompletedProcess[str]"]


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "clients.cli", *words]


def environment(**more: str) -> dict[str, str]:
    paths = os.pathsep.join([str(ROOT), str(ROOT / "gen")])
    return {**os.environ, "PYTHONPATH": paths, "COLUMNS": "100", **more}


def within(data: Path, *group: str) -> Said:
    """The command in a thread, for it has an event loop of its own; what it prints."""

    def said(*words: str, fails: bool = False) -> str:
        env = {"HALCYON_DATA": str(data)}
        wide = patch.object(screen, "console", Console(highlight=False, width=100))
        with wide, ThreadPoolExecutor(1) as thread:
            result = thread.submit(CliRunner().invoke, app, [*group, *words], env=env).result()
        assert (result.exit_code != 0) is fails, result.output
        assert result.exception is None or isinstance(result.exception, SystemExit)
        return result.stderr if fails else result.stdout

    return said
