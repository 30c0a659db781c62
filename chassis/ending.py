"""Ending the loops of a process, whatever they wait for."""

import asyncio
from collections.abc import Collection
from typing import Any

_PATIENCE = 5.0


async def end(tasks: Collection[asyncio.Task[Any]]) -> None:
    """Cancel until each has ended.

    Once is not enough before Python 3.12: what waits in asyncio.wait_for, as nats-py does, loses a
    cancellation that comes in the moment in which its wait is over.
    """
    while left := [task for task in tasks if not task.done()]:
        for task in left:
            task.cancel()
        await asyncio.wait(left, timeout=_PATIENCE)
