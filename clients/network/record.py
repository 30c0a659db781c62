"""network.json: what runs where, for whoever finds the folder.

`halcyon up` writes it; for a deployment it is written by hand, with the addresses and, where a
development issuer is used, the issuer's folder. Only the first kind names a supervisor's pid.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chassis.watchdog import alive

FILE = "network.json"


class NotRunning(RuntimeError):
    """No network runs in this folder."""


def write(directory: Path, content: Mapping[str, Any]) -> None:
    """Whole or not at all: a reader never sees half of it."""
    draft = directory / f".{FILE}.{os.getpid()}"
    draft.write_text(json.dumps(content, indent=2) + "\n")
    draft.replace(directory / FILE)


def read(directory: Path) -> dict[str, Any]:
    """The network that runs in a folder."""
    try:
        found: dict[str, Any] = json.loads((directory / FILE).read_text())
    except (FileNotFoundError, NotADirectoryError):
        raise NotRunning(f"no network runs in {directory}: start one with `halcyon up`") from None
    if "pid" in found and not alive(found["pid"]):
        raise NotRunning(f"the network in {directory} has ended: start it with `halcyon up`")
    return {"directory": str(directory)} | found


def remove(directory: Path) -> None:
    """Nothing runs here any more."""
    (directory / FILE).unlink(missing_ok=True)
