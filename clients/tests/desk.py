"""What the tests of the clinic's desk ask of a network, and read from its screens."""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from threading import Timer
from zoneinfo import ZoneInfo

import asyncpg

from clients.network import Network
from clients.network.seed import SEATTLE
from clients.tests.running import command, environment
from halcyon.scheduling.v1 import scheduling_pb2 as nouns
from halcyon.scheduling.v1.scheduling_service_pb2 import GetSeriesRequest

ZONE = ZoneInfo(SEATTLE.time_zone)


async def series_of(network: Network, referral_id: str) -> nouns.Series:
    async with network.client("coordinator") as desk:
        request = GetSeriesRequest(referral_id=referral_id)
        return (await desk.scheduling.GetSeries(request)).series


def starts(series: nouns.Series) -> list[datetime]:
    return [one.start_time.ToDatetime(UTC).astimezone(ZONE) for one in series.bookings]


def rows(table: str) -> dict[str, list[str]]:
    """Lines by their first word."""
    return {words[0]: words[1:] for line in table.splitlines() if (words := line.split())}


@contextmanager
def following(network: Network, *words: str) -> Iterator[Iterator[str]]:
    """What `halcyon schedule watch` prints, for a minute at most, until it is told to end."""
    env = environment(HALCYON_DATA=str(network.directory))
    running = command("schedule", "watch", *words)
    with subprocess.Popen(running, env=env, stdout=subprocess.PIPE, text=True) as watching:
        assert watching.stdout
        limit = Timer(60, watching.kill)
        limit.start()
        try:
            yield iter(watching.stdout)
        finally:
            watching.send_signal(signal.SIGINT)
            watching.wait()
            limit.cancel()
    assert watching.returncode == 0


async def a_week_ago(network: Network, series_id: str) -> None:
    """Its first session should have begun: nobody can book in the past, so its row is aged."""
    moments = ("start_time", "infuse_time", "infuse_end_time", "room_end_time", "end_time")
    aged = ", ".join(f"{one} = {one} - interval '7 days'" for one in moments)
    line = await asyncpg.connect(network.database_url("scheduling"))
    try:
        await line.execute(
            f"UPDATE booking SET {aged} WHERE series_id = $1 AND number = 1",
            series_id,
        )
    finally:
        await line.close()


def sunday() -> date:
    today = datetime.now(ZONE).date()
    return today + timedelta(days=7 - today.isoweekday())
