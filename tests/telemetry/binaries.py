"""Prometheus and promtool: of the system, or unpacked from Debian's package, not installed."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from clients.network.process import ROOT

_UNPACKED = ROOT / "build/prometheus"


def binary(name: str) -> str:
    """Where it is; a CI that cannot get it fails, a laptop that cannot skips."""
    if found := shutil.which(name) or shutil.which(name, path=_UNPACKED / "usr/bin"):
        return found
    if shutil.which("apt-get") and shutil.which("dpkg"):
        _unpack()
    if found := shutil.which(name, path=_UNPACKED / "usr/bin"):
        return found
    if os.environ.get("HALCYON_CI"):
        pytest.fail(f"{name} is not to be had")
    pytest.skip(f"{name} is not to be had: install Debian's prometheus, or put it on the PATH")


def _unpack() -> None:
    draft = _UNPACKED.with_name(f"prometheus.{os.getpid()}")
    draft.mkdir(parents=True)
    fetch = ["apt-get", "download", "prometheus"]
    if subprocess.run(fetch, cwd=draft, capture_output=True, check=False).returncode == 0:
        (package,) = draft.glob("*.deb")
        subprocess.run(["dpkg", "-x", package, draft], check=True)
        if not _UNPACKED.exists():
            draft.rename(_UNPACKED)
    shutil.rmtree(draft, ignore_errors=True)


def promtool(*words: str | Path) -> str:
    """Run it; what it says must be good."""
    done = subprocess.run([binary("promtool"), *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
