"""Marked identifiers go in at the front door; in clear they are found nowhere behind it."""

import asyncio
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from google.type.date_pb2 import Date

from chassis.embedded import remove
from clients.network import Network, Options
from clients.network.quiet import dial
from clients.sdk.errors import HalcyonError
from halcyon.referral.v1 import referral_pb2 as referral
from halcyon.referral.v1.referral_service_pb2 import (
    CreateReferralRequest,
    GetPatientRequest,
    GetReferralRequest,
)
from tests.flows import NPI, application, large_clinic, open_clinics, submit

pytestmark = pytest.mark.xdist_group("canary")

RUN = uuid4().hex[:10]
GIVEN, FAMILY, LINE, CITY = (f"Zq{kind}{RUN}" for kind in ("given", "family", "line", "city"))
EMAIL, PHONE = f"zqmail{RUN}@example.org", "+1999" + str(int(RUN, 16))[:7]
MARKS = (GIVEN, FAMILY, LINE, CITY, EMAIL, PHONE)
PLANTED = f"Zqplanted{RUN}"
FLOWS = 4


@dataclass
class Collector:
    """Where every service sends its spans and measurements."""

    bodies: list[bytes] = field(default_factory=list)
    address: str = ""


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    kept = Collector()

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            kept.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Door)
    kept.address = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield kept
    server.shutdown()
    server.server_close()


def marked(number: int, clinic: Any) -> CreateReferralRequest:
    asked = application(number, clinic, uuid4())
    asked.patient.given_name, asked.patient.family_name = GIVEN, f"{FAMILY}{number}"
    asked.patient.email, asked.patient.phone = EMAIL, PHONE
    asked.patient.birth_date.CopyFrom(Date(year=1971, month=2, day=3 + number))
    asked.patient.address.CopyFrom(
        referral.PostalAddress(line=LINE, city=CITY, state="CO", postal_code="80202")
    )
    return asked


async def live(network: Network) -> None:
    """Flows to their payment, the reads of all roles, and every kind of refusal on the way."""
    clinic = large_clinic("canary", 4)
    async with network.client("medical_director") as director:
        await open_clinics(director, [clinic])
    network.settle()
    async with network.client("referrer", npi=NPI) as doctor:
        requests = [marked(number, clinic) for number in range(FLOWS)]
        made = [await submit(doctor, one) for one in requests]
        for one in requests:
            one.patient.phone = ""
            await _refused(doctor.referral.CreateReferral(one))
            one.request_id = str(uuid4())
            await _refused(doctor.referral.CreateReferral(one))
        broken = marked(9, clinic)
        broken.referrer.npi = GIVEN
        broken.patient.email = PLANTED.replace("Zqplanted", GIVEN)
        await _refused(doctor.referral.CreateReferral(broken))
        broken = marked(9, clinic)
        broken.patient.given_name += "\x00"
        await _refused(doctor.referral.CreateReferral(broken))
    async with network.client("coordinator", "nurse") as staff:
        for referral_id in made:
            found = await staff.referral.GetReferral(GetReferralRequest(referral_id=referral_id))
            asked = GetPatientRequest(patient_id=found.referral.patient.patient_id)
            assert (await staff.referral.GetPatient(asked)).patient.given_name == GIVEN
        await _refused(staff.referral.GetReferral(GetReferralRequest(referral_id=FAMILY)))


async def _refused(call: Any) -> None:
    with suppress(HalcyonError):
        await call
        raise AssertionError("it was meant to be refused")


async def plant(network: Network) -> None:
    """What the search must find: one mark in a table, one in the stream."""
    line = await asyncpg.connect(network.database_url("referral"))
    await line.execute(
        "INSERT INTO change VALUES ($1, 1, 'ROUTED', $2, now(), '')", uuid4(), PLANTED
    )
    await line.close()
    broker = await dial(network.servers.nats)
    subject = "halcyon.referral.events.v1.Planted"
    await broker.jetstream().publish(subject, PLANTED.encode())
    await broker.close()


def found(folders: Sequence[Path], bodies: Sequence[bytes], marks: Sequence[str]) -> dict[str, Any]:
    """Where a mark stands in clear, in any case of letters."""
    wanted = [mark.lower().encode() for mark in marks]
    places: dict[str, Any] = {}
    for folder in folders:
        for path in folder.rglob("*"):
            if path.is_file():
                content = path.read_bytes().lower()
                if hits := [mark for mark in wanted if mark in content]:
                    places[str(path)] = hits
    for index, body in enumerate(bodies):
        if hits := [mark for mark in wanted if mark in body.lower()]:
            places[f"telemetry {index}"] = hits
    return places


def folders(network: Network) -> list[Path]:
    """All the network keeps: logs, traces, the stream, the cluster wherever it is."""
    kept = [network.directory]
    if (pointer := network.directory / "postgres.home").exists():
        kept.append(Path(pointer.read_text()))
    return kept


def test_no_identifier_stands_in_clear_and_the_search_would_see_one(
    tmp_path: Path, collector: Collector
) -> None:
    env = {
        "HALCYON_OTLP_ENDPOINT": collector.address,
        "HALCYON_LOG_LEVEL": "DEBUG",
        "OTEL_METRIC_EXPORT_INTERVAL": "500",
    }
    options = Options(trace_ratio=1.0, env=env, seed=False)
    with Network(tmp_path / "network", options) as network:
        asyncio.run(live(network))
        network.settle()
        asyncio.run(plant(network))
        places = folders(network)
    assert any(path.stat().st_size for path in places[0].rglob("*.blk"))
    assert len(collector.bodies) > 5
    assert found(places, collector.bodies, MARKS) == {}
    planted = found(places, collector.bodies, [PLANTED])
    assert any(path.endswith(".blk") for path in planted)
    assert any("/base/" in path for path in planted)
    assert found([], [f"..{PLANTED}..".encode()], [PLANTED])
    remove(tmp_path / "network")
