"""What flows cost, by the engine's own counters: CPU by kind of container, bytes kept."""

from collections import defaultdict
from collections.abc import Mapping

import asyncpg

from tests.containers.fleet import Fleet


def cpu_seconds(fleet: Fleet) -> Mapping[str, float]:
    """Of each kind of container since its start: both replicas and all nodes together."""
    used: dict[str, float] = defaultdict(float)
    for box in fleet.boxes:
        counted = box.get_wrapped_container().stats(stream=False, one_shot=True)
        used[box.name.rpartition("-")[0] or box.name] += (
            counted["cpu_stats"]["cpu_usage"]["total_usage"] / 1e9
        )
    return used


async def kept_bytes(fleet: Fleet) -> Mapping[str, int]:
    """On PostgreSQL's disk without its log, and in the stream on one node."""
    database = 0
    for url in fleet.databases.values():
        line = await asyncpg.connect(url)
        database += await line.fetchval("SELECT pg_database_size(current_database())")
        await line.close()
    return {"postgres": database, "stream": (await fleet.stream()).state.bytes}


def each(before: Mapping[str, float], after: Mapping[str, float], flows: int) -> dict[str, float]:
    """The difference for one flow."""
    return {name: round((after[name] - before.get(name, 0)) / flows, 6) for name in after}
