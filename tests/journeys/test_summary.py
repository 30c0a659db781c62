"""A session's drug and its summary over real processes: vial, witness, page, Bundle."""

import asyncio
import io
import json
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

import fhirkit
import pypdf
import pytest
from typer.testing import CliRunner

from clients import custody, journey
from clients.cli.__main__ import app
from clients.network import Network
from clients.network.seed import SEATTLE
from halcyon.infusion.events.v1.infusion_events_pb2 import SessionPlanned
from halcyon.scheduling.v1.scheduling_service_pb2 import GetSeriesRequest
from tests.flows import NPI, application
from tests.marks import GIVEN

pytestmark = pytest.mark.xdist_group("network")


async def infused(network: Network) -> tuple[str, str]:
    """A first session that drew its dose from a vial, whose rest was wasted; and the patient."""
    asked = application(1, SEATTLE, uuid4())
    async with (
        network.client("referrer", npi=NPI) as doctor,
        network.client("nurse", "coordinator") as nurse,
        network.client("nurse") as second,
    ):
        taken = await journey.refer(doctor, asked)
        await journey.until(doctor, taken.referral_id, [SessionPlanned])
        of = GetSeriesRequest(referral_id=taken.referral_id)
        series = (await nurse.scheduling.GetSeries(of)).series
        first = (await journey.sessions_of(nurse, series.series_id))[0]
        await journey.check_in(nurse, first, minutes_ago=40)
        await journey.confirm(second, first, minutes_ago=40)
        await journey.begin(nurse, first.session_id, minutes_ago=40)
        vial = await custody.vial(nurse, SEATTLE.dea_number)
        await journey.finish(nurse, first.session_id, "nausea", container_id=vial.container_id)
        wasted = await custody.waste(nurse, second, vial.container_id, first.session_id)
        assert (wasted.balance.milligrams, wasted.witness) == ("0", "nurse-dev")
        ledger = await custody.balance(nurse, SEATTLE.dea_number)
        (line,) = [one for one in ledger.containers if one.container.label == vial.label]
        assert Decimal(line.balance.administered) * 1000 == first.ordered_micrograms
    return first.session_id, asked.patient.family_name


async def test_the_summary_bears_the_name_that_the_registry_knows(
    network: Network, tmp_path: Path
) -> None:
    session_id, family_name = await infused(network)
    page, bundle = tmp_path / "summary.pdf", tmp_path / "summary.json"
    await write(network, session_id, "--out", str(page))
    await write(network, session_id, "--fhir", "--out", str(bundle))
    text = pypdf.PdfReader(io.BytesIO(page.read_bytes())).pages[0].extract_text()
    for words in (
        family_name,
        SEATTLE.name,
        "nausea",
        "administered",
        "wasted",
        "seen by nurse-dev",
    ):
        assert words in text
    checked = fhirkit.parse(bundle.read_bytes())
    assert not [issue for issue in checked.issues if issue.severity == "error"]
    patient = json.loads(bundle.read_text())["entry"][0]["resource"]
    assert patient["name"] == [{"family": family_name, "given": [GIVEN]}]
    assert patient["gender"] == "female"


async def write(network: Network, *words: str) -> None:
    command = ["infusion", "summary", *words, "--data", str(network.directory)]
    result = await asyncio.to_thread(CliRunner().invoke, app, command)
    assert result.exit_code == 0, result.output
