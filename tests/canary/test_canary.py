"""Marked identifiers go in at the front door; in clear they are found nowhere behind it."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import nats
import pytest
from google.protobuf.json_format import MessageToJson
from google.type.date_pb2 import Date

from chassis.embedded import remove
from chassis.testing import eventually
from clients.network import Network, Options
from clients.network.backup import backup
from clients.network.quiet import dial
from clients.network.seed import DENVER
from clients.registrar import Registrar
from clients.sdk.errors import HalcyonError
from halcyon.referral.v1 import partner_pb2 as partner
from halcyon.referral.v1 import referral_pb2 as referral
from halcyon.referral.v1.partner_service_pb2 import UpdatePartnerRequest
from halcyon.referral.v1.referral_service_pb2 import (
    CreateReferralRequest,
    GetPatientRequest,
    GetReferralRequest,
)
from tests.flows import NPI, application, large_clinic, open_clinics, submit
from tests.marks import folders, found

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


def marked(number: int, clinic_id: str) -> CreateReferralRequest:
    asked = application(number, DENVER, uuid4())
    asked.preferred_clinic_id = clinic_id
    asked.patient.given_name, asked.patient.family_name = GIVEN, f"{FAMILY}{number}"
    asked.patient.email, asked.patient.phone = EMAIL, PHONE
    asked.patient.birth_date.CopyFrom(Date(year=1971, month=2, day=3 + number))
    asked.patient.address.CopyFrom(
        referral.PostalAddress(line=LINE, city=CITY, state="CO", postal_code="80202")
    )
    return asked


async def live(network: Network) -> None:
    """Flows to their payment, by call and by event, reads, refusals of every kind, dead letters."""
    clinic = large_clinic("canary", 4)
    clinic_id = str(clinic.clinic_id)
    async with network.client("medical_director") as director:
        await open_clinics(director, [clinic])
    network.settle()
    async with network.client("referrer", npi=NPI) as doctor:
        requests = [marked(number, clinic_id) for number in range(FLOWS)]
        made = [await submit(doctor, one) for one in requests]
        for one in requests:
            one.patient.phone = ""
            await _refused(doctor.referral.CreateReferral(one))
            one.request_id = str(uuid4())
            await _refused(doctor.referral.CreateReferral(one))
        broken = marked(9, clinic_id)
        broken.referrer.npi = GIVEN
        broken.patient.email = PLANTED.replace("Zqplanted", GIVEN)
        await _refused(doctor.referral.CreateReferral(broken))
        broken = marked(9, clinic_id)
        broken.patient.given_name += "\x00"
        await _refused(doctor.referral.CreateReferral(broken))
    async with network.client("coordinator", "nurse") as staff:
        for referral_id in made:
            found = await staff.referral.GetReferral(GetReferralRequest(referral_id=referral_id))
            asked = GetPatientRequest(patient_id=found.referral.patient.patient_id)
            assert (await staff.referral.GetPatient(asked)).patient.given_name == GIVEN
        await _refused(staff.referral.GetReferral(GetReferralRequest(referral_id=FAMILY)))
    await partake(network, clinic_id)
    await poison(network)


async def partake(network: Network, clinic_id: str) -> None:
    """A partner whose contract names an identifier refers twice: once well, once with a fault."""
    servers = network.servers.nats
    entry, text = await Registrar(servers.url, servers.keyring).add("acme")
    known = partner.Partner(
        name="acme",
        account=entry.partner.account,
        clinic_ids=[clinic_id],
        format=partner.PARTNER_FORMAT_JSON,
        fields=[partner.PATIENT_FIELD_FAMILY_NAME],
    )
    async with network.client("operator") as operator:
        await operator.partners.UpdatePartner(UpdatePartnerRequest(partner=known))
    credentials = servers.keyring.keep("acme.creds", text)
    line = await nats.connect(servers.url, user_credentials=str(credentials))
    whole = marked(FLOWS, clinic_id)
    broken = MessageToJson(whole).replace('"CO"', f'"{CITY}"')
    try:
        for number, said in enumerate((MessageToJson(whole), broken)):
            head = {"ce-specversion": "1.0", "ce-id": str(number), "ce-source": "urn:acme"}
            head["ce-type"] = CreateReferralRequest.DESCRIPTOR.full_name
            await line.jetstream().publish("halcyon.in", said.encode(), headers=head)
    finally:
        await line.close()
    async with on(network, "referral") as database:
        await eventually(lambda: told(database, "partner_answer", 2))
        await eventually(lambda: told(database, "access_log WHERE method = 'PartnerFeed'", 1))


async def poison(network: Network) -> None:
    """A dead letter: a fact that intake cannot read."""
    subject = "halcyon.referral.events.v1.ReferralRouted"
    broker = await dial(network.servers.nats)
    head = {"Nats-Msg-Id": str(uuid4()), "ce-id": str(uuid4()), "ce-type": subject}
    await broker.jetstream().publish(subject, b"\xff", headers=head)
    await broker.close()
    async with on(network, "intake") as database:
        await eventually(lambda: told(database, "parked", 1))


@asynccontextmanager
async def on(network: Network, service: str) -> AsyncIterator[asyncpg.Connection]:
    line = await asyncpg.connect(network.database_url(service))
    yield line
    await line.close()


async def told(line: asyncpg.Connection, table: str, wanted: int) -> bool:
    return int(await line.fetchval(f"SELECT count(*) FROM {table}")) >= wanted


async def _refused(call: Any) -> None:
    with suppress(HalcyonError):
        await call
        raise AssertionError("it was meant to be refused")


async def plant(network: Network) -> None:
    """What the search must find: one mark in a table, one in the stream."""
    async with on(network, "referral") as line:
        await line.execute(
            "INSERT INTO change VALUES ($1, 1, 'ROUTED', $2, now(), '')", uuid4(), PLANTED
        )
    broker = await dial(network.servers.nats)
    subject = "halcyon.referral.events.v1.Planted"
    await broker.jetstream().publish(subject, PLANTED.encode())
    await broker.close()


@pytest.mark.parametrize("sealed", [True, False])
def test_no_identifier_stands_in_clear_and_the_search_would_see_one(
    tmp_path: Path, collector: Collector, sealed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a key for the streams, what a partner said is found in its own, and only there."""
    if sealed:
        monkeypatch.setenv("HALCYON_STREAM_KEY", "k" * 32)
    env = {
        "HALCYON_OTLP_ENDPOINT": collector.address,
        "HALCYON_LOG_LEVEL": "DEBUG",
        "OTEL_METRIC_EXPORT_INTERVAL": "500",
    }
    options = Options(trace_ratio=1.0, env=env, seed=False)
    copy = tmp_path / "backup"
    with Network(tmp_path / "network", options) as network:
        asyncio.run(live(network))
        network.settle()
        asyncio.run(plant(network))
        backup(network.directory, copy, tmp_path / "keys")
        places = [copy, *folders(network.directory)]
    assert len(collector.bodies) > 5
    leaked = found(places, collector.bodies, MARKS)
    partners = [place for place in leaked if "/streams/PARTNER" in place]
    assert set(leaked) == set(partners)
    assert bool(partners) != sealed
    planted = found(places, collector.bodies, [PLANTED])
    assert any(place.endswith(".blk") for place in planted) != sealed
    assert any(f"{copy}/base/base/" in place for place in planted)
    assert any("/data/base/" in place for place in planted)
    assert any(path.name == "postgres.log" for path in places[1].rglob("*"))
    assert found([], [f"..{PLANTED}..".encode()], [PLANTED])
    remove(tmp_path / "network")
