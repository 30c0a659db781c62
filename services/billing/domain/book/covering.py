"""Which packages and single sessions cover a number of sessions for the least money."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from services.billing.domain.book.book import Package


@dataclass(frozen=True, slots=True)
class Cover:
    """So many of each package, the largest first, and so many single sessions."""

    packages: tuple[tuple[Package, int], ...]
    singles: int


def cover(count: int, packages: Sequence[Package], unit: int) -> Cover:
    """The cheapest way to exactly so many sessions; of equals, the one with fewer packages."""
    best: list[tuple[int, int, tuple[Package, ...]]] = [(0, 0, ())]
    for sessions in range(1, count + 1):
        price, used, chosen = best[sessions - 1]
        options = [(price + unit, used, chosen)]
        for package in packages:
            if package.count <= sessions:
                price, used, chosen = best[sessions - package.count]
                options.append((price + package.price(unit), used + 1, (*chosen, package)))
        best.append(min(options, key=lambda option: option[:2]))
    chosen = best[count][2]
    bought = Counter(chosen).most_common()
    largest_first = sorted(bought, key=lambda pair: -pair[0].count)
    return Cover(tuple(largest_first), count - sum(package.count for package in chosen))
