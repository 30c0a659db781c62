"""How far each pattern has come: no series of that pattern can begin before its unit.

Times are only taken, so what was impossible stays impossible, until a time is given back.
"""

from collections.abc import Mapping

_MOST = 16

Reach = Mapping[str, int]


def advanced(reach: Reach, pattern: str, unit: int) -> Reach:
    """A search has shown that nothing is possible earlier; the oldest pattern makes room."""
    if reach.get(pattern) == unit:
        return reach
    others = [(name, known) for name, known in reach.items() if name != pattern]
    return dict([*others[-_MOST + 1 :], (pattern, unit)])


def given_back(reach: Reach, freed: int, day_units: int) -> Reach:
    """A series may now begin as much earlier as lets one of its sessions fall on the freed time."""
    return {
        pattern: min(unit, freed - (7 * _weeks(pattern) + 1) * day_units)
        for pattern, unit in reach.items()
    }


def _weeks(pattern: str) -> int:
    return pattern.partition("/")[0].count(",") + 1
