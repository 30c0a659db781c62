"""Nobody waits at rest; under load a batch gathers while the last one's cost is made good."""

import asyncio

import pytest

from chassis.rhythm import Rhythm


@pytest.fixture
async def clock(monkeypatch):
    """A clock that only sleep moves; what was slept is kept."""
    loop, kept = asyncio.get_running_loop(), {"now": 1000.0, "slept": 0.0}
    monkeypatch.setattr(loop, "time", lambda: kept["now"])

    async def sleep(seconds):
        kept["now"] += seconds
        kept["slept"] += seconds

    monkeypatch.setattr("chassis.rhythm.asyncio.sleep", sleep)
    return kept


async def _slept_after(clock, rhythm, size, took, idle=0.0):
    rhythm.begin(size)
    clock["now"] += took
    rhythm.end()
    clock["now"] += idle
    clock["slept"] = 0.0
    await rhythm.pause()
    return clock["slept"]


async def test_the_first_batch_begins_at_once(clock):
    rhythm = Rhythm()
    rhythm.end()
    await rhythm.pause()
    assert clock["slept"] == 0


@pytest.mark.parametrize(
    ("linger", "size", "took", "idle", "paused"),
    [
        (0, 1, 0.04, 0, 0),
        (0, 2, 0.04, 0, 0.015),
        (0, 10, 0.04, 0, 0.027),
        (0, 10, 0.04, 0.02, 0.007),
        (0, 10, 0.04, 1, 0),
        (0, 10, 9, 0, 0.0675),
        (0.01, 1, 0.004, 0.05, 0),
        (0.01, 10, 0.004, 0.05, 0.01),
        (0.01, 10, 0.04, 0, 0.027),
        (0.01, 10, 0.004, 1, 0),
    ],
)
async def test_a_crowd_gathers_as_long_as_the_last_batch_took_and_no_less_than_it_lingers(
    clock, linger, size, took, idle, paused
):
    assert await _slept_after(clock, Rhythm(linger), size, took, idle) == pytest.approx(paused)
