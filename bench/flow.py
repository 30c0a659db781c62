"""`make bench`: the flow on Halcyon and on the floor, by turns, on the same servers."""

import argparse
import asyncio
import json
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import grpc

from bench.floor.lean import Bus
from bench.floor.run import counted_rows, floor
from bench.load import Notices
from bench.turns import Plan, Side, by_turns
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


@asynccontextmanager
async def halcyon(network: Network) -> AsyncIterator[Side]:
    """The five services, with tracing at its default, and a doctor who refers to eight clinics."""
    async with network.client("medical_director") as director:
        await open_clinics(director, CLINICS)
    network.settle()
    listening = await Bus.connect(network.servers.nats.url, network.servers.nats.credentials)
    servers = [network.servers.postgres.pid, network.servers.nats.pid]
    pids = [*servers, *(network.pid(name) for name in network.processes)]
    async with grpc.aio.insecure_channel(network.addresses["referral"]) as channel:
        driver = Driver(channel, network.token("referrer", npi=NPI), CLINICS)
        listening.subscribe(PaymentCollected.DESCRIPTOR.full_name, driver.hear)
        yield Side(driver, pids, lambda: network.settle(120))
    listening.close()


async def measure(network: Network, plan: Plan) -> dict[str, Any]:
    """Both sides by turns, on the same servers; then a count of every effect."""
    servers = network.servers
    async with halcyon(network) as ours, floor(servers) as theirs:
        await by_turns([ours, theirs], plan)
    databases = {name: network.database_url(name) for name in network.processes}
    seen = await gather(databases, servers.nats)
    proof = await counted_rows(servers, theirs.driver.submitted)
    return {
        **ours.figures(),
        **counted(seen, ours.driver.submitted),
        **{f"floor_{name}": value for name, value in (theirs.figures() | proof).items()},
    }


def counted(seen: Evidence, submitted: int) -> dict[str, int]:
    """Every effect of every flow, counted: a run that lost or doubled anything does not count."""
    lost = submitted - len(seen.referrals)
    doubled = 0
    for counts in seen.steps.values():
        lost += sum(counts.get(referral, 0) < 1 for referral in seen.referrals)
        doubled += sum(count > 1 for count in counts.values())
    return {"flows": submitted, "lost": lost, "doubled": doubled}


def ratios(figures: dict[str, Any]) -> dict[str, float]:
    """Only ratios of one run mean anything."""
    names = {"throughput": "flows_per_s", "open20_p50": "open20_p50_ms", "cpu": "cpu_ms_per_flow"}
    return {
        f"{name}_ratio": round(figures[figure] / figures[f"floor_{figure}"], 3)
        for name, figure in names.items()
    }


def main() -> None:
    """Print the figures, and keep them."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in Plan()._asdict().items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=int, default=default)
    plan = Plan(**vars(parser.parse_args()))
    directory = Path(tempfile.mkdtemp(prefix="halcyon-bench-"))
    try:
        with Network(directory, Options(seed=False)) as network:
            figures = asyncio.run(measure(network, plan))
    finally:
        remove(directory)
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(figures | ratios(figures), indent=2) + "\n")
    print(OUT.read_text())


if __name__ == "__main__":
    main()
