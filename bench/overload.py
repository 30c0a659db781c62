"""`python -m bench.overload`: referrals answered in time at 1 and at 4 times what the service can.

Peak is a closed loop; overload is an open loop of four times that rate, each call with two seconds
to be answered in. Whoever is refused stays away, as the refusal asks: the loop offers others.
"""

import argparse
import asyncio
import json
import tempfile
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import grpc

from chassis.embedded import remove
from clients.network import Network, Options
from halcyon.referral.v1.referral_service_pb2_grpc import ReferralServiceStub
from tests.flows import NPI, application, large_clinic, open_clinics

CLINIC = large_clinic("overload", rooms=60)
DEADLINE = 2.0


class Crowd:
    """Calls of one doctor, counted by how they ended."""

    def __init__(self, channel: grpc.aio.Channel, token: str) -> None:
        self._stub = ReferralServiceStub(channel)
        self._metadata = (("authorization", f"Bearer {token}"),)
        self._run, self._next = uuid4(), 0
        self.ended: dict[str, int] = {}

    async def ask(self) -> None:
        self._next += 1
        request = application(self._next, CLINIC, self._run)
        try:
            await self._stub.CreateReferral(request, metadata=self._metadata, timeout=DEADLINE)
            how = "OK"
        except grpc.aio.AioRpcError as fault:
            how = fault.code().name
        self.ended[how] = self.ended.get(how, 0) + 1

    def take(self) -> dict[str, int]:
        """What ended since the last look."""
        found, self.ended = self.ended, {}
        return found


async def closed(crowd: Crowd, in_flight: int, seconds: float) -> float:
    until = time.perf_counter() + seconds

    async def one() -> None:
        while time.perf_counter() < until:
            await crowd.ask()

    began = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(in_flight)))
    return crowd.take().get("OK", 0) / (time.perf_counter() - began)


async def opened(crowd: Crowd, rate: float, seconds: float) -> tuple[float, dict[str, int]]:
    start = time.perf_counter()
    async with asyncio.TaskGroup() as tasks:
        for index in range(int(rate * seconds)):
            await asyncio.sleep(max(0.0, start + index / rate - time.perf_counter()))
            tasks.create_task(crowd.ask())
    took = time.perf_counter() - start
    ended = crowd.take()
    return ended.get("OK", 0) / took, ended


async def measure(network: Network, seconds: float) -> dict[str, Any]:
    async with network.client("medical_director") as director:
        await open_clinics(director, [CLINIC])
    network.settle()
    async with grpc.aio.insecure_channel(network.addresses["referral"]) as channel:
        crowd = Crowd(channel, network.token("referrer", npi=NPI))
        await closed(crowd, 192, seconds / 2)
        peak = await closed(crowd, 192, seconds)
        good, ended = await opened(crowd, 4 * peak, seconds)
    return {
        "peak_per_s": round(peak),
        "offered_per_s": round(4 * peak),
        "good_per_s": round(good),
        "share": round(good / peak, 2),
        "ended": ended,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=8)
    plan = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="halcyon-overload-"))
    try:
        with Network(folder, Options(seed=False)) as network:
            print(json.dumps(asyncio.run(measure(network, plan.seconds)), indent=2))
    finally:
        remove(folder)


if __name__ == "__main__":
    main()
