"""Rounds of several sides by turns: what the machine does to one of them it does to the others."""

import os
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from bench.load import Load, Notices, closed_loop, open_loop
from bench.usage import Meter

RATE = 20


class Plan(NamedTuple):
    """How much load; the figures are the medians of the rounds."""

    flows: int = 1500
    in_flight: int = 64
    open_flows: int = 200
    rounds: int = 5

    @property
    def warming(self) -> int:
        return max(200, self.flows // 4)


class Driver(Protocol):
    """The client of one side."""

    ended: Notices

    @property
    def submitted(self) -> int:
        """How many flows there were."""

    def more(self, count: int) -> range:
        """Numbers of flows that were never submitted."""

    async def submit(self, index: int) -> None:
        """Ask for one flow."""


class Round(NamedTuple):
    """One closed loop, with what it cost until everything was at rest."""

    load: Load
    cpu_s: float
    peak_pss_mb: float


@dataclass
class Side:
    """What is measured: who submits, whose CPU and memory count, how to wait until it rests."""

    driver: Driver
    pids: Sequence[int]
    settle: Callable[[], None] = lambda: None
    closed: list[Round] = field(default_factory=list)
    opened: list[Load] = field(default_factory=list)

    async def warm(self, plan: Plan) -> None:
        await self._loop(plan.warming, plan.in_flight)
        self.settle()

    async def throughput(self, plan: Plan) -> None:
        with Meter([*self.pids, os.getpid()], memory_of=self.pids) as used:
            load = await self._loop(plan.flows, plan.in_flight)
            self.settle()
        self.closed.append(Round(load, used.cpu_s, used.peak_pss_mb))

    async def latency(self, plan: Plan) -> None:
        flows = self.driver.more(plan.open_flows)
        self.opened.append(await open_loop(flows, RATE, self.driver.submit, self.driver.ended))
        self.settle()

    async def _loop(self, flows: int, in_flight: int) -> Load:
        driver = self.driver
        return await closed_loop(driver.more(flows), in_flight, driver.submit, driver.ended)

    def figures(self) -> dict[str, Any]:
        """The median of the rounds."""
        median, loads = statistics.median, [each.load for each in self.closed]
        return {
            "flows_per_s": round(median(load.flows_per_s for load in loads), 1),
            "flows_per_s_rounds": [round(load.flows_per_s, 1) for load in loads],
            "closed_p50_ms": round(median(load.p50_ms for load in loads), 2),
            "closed_p99_ms": round(median(load.p99_ms for load in loads), 2),
            **{
                f"open{RATE}_{name}": round(median(getattr(load, name) for load in self.opened), 2)
                for name in ("p50_ms", "p95_ms", "p99_ms")
            },
            "cpu_ms_per_flow": round(
                median(1000 * each.cpu_s / each.load.flows for each in self.closed), 3
            ),
            "peak_mb": round(max(each.peak_pss_mb for each in self.closed)),
        }


async def by_turns(sides: Sequence[Side], plan: Plan) -> None:
    """Closed loops for throughput, then open loops for latency; whoever waits is at rest."""
    for side in sides:
        await side.warm(plan)
    for measure in (Side.throughput, Side.latency):
        for _ in range(plan.rounds):
            for side in sides:
                await measure(side, plan)
