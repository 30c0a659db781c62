"""`make bench`: the flow on Halcyon, then the floor, on the same servers in the same run."""

import argparse
import asyncio
import json
import os
import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import grpc

from bench.floor.lean import Bus
from bench.floor.run import measure
from bench.load import Load, Notices, closed_loop, open_loop
from bench.usage import Meter
from chassis.embedded import remove
from clients.network import Network, Options
from clients.network.seed import DemoClinic
from halcyon.billing.events.v1.billing_events_pb2 import PaymentCollected
from halcyon.referral.v1.referral_service_pb2 import CreateReferralRequest
from halcyon.referral.v1.referral_service_pb2_grpc import ReferralServiceStub
from tests.failures.evidence import Evidence, gather
from tests.flows import NPI, application, large_clinic, open_clinics

OUT = Path(__file__).parent / "out" / "flow.json"
CLINICS = [large_clinic(f"bench-{number}", rooms=60) for number in range(8)]


class Driver:
    """Submits as one referring doctor, and hears of each payment on the bus."""

    def __init__(
        self, channel: grpc.aio.Channel, token: str, clinics: Sequence[DemoClinic]
    ) -> None:
        self._stub = ReferralServiceStub(channel)
        self._metadata = (("authorization", f"Bearer {token}"),)
        self._clinics, self._run = clinics, uuid4()
        self._requests: dict[int, CreateReferralRequest] = {}
        self._flows: dict[str, int] = {}
        self._early: set[str] = set()
        self.submitted = 0
        self.ended = Notices()

    def more(self, count: int) -> range:
        """Numbers of flows that were never submitted; their referrals are written beforehand."""
        first, self.submitted = self.submitted, self.submitted + count
        flows = range(first, self.submitted)
        for index in flows:
            clinic = self._clinics[index % len(self._clinics)]
            self._requests[index] = application(index, clinic, self._run)
        return flows

    async def submit(self, index: int) -> None:
        request = self._requests.pop(index)
        reply = await self._stub.CreateReferral(request, metadata=self._metadata, timeout=30)
        referral_id = reply.referral.referral_id
        if referral_id in self._early:
            self._early.remove(referral_id)
            self.ended.note(index)
        else:
            self._flows[referral_id] = index

    def hear(self, _subject: bytes, _reply: bytes, _headers: bytes, body: bytes) -> None:
        """A payment is recorded: the flow has ended, perhaps before its reply came."""
        referral_id = PaymentCollected.FromString(body).referral_id
        if (index := self._flows.pop(referral_id, None)) is not None:
            self.ended.note(index)
        else:
            self._early.add(referral_id)


async def drive(network: Network, plan: argparse.Namespace) -> dict[str, Any]:
    """Closed loops for throughput, open loops for latency, then a count of every effect."""
    async with network.client("medical_director") as director:
        await open_clinics(director, CLINICS)
    network.settle()
    listening = await Bus.connect(network.servers.nats.url, network.servers.nats.credentials)
    async with grpc.aio.insecure_channel(network.addresses["referral"]) as channel:
        driver = Driver(channel, network.token("referrer", npi=NPI), CLINICS)
        subject = PaymentCollected.DESCRIPTOR.full_name
        listening.subscribe(subject, driver.hear)
        await closed_loop(
            driver.more(max(200, plan.flows // 4)), plan.in_flight, driver.submit, driver.ended
        )
        servers = [network.servers.postgres.pid, network.servers.nats.pid]
        pids = [*servers, *(network.pid(name) for name in network.processes)]
        runs = []
        for _ in range(plan.rounds):
            network.settle(120)
            with Meter([*pids, os.getpid()], memory_of=pids) as used:
                load = await closed_loop(
                    driver.more(plan.flows), plan.in_flight, driver.submit, driver.ended
                )
                network.settle(120)
            runs.append((load, used.cpu_s, used.peak_pss_mb))
        slow = [
            await open_loop(driver.more(plan.open_flows), 20, driver.submit, driver.ended)
            for _ in range(plan.rounds)
        ]
    listening.close()
    network.settle(120)
    databases = {name: network.database_url(name) for name in network.processes}
    seen = await gather(databases, network.servers.nats)
    return figures(runs, slow) | counted(seen, driver.submitted)


def figures(runs: list[tuple[Load, float, float]], slow: list[Load]) -> dict[str, Any]:
    """The median of the rounds."""
    median = statistics.median
    return {
        "flows_per_s": round(median(load.flows_per_s for load, _, _ in runs), 1),
        "flows_per_s_rounds": [round(load.flows_per_s, 1) for load, _, _ in runs],
        "closed_p50_ms": round(median(load.p50_ms for load, _, _ in runs), 2),
        "closed_p99_ms": round(median(load.p99_ms for load, _, _ in runs), 2),
        "open20_p50_ms": round(median(load.p50_ms for load in slow), 2),
        "open20_p95_ms": round(median(load.p95_ms for load in slow), 2),
        "open20_p99_ms": round(median(load.p99_ms for load in slow), 2),
        "cpu_ms_per_flow": round(median(1000 * cpu / load.flows for load, cpu, _ in runs), 3),
        "peak_mb": round(max(memory for _, _, memory in runs)),
    }


def counted(seen: Evidence, submitted: int) -> dict[str, int]:
    """Every effect of every flow, counted: a run that lost or doubled anything does not count."""
    lost = submitted - len(seen.referrals)
    doubled = 0
    for counts in seen.steps.values():
        lost += sum(counts.get(referral, 0) < 1 for referral in seen.referrals)
        doubled += sum(count > 1 for count in counts.values())
    return {"flows": submitted, "lost": lost, "doubled": doubled}


def main() -> None:
    """Halcyon, then the floor; ratios of one run only."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--flows", type=int, default=2000)
    parser.add_argument("--in-flight", type=int, default=64)
    parser.add_argument("--open-flows", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    plan = parser.parse_args()
    directory = Path(tempfile.mkdtemp(prefix="halcyon-bench-"))
    try:
        with Network(directory, Options(seed=False)) as network:
            ours = asyncio.run(drive(network, plan))
            for name in network.processes:
                network.processes[name].stop()
            floor = measure(network.servers, **vars(plan))
    finally:
        remove(directory)
    floor = {f"floor_{name}" if name in ("lost", "doubled", "flows") else name: value
             for name, value in floor.items()}  # fmt: skip
    ratios = {
        "throughput_ratio": round(ours["flows_per_s"] / floor["floor_flows_per_s"], 3),
        "open20_p50_ratio": round(ours["open20_p50_ms"] / floor["floor_open20_p50_ms"], 3),
        "cpu_ratio": round(ours["cpu_ms_per_flow"] / floor["floor_cpu_ms_per_flow"], 3),
    }
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(ours | floor | ratios, indent=2) + "\n")
    print(OUT.read_text())


if __name__ == "__main__":
    main()
