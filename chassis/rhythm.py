"""When the next batch may begin: under load it gathers while others work, at rest nobody waits."""

import asyncio

_MOST = 0.1
_FEW = 3
"""So many facts may meet by chance; more of them are a crowd."""


class Rhythm:
    """A batch is followed by a pause almost as long as it took, in which the next one gathers.

    Most of a batch's cost is the same for one fact as for twenty, so a busy service that pauses
    does the same work in half the transactions. A batch of a few shows that there is no crowd: no
    pause follows it.
    """

    def __init__(self, pace: float = 0) -> None:
        """Batches begin `pace` seconds apart at least."""
        self._pace = pace
        self._clock = asyncio.get_running_loop().time
        self._began = self._next = 0.0
        self._size = 0

    def begin(self, size: int) -> None:
        """A batch is taken in hand."""
        self._began, self._size = self._clock(), size

    def end(self) -> None:
        """It is done; a batch that took very long, for whatever reason, delays the next little."""
        if self._size:
            now = self._clock()
            pause = min(now - self._began, _MOST) * max(0.0, 1 - _FEW / self._size)
            self._next = max(now + pause, self._began + self._pace)

    async def pause(self) -> None:
        """Until the next batch may begin."""
        if (rest := self._next - self._clock()) > 0:
            await asyncio.sleep(rest)
