"""What nobody waits for comes in crowds: the first after a rest at once, then four a second."""

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

_APART = 0.25


class Gathering(Generic[T]):
    """Holds things back while others of their kind may come; a full crowd waits no longer."""

    def __init__(self, give: Callable[[list[T]], None], most: int) -> None:
        self._give, self._most = give, most
        self._loop = asyncio.get_running_loop()
        self._held: list[T] = []
        self._next = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._held)

    def add(self, one: T) -> None:
        """Give it now, or with the others soon."""
        self._held.append(one)
        rest = self._next - self._loop.time()
        if rest <= 0 or len(self._held) >= self._most:
            self._release()
        elif self._timer is None:
            self._timer = self._loop.call_later(rest, self._release)

    def _release(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None
        self._next = self._loop.time() + _APART
        held, self._held = self._held, []
        self._give(held)
