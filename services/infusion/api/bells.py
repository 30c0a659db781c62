"""Bells for those who watch: rung after each commit of this process, and in time for another's."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from chassis.database import Database

POLL_SECONDS = 0.2
"""What another replica committed is seen this late at most."""


class Bells:
    """One bell for each watcher."""

    def __init__(self, db: Database) -> None:
        self._bells: set[asyncio.Event] = set()
        db.committed.append(lambda _: self._ring())

    @contextmanager
    def bell(self) -> Iterator[asyncio.Event]:
        """A bell of one's own."""
        mine = asyncio.Event()
        self._bells.add(mine)
        try:
            yield mine
        finally:
            self._bells.discard(mine)

    def _ring(self) -> None:
        for bell in self._bells:
            bell.set()


async def rung(bell: asyncio.Event) -> None:
    """Until somebody rings, or it is time to look anyway."""
    with suppress(TimeoutError):
        async with asyncio.timeout(POLL_SECONDS):
            await bell.wait()
    bell.clear()
