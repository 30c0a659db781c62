"""docs/partners.md, followed to the letter in a fresh folder; the Node client beside it."""

import json
import os
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from clients.network import Network

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "partners.md").read_text()
PATIENCE = 120


def commands(heading: str) -> list[str]:
    """The commands under a heading of the page."""
    section = PAGE.split(f"## {heading}")[1].split("\n## ")[0]
    blocks = re.findall(r"```sh\n(.*?)```", section, re.S)
    return [line for block in blocks for line in block.strip().splitlines()]


@pytest.fixture
def folder(tmp_path: Path, network: Network) -> Path:
    """What the page tells a partner to copy."""
    for path in (
        "clients/partner/partner.py",
        "clients/examples/depression-denver.fhir.json",
        "clients/examples/ptsd-phoenix.fhir.json",
        "clients/examples/assessment.json",
    ):
        shutil.copy(ROOT / path, tmp_path)
    for bundle in tmp_path.glob("*.fhir.json"):
        bundle.write_text(somebody_new(bundle.read_text()))
    return tmp_path


def somebody_new(bundle: str) -> str:
    """The network is shared with tests that may have referred the patient of the example."""
    patient = re.search(r'"birthDate": "(\d{4})-', bundle)
    assert patient
    return bundle.replace(patient[0], f'"birthDate": "{random.randint(1950, 1999)}-')


@pytest.fixture
def environment(network: Network) -> dict[str, str]:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    broker = network.servers.nats.url
    return {**os.environ, "PATH": path, "HALCYON_DATA": str(network.directory), "BROKER": broker}


def run(command: str, folder: Path, environment: dict[str, str]) -> str:
    done = subprocess.run(
        command,
        shell=True,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def following(command: str, folder: Path, environment: dict[str, str]) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        command, shell=True, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True
    )


def lines(process: "subprocess.Popen[str]") -> Iterator[str]:
    assert process.stdout
    for line in process.stdout:
        yield line.strip()


def to_scheduled(
    process: "subprocess.Popen[str]", folder: Path, environment: dict[str, str]
) -> list[str]:
    """The operator plays the specialist once the answer is there."""
    said = []
    for line in lines(process):
        said.append(line)
        if " in_assessment " in line and "#3" in line:
            referral = {"REFERRAL": line.split()[1]}
            for command in commands("4.")[1:]:
                run(command, folder, environment | referral)
    with process:
        assert process.wait(PATIENCE) == 0
    return said


def test_a_new_partner_follows_the_page(folder: Path, environment: dict[str, str]) -> None:
    for heading in ("1.", "2.", "3."):
        for command in commands(heading):
            run(command, folder, environment)
    process = following(commands("4.")[0], folder, environment)
    said = to_scheduled(process, folder, environment)
    assert said[0].split()[1:3] == ["first-referral", "accepted"]
    steps = [line.split() for line in said[1:]]
    assert [step[2] for step in steps] == [f"#{number + 1}" for number in range(len(steps))]
    assert steps[-1][3:] == ["scheduled", "PCC-60", "in-progress", "appointment-booked", "5.1.1"]
    again = f"{commands('3.')[0]} && {commands('4.')[0]} --from 1"
    replayed = run(again, folder, environment).splitlines()[1:]
    assert replayed[: len(said)] == said
    listed = run("halcyon partner list", folder, environment)
    assert "acme" in listed


def test_the_node_client_does_the_same(folder: Path, environment: dict[str, str]) -> None:
    if not (node := shutil.which("node")) or not shutil.which("npm"):
        pytest.skip("there is no Node here")
    for name in ("package.json", "partner.js"):
        shutil.copy(ROOT / "clients/node-partner" / name, folder)
    run("npm install --no-audit --no-fund --silent", folder, environment)
    run("halcyon partner add nodes --clinic phoenix --out nodes.creds", folder, environment)
    act = f"{node} partner.js nodes.creds $BROKER"
    run(f"{act} send ptsd-phoenix.fhir.json", folder, environment)
    said = to_scheduled(
        following(f"{act} follow scheduled", folder, environment), folder, environment
    )
    assert said[-1].split()[3:5] == ["scheduled", "PCC-60"]


def test_the_page_names_the_clients_that_are_there() -> None:
    package = json.loads((ROOT / "clients/node-partner/package.json").read_text())
    assert package["dependencies"]["nats"]
    for path in ("clients/partner/partner.py", "clients/node-partner/partner.js"):
        assert path in PAGE
        assert (ROOT / path).exists()


def test_credentials_are_turned_and_ended_by_the_operator(
    folder: Path, environment: dict[str, str]
) -> None:
    run(
        "halcyon partner add turning --clinic denver --feed fhir --out one.creds",
        folder,
        environment,
    )
    python = sys.executable
    act = f"{python} partner.py one.creds $BROKER send depression-denver.fhir.json"
    assert "position 1" in run(act, folder, environment)
    run("halcyon partner rotate turning --out two.creds", folder, environment)
    with pytest.raises(AssertionError, match=r"[Aa]uthorization"):
        run(act, folder, environment)
    assert "position 2" in run(act.replace("one.creds", "two.creds"), folder, environment)
    change = "halcyon partner contract turning --clinic denver --feed fhir --field family_name"
    assert "family_name" in run(change, folder, environment)
    assert "family_name" in run("halcyon partner list", folder, environment)
    run("halcyon partner revoke turning", folder, environment)
    with pytest.raises(AssertionError, match=r"[Aa]uthorization"):
        run(act.replace("one.creds", "two.creds"), folder, environment)
    assert "revoked" in run("halcyon partner list", folder, environment)
    with pytest.raises(AssertionError, match="no clinic"):
        run("halcyon partner add lost --clinic nowhere", folder, environment)
