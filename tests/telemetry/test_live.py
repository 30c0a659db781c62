"""A real trace store and a real Prometheus, each a process of its own, beside a real network."""

import asyncio
import json
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest
import yaml

from chassis.embedded import remove
from chassis.testing import eventually
from clients import flows, journey
from clients.network import Network, Options
from clients.network.options import discovered
from clients.network.process import ROOT
from clients.network.seed import SEATTLE
from halcyon.scheduling.v1.scheduling_service_pb2 import GetSeriesRequest
from tests.flows import NPI, application, submit
from tests.marks import FAMILY
from tests.telemetry.binaries import binary
from tests.telemetry.store import Store, names, services

pytestmark = [pytest.mark.kill, pytest.mark.xdist_group("live")]

CALL = "halcyon.referral.v1.ReferralService/CreateReferral"
COLLECTED = "halcyon.billing.events.v1.PaymentCollected"
BEDSIDE, LATER = "halcyon.infusion.v1.InfusionService", ("StartInfusion", "CompleteInfusion")
STAFF = ("coordinator", "prescriber", "nurse")
SHORTENED = {"FactsParked": "0s", "ServiceDown": "0s"}
"""A test does not wait for a minute to pass; the rules themselves are as deployed."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def ports() -> dict[str, int]:
    return {name: free_port() for name in (*discovered(), "otlp", "store", "prometheus")}


@pytest.fixture(scope="module")
def store(ports: dict[str, int], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a trace store that takes OTLP."""
    agent = Path(sys.executable).with_name("tracepanel-agent")
    process = subprocess.Popen(
        [
            *(str(agent), "--dir", str(tmp_path_factory.mktemp("store"))),
            *("--listen", "tcp:127.0.0.1:0", "--serve", f"127.0.0.1:{ports['store']}"),
            *("--otlp", f"127.0.0.1:{ports['otlp']}"),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    yield f"http://127.0.0.1:{ports['store']}"
    process.terminate()
    process.wait()


@pytest.fixture(scope="module")
def network(
    store: str, ports: dict[str, int], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Network]:
    directory = tmp_path_factory.mktemp("live")
    metrics = {
        name: {"HALCYON_METRICS_LISTEN": f"127.0.0.1:{ports[name]}"} for name in discovered()
    }
    env = {"HALCYON_OTLP_ENDPOINT": f"http://127.0.0.1:{ports['otlp']}"}
    env["HALCYON_COUNT_SECONDS"] = "2"
    options = Options(trace_ratio=1.0, env=env, service_env=metrics)
    with Network(directory, options) as running:
        yield running
    remove(directory)


@pytest.fixture(scope="module")
def scraper(
    network: Network, ports: dict[str, int], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The address of a Prometheus that scrapes every service and knows our alerts."""
    folder = tmp_path_factory.mktemp("prometheus")
    (folder / "alerts").mkdir()
    for path in (ROOT / "deploy/otel/alerts").glob("*.yaml"):
        rules = yaml.safe_load(path.read_text())
        for rule in rules["groups"][0]["rules"]:
            rule["for"] = SHORTENED.get(rule["alert"], rule.get("for", "0s"))
        (folder / "alerts" / path.name).write_text(yaml.safe_dump(rules))
    config = yaml.safe_load((ROOT / "deploy/otel/prometheus.yaml").read_text())
    config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    config["rule_files"] = ["alerts/*.yaml"]
    (job,) = config["scrape_configs"]
    del job["dns_sd_configs"], job["relabel_configs"]
    del job["scheme"], job["tls_config"]  # a network of tests speaks in the clear
    job["static_configs"] = [
        {"targets": [f"127.0.0.1:{ports[name]}"], "labels": {"service": name}}
        for name in discovered()
    ]
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    address = f"127.0.0.1:{ports['prometheus']}"
    process = subprocess.Popen(
        [
            *(binary("prometheus"), f"--config.file={folder / 'prometheus.yml'}"),
            *(f"--storage.tsdb.path={folder / 'data'}", f"--web.listen-address={address}"),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    yield f"http://{address}"
    process.terminate()
    process.wait()


@pytest.fixture(scope="module")
async def prometheus(scraper: str) -> str:
    """The same, once it answers: a busy machine is slow to start it."""

    async def answers() -> bool:
        return bool(await values(scraper, "vector(1)"))

    await eventually(answers, within=60, every=0.1)
    return scraper


async def refer(network: Network) -> str:
    async with network.client("referrer", npi=NPI) as doctor:
        referral = await submit(doctor, application(1, SEATTLE, uuid4()))
    await asyncio.to_thread(network.settle)
    return referral


async def asked(address: str, path: str, **query: str) -> Any:
    async with httpx.AsyncClient(base_url=address) as client:
        reply = await client.get(path, params=query)
        reply.raise_for_status()
        return reply.json()


async def values(prometheus: str, query: str) -> dict[str, float]:
    try:
        found = await asked(prometheus, "/api/v1/query", query=query)
    except httpx.HTTPError:
        return {}
    return {
        one["metric"].get("service", ""): float(one["value"][1]) for one in found["data"]["result"]
    }


def shown() -> list[str]:
    """What the dashboard shows as it stands: gauges, at all times but those of partners."""
    panels = json.loads((ROOT / "deploy/otel/dashboards/halcyon.json").read_text())["panels"]
    asked = [target["expr"] for panel in panels for target in panel["targets"]]
    return [one for one in asked if re.match("halcyon_(?!partner)", one)]


async def firing(prometheus: str) -> set[tuple[str, str]]:
    found = (await asked(prometheus, "/api/v1/alerts"))["data"]["alerts"]
    return {
        (one["labels"]["alertname"], one["labels"].get("service", ""))
        for one in found
        if one["state"] == "firing"
    }


async def traces_of(network: Network, referral: str) -> set[str]:
    """As `halcyon flow show` gathers them: the traces of all that was stated about a referral."""
    async with network.client("operator") as operator:
        known = await flows.picture(operator, referral)
    return {fact.trace_id for _, fact in known.facts}


async def infuse_first(network: Network, referral: str) -> None:
    """What a nurse does days later: calls that no earlier trace leads to."""
    async with network.client(*STAFF) as nurse, network.client("nurse") as second:
        request = GetSeriesRequest(referral_id=referral)
        series = (await nurse.scheduling.GetSeries(request)).series
        await journey.infuse(nurse, second, series.bookings[0].session_id)
    await asyncio.to_thread(network.settle)


async def test_a_flow_is_one_trace_in_the_store_from_the_call_to_the_payment(
    network: Network, store: str
) -> None:
    (trace,) = await traces_of(network, await refer(network))
    kept = Store(store)

    async def told() -> bool:
        work = (await kept.traces())[trace]
        due = {CALL, "errand collect-payment", f"process {COLLECTED}"}
        return due <= names(work) and services(work) == set(discovered())

    await eventually(told, within=60, every=0.5)
    text = json.dumps((await kept.traces())[trace])
    assert FAMILY not in text
    assert "Synthetic" not in text


async def test_what_happens_days_later_is_found_in_the_store_by_the_referral(
    network: Network, store: str
) -> None:
    referral = await refer(network)
    (first,) = await traces_of(network, referral)
    await infuse_first(network, referral)
    later = await traces_of(network, referral) - {first}
    kept = Store(store)

    async def told() -> bool:
        known = await kept.traces()
        done = set().union(*(names(known[trace]) for trace in later))
        return later <= known.keys() and {f"{BEDSIDE}/{call}" for call in LATER} <= done

    await eventually(told, within=60, every=0.5)


async def test_prometheus_reads_every_service(network: Network, prometheus: str) -> None:
    await refer(network)

    async def read() -> bool:
        up = await values(prometheus, 'up{job="halcyon"}')
        heard = await values(
            prometheus, "sum by (service) (messaging_client_consumed_messages_total)"
        )
        flows = await values(prometheus, "sum by (service) (halcyon_flows)")
        return (
            up == dict.fromkeys(discovered(), 1.0)
            and set(heard) == set(discovered())
            and flows.get("referral", 0) > 0
        )

    await eventually(read, within=120, every=1)
    # What the chart's autoscaling asks (tests/deploy/test_chart.py): one number for each service.
    for name in discovered():
        assert len(await values(prometheus, f'max(halcyon_consumer_lag{{service="{name}"}})')) == 1
    for gauge in shown():
        assert await values(prometheus, gauge), gauge
    calls = await values(prometheus, "sum by (service) (rpc_server_call_duration_seconds_count)")
    assert calls["referral"] >= 1


async def test_a_parked_fact_raises_the_alert_and_a_replay_ends_it(
    network: Network, prometheus: str
) -> None:
    line = await asyncpg.connect(network.database_url("billing"))
    await line.execute(
        "INSERT INTO parked (event_id, subject, data, headers, stream_seq, error_class, attempts,"
        " parked_at) VALUES (gen_random_uuid(), 'x', '', '{}', 0, 'E', 1, now())"
    )

    async def fires() -> bool:
        return ("FactsParked", "billing") in await firing(prometheus)

    await eventually(fires, within=60, every=0.5)
    await line.execute("UPDATE parked SET replayed_at = now()")
    await line.close()

    async def calm() -> bool:
        return not await fires()

    await eventually(calm, within=60, every=0.5)


async def test_a_service_that_is_down_raises_the_alert(network: Network, prometheus: str) -> None:
    await asyncio.to_thread(network.kill, "infusion")

    async def fires() -> bool:
        return ("ServiceDown", "infusion") in await firing(prometheus)

    await eventually(fires, within=60, every=0.5)
    await asyncio.to_thread(network.restart, "infusion")
