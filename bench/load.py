"""Load on any flow: a closed loop for throughput, an open loop for latency."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

Submit = Callable[[int], Awaitable[None]]
Ended = AsyncIterator[tuple[int, float]]
"""Which flow has its payment recorded, and when (time.perf_counter)."""

_SILENCE = 60.0


@dataclass(frozen=True)
class Load:
    """What one run gave; latencies are milliseconds."""

    flows: int
    seconds: float
    p50_ms: float
    p95_ms: float
    p99_ms: float

    @property
    def flows_per_s(self) -> float:
        return self.flows / self.seconds


@dataclass
class _Run:
    began: dict[int, float] = field(default_factory=dict)
    took: list[float] = field(default_factory=list)
    last: float = 0.0

    async def follow(self, ended: Ended, flows: int, done: Callable[[], None]) -> None:
        """Note each end once; ends of other runs and second notices are not ours."""
        while len(self.took) < flows:
            index, at = await asyncio.wait_for(anext(ended), _SILENCE)
            if (began := self.began.pop(index, None)) is not None:
                self.took.append(at - began)
                self.last = at
                done()

    def load(self, start: float) -> Load:
        took = sorted(self.took)
        p50, p95, p99 = (1000 * took[int(len(took) * share)] for share in (0.50, 0.95, 0.99))
        return Load(len(took), self.last - start, p50, p95, p99)


async def closed_loop(flows: range, in_flight: int, submit: Submit, ended: Ended) -> Load:
    """Keep `in_flight` flows under way; latency from the submission."""
    run, slots = _Run(), asyncio.Semaphore(in_flight)

    async def one(index: int) -> None:
        run.began[index] = time.perf_counter()
        await submit(index)

    start = time.perf_counter()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(run.follow(ended, len(flows), slots.release))
        for index in flows:
            await slots.acquire()
            tasks.create_task(one(index))
    return run.load(start)


async def open_loop(flows: range, rate: float, submit: Submit, ended: Ended) -> Load:
    """Submit at fixed times whatever happens; latency from the time it was due."""
    run = _Run()
    start = time.perf_counter()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(run.follow(ended, len(flows), lambda: None))
        for count, index in enumerate(flows):
            due = start + count / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            run.began[index] = due
            tasks.create_task(_awaited(submit(index)))
    return run.load(start)


async def _awaited(submission: Awaitable[None]) -> None:
    await submission


class Notices:
    """A source of ends that a callback can feed."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[tuple[int, float]] = asyncio.Queue()

    def note(self, index: int) -> None:
        self._queue.put_nowait((index, time.perf_counter()))

    def __aiter__(self) -> "Notices":
        return self

    async def __anext__(self) -> tuple[int, float]:
        with suppress(asyncio.QueueEmpty):
            return self._queue.get_nowait()
        return await self._queue.get()
