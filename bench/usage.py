"""What a set of processes costs: CPU seconds and the peak of their proportional memory."""

import threading
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import psutil


class Meter:
    """`with Meter(pids) as used:` then `used.cpu_s` and `used.peak_pss_mb`.

    The descendants of each process count too, as long as a sample saw them.
    """

    def __init__(
        self, pids: Iterable[int], memory_of: Iterable[int] = (), every: float = 1
    ) -> None:
        self._roots, self._memory_of = tuple(pids), tuple(memory_of)
        self._every = every
        self._before: dict[int, float] = {}
        self._latest: dict[int, float] = {}
        self._over = threading.Event()
        self._sampler = threading.Thread(target=self._sample_on, daemon=True)
        self.peak_pss_mb = 0.0

    def __enter__(self) -> "Meter":
        self._before = self._cpu()
        self._sampler.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._sampler.join()
        self._sample()

    @property
    def cpu_s(self) -> float:
        """User and system seconds since the beginning."""
        return sum(spent - self._before.get(pid, 0.0) for pid, spent in self._latest.items())

    def _sample_on(self) -> None:
        while not self._over.wait(self._every):
            self._sample()

    def _sample(self) -> None:
        self._latest |= self._cpu()
        memory = sum(_pss_mb(each.pid) for each in _family(self._memory_of or self._roots))
        self.peak_pss_mb = max(self.peak_pss_mb, memory)

    def _cpu(self) -> dict[int, float]:
        spent = {}
        for each in _family(self._roots):
            with suppress(psutil.NoSuchProcess):
                times = each.cpu_times()
                spent[each.pid] = times.user + times.system
        return spent


def _family(roots: Iterable[int]) -> list[psutil.Process]:
    found: dict[int, psutil.Process] = {}
    for root in roots:
        with suppress(psutil.NoSuchProcess):
            process = psutil.Process(root)
            found[root] = process
            if root != psutil.Process().pid:
                found |= {child.pid: child for child in process.children(recursive=True)}
    return list(found.values())


def _pss_mb(pid: int) -> float:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    return 0.0
