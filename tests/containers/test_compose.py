"""docs/deploy.md is true: its commands for a trial are run as they are written."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from clients.network.process import ROOT

_TRIAL = re.compile(r"^```sh trial\n(.*?)^```", re.MULTILINE | re.DOTALL)
_PATIENCE = 600
UNREACHABLE = {
    "NATS_IMAGE": "halcyon-nats:dev",
    "POSTGRES_IMAGE": "halcyon-postgres:dev",
    "COMPOSE_PROFILES": "",
    "HALCYON_OTLP_ENDPOINT": "",
}
"""What the page says to set where public images cannot be pulled."""


def commands() -> str:
    """The blocks for a trial, in order, as one script that ends with the first failure."""
    blocks = _TRIAL.findall((ROOT / "docs/deploy.md").read_text())
    assert len(blocks) == 3
    return "set -euo pipefail\n" + "".join(blocks)


@pytest.fixture(name="shell")
def _shell(images: None, tmp_path: Path) -> Iterator[dict[str, str]]:
    """An environment with `docker compose`, and a project of its own, removed afterwards."""
    plugin = tmp_path / "cli-plugins/docker-compose"
    plugin.parent.mkdir()
    plugin.symlink_to(Path(sys.executable).parent / "docker-compose")
    env = {**os.environ, **UNREACHABLE, "DOCKER_CONFIG": str(tmp_path), "COLUMNS": "100"}
    env["COMPOSE_PROJECT_NAME"] = "halcyon-docs"
    yield env
    down = ["docker", "compose", "--project-directory", "deploy/compose", "down"]
    subprocess.run([*down, "--volumes", "--timeout", "5"], cwd=ROOT, env=env, check=True)


def test_a_stranger_who_follows_the_page_sees_a_referral_through(shell: dict[str, str]) -> None:
    done = subprocess.run(
        ["bash", "-c", commands()],
        cwd=ROOT,
        env=shell,
        capture_output=True,
        text=True,
        check=False,
        timeout=_PATIENCE,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "added Halcyon Denver, Halcyon Phoenix, Halcyon Seattle" in done.stdout
    assert "infusion 3" in done.stdout
    assert "nothing is parked" in done.stdout
