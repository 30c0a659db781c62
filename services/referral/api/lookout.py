"""Knows when a watched referral has changed: one question for all watchers at a time."""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import Context
from uuid import UUID

from chassis.database import Database
from services.referral import store

POLL_SECONDS = 0.25
"""What another replica committed is seen this late at most."""
PAUSE_SECONDS = 0.01
"""Commits this close together are answered by one question."""


class Lookout:
    """Looks after each commit of this process and four times a second, while anybody watches."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._bells: defaultdict[UUID, set[asyncio.Event]] = defaultdict(set)
        self._seen: Mapping[UUID, int] = {}
        self._committed = asyncio.Event()
        self._looking: asyncio.Task[None] | None = None
        db.committed.append(lambda _: self._committed.set())

    @contextmanager
    def watching(self, referral_id: UUID) -> Iterator[asyncio.Event]:
        """A bell that rings whenever the referral may have changed."""
        bell = asyncio.Event()
        self._bells[referral_id].add(bell)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look(), context=Context())
        try:
            yield bell
        finally:
            self._bells[referral_id].discard(bell)
            if not self._bells[referral_id]:
                del self._bells[referral_id]
            self._committed.set()

    async def _look(self) -> None:
        """Ends by itself when nobody watches: a question that was asked is always heard out."""
        while self._bells:
            self._committed.clear()
            for referral_id in await self._changed():
                for bell in self._bells.get(referral_id, ()):
                    bell.set()
            await asyncio.sleep(PAUSE_SECONDS)
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL_SECONDS):
                    await self._committed.wait()

    async def _changed(self) -> Collection[UUID]:
        """Who cannot be asked about may have changed: its watchers, asking, learn what is wrong."""
        watched = list(self._bells)
        try:
            async with self._db.read() as tx:
                now = await store.changes(tx, watched)
        except Exception:
            return watched
        before, self._seen = self._seen, now
        return [one for one in watched if now.get(one) != before.get(one)]
