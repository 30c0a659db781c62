"""When the next batch may begin: under load it gathers while others work, at rest nobody waits."""

import asyncio

_MOST = 0.1
_SHARE = 0.75
"""Of the time the last batch took: measured, more saves little and only makes others wait."""
_RECENT = 0.25
"""So long after a batch the crowd is taken to be still there."""


class Rhythm:
    """A batch is followed by a pause of about the same length, in which the next one gathers.

    Most of a batch's cost is the same for one fact as for twenty, so a busy service that pauses
    does the same work in half the transactions. A batch of one shows that there is no crowd: no
    pause follows it.
    """

    def __init__(self, linger: float = 0) -> None:
        """In a crowd a batch waits `linger` seconds for those who come right behind the first."""
        self._linger = linger
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
            pause = min(now - self._began, _MOST) * _SHARE * (1 - 1 / self._size)
            self._next = now + pause

    async def pause(self) -> None:
        """Until the next batch may begin."""
        now = self._clock()
        crowded = self._size > 1 and now - self._began < _RECENT
        rest = max(self._next - now, self._linger if crowded else 0)
        if rest > 0:
            await asyncio.sleep(rest)
