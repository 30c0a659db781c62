"""A crowd does not slow down those who are served: goodput holds at four times capacity."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import pytest

from chassis.testing import eventually
from chassis.tests.echo import refused
from chassis.tests.edge import Edge, running_edge

WORKERS, WORK, MOST = 4, 0.08, 16


@pytest.fixture(name="edge")
async def _edge(tmp_path: Path) -> AsyncIterator[Edge]:
    """Four workers of 80 ms: 50 calls a second at best, however busy the machine is."""
    async with running_edge(tmp_path, max_calls=MOST) as edge:
        workers = asyncio.Semaphore(WORKERS)

        async def work() -> None:
            async with workers:
                await asyncio.sleep(WORK)

        edge.echo.acts["work"] = work
        yield edge


async def test_who_finds_it_full_is_told_when_to_come_again(edge: Edge) -> None:
    gate = asyncio.Event()
    edge.echo.acts["wait"] = gate.wait
    inside = [asyncio.ensure_future(edge.client.say("wait")) for _ in range(MOST)]
    await eventually(lambda: asyncio.sleep(0, len(edge.echo.heard) == MOST))
    refusal = await refused(edge.client.say("one more"))
    assert refusal.code is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert refusal.info.reason == "TOO_BUSY"
    assert 0.5 <= refusal.retry.retry_delay.ToTimedelta().total_seconds() <= 1.5
    gate.set()
    await asyncio.gather(*inside)
    assert (await edge.client.say("again")).text == "ada:again"


async def test_nobody_in_a_crowd_is_cut_off_without_a_word(edge: Edge) -> None:
    """Far more calls than gRPC's own limits would take: each is answered, and told when to come."""
    gate = asyncio.Event()
    edge.echo.acts["wait"] = gate.wait
    inside = [asyncio.ensure_future(edge.client.say("wait")) for _ in range(MOST)]
    await eventually(lambda: asyncio.sleep(0, len(edge.echo.heard) == MOST))
    refusals = await asyncio.gather(*(refused(edge.client.say("more")) for _ in range(3000)))
    assert {one.code for one in refusals} == {grpc.StatusCode.RESOURCE_EXHAUSTED}
    assert all(one.retry.retry_delay.ToTimedelta() for one in refusals)
    gate.set()
    await asyncio.gather(*inside)


async def test_streams_have_room_of_their_own_and_no_more(tmp_path: Path) -> None:
    async with running_edge(tmp_path, max_calls=1, max_streams=1) as edge:
        gate = asyncio.Event()
        edge.echo.acts["wait"] = gate.wait
        first = edge.client.repeat("wait")
        held = asyncio.ensure_future(first.read())
        await eventually(lambda: asyncio.sleep(0, len(edge.echo.heard) == 1))
        assert (await edge.client.say("a unary call")).text
        refusal = await refused(edge.client.repeat("more"))
        assert refusal.code is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert refusal.retry.retry_delay.ToTimedelta()
        gate.set()
        await held
        first.cancel()


async def test_goodput_at_four_times_capacity_stays_above_seventy_percent(edge: Edge) -> None:
    peak = await _closed(edge, seconds=1.5)
    offered = 4 * peak
    good, refusals = await _open(edge, rate=offered, seconds=2.5)
    assert refusals > 0
    assert good >= 0.7 * peak


async def _closed(edge: Edge, seconds: float) -> float:
    done, until = 0, time.monotonic() + seconds

    async def ask() -> None:
        nonlocal done
        while time.monotonic() < until:
            await edge.client.say("work")
            done += 1

    await asyncio.gather(*(ask() for _ in range(2 * WORKERS)))
    return done / seconds


async def _open(edge: Edge, rate: float, seconds: float) -> tuple[float, int]:
    """Calls at fixed times, each with half a second to be answered in."""
    done = refusals = 0

    async def ask() -> None:
        nonlocal done, refusals
        try:
            await edge.client.say("work", timeout=0.5)
            done += 1
        except grpc.aio.AioRpcError as fault:
            refusals += fault.code() is grpc.StatusCode.RESOURCE_EXHAUSTED

    start = time.monotonic()
    async with asyncio.TaskGroup() as calls:
        for index in range(int(rate * seconds)):
            await asyncio.sleep(max(0.0, start + index / rate - time.monotonic()))
            calls.create_task(ask())
    return done / (time.monotonic() - start), refusals
