"""A loop that loses a cancellation is cancelled again."""

import asyncio

import pytest

from chassis import ending
from chassis.ending import end


async def test_a_cancellation_that_a_library_swallows_is_said_again(monkeypatch):
    monkeypatch.setattr(ending, "_PATIENCE", 0.01)
    over, lost = asyncio.get_running_loop().create_future(), []

    async def loop():
        await asyncio.wait_for(over, 60)
        lost.append(True)
        await asyncio.Event().wait()

    task = asyncio.create_task(loop())
    await asyncio.sleep(0)
    over.set_result(None)
    async with asyncio.timeout(5):
        await end([task])
    assert task.cancelled()


async def test_a_loop_that_fails_while_it_ends_has_ended():
    async def loop():
        try:
            await asyncio.Event().wait()
        finally:
            raise ValueError("late")

    task = asyncio.create_task(loop())
    await asyncio.sleep(0)
    await end([task])
    with pytest.raises(ValueError, match="late"):
        await task
