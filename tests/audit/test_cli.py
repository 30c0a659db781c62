"""`halcyon audit` on a running network: whole chains, a patient's readers, a forged anchor."""

import asyncio
import json
from uuid import uuid4

import fhirkit
import pytest
from typer.testing import CliRunner, Result

from clients.cli.__main__ import app
from clients.network import Network
from clients.network.seed import DENVER
from tests.flows import NPI, application, submit

pytestmark = pytest.mark.xdist_group("network")


def halcyon(network: Network, *words: str) -> Result:
    return CliRunner().invoke(app, ["audit", *words, "--data", str(network.directory)])


def test_the_chains_are_whole_and_a_referral_knows_its_readers(network: Network) -> None:
    async def refer() -> str:
        async with network.client("referrer", npi=NPI) as doctor:
            return await submit(doctor, application(1, DENVER, uuid4()))

    referral_id = asyncio.run(refer())
    told = halcyon(network, "patient", referral_id, "--fhir")
    events = [json.loads(line) for line in told.output.splitlines()]
    for line in told.output.splitlines():
        issues = fhirkit.parse(line).issues
        assert not [issue for issue in issues if issue.severity == "error"]
    assert events[0]["action"] == "U"
    assert events[0]["subtype"][0]["code"].endswith("/CreateReferral")
    whole = halcyon(network, "verify")
    assert whole.exit_code == 0, whole.output
    assert "referral: " in whole.output


def test_an_anchor_of_what_is_not_there_is_a_finding(network: Network) -> None:
    path = network.directory / "audit" / "anchors.jsonl"
    before = path.read_text() if path.exists() else ""
    lie = {
        "service": "intake",
        "clinic_id": str(uuid4()),
        "seq": 9,
        "hash": "00",
        "signature": "00",
    }
    path.write_text(before + json.dumps(lie) + "\n")
    try:
        broken = halcyon(network, "verify")
    finally:
        path.write_text(before)
    assert broken.exit_code == 1
    assert "not signed by us" in broken.output
