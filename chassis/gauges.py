"""What waits, measured from the tables and the broker every few seconds while somebody reads."""

import asyncio
import random
from collections.abc import Sequence
from typing import Any

import structlog
from nats.js.errors import NotFoundError

from chassis import flows, telemetry
from chassis.bus import Bus
from chassis.consumers import STREAM
from chassis.database import Database
from chassis.flows import Flows
from chassis.names import Observed
from chassis.telemetry import Measured

_OFTEN = 5.0
_WAITING = """
SELECT (SELECT count(*) FROM outbox WHERE published_at IS NULL) AS "halcyon.outbox.waiting",
    (SELECT coalesce(extract(epoch FROM $1 - min(recorded_at)), 0)::float8
        FROM outbox WHERE published_at IS NULL) AS "halcyon.outbox.age",
    (SELECT count(*) FROM parked WHERE replayed_at IS NULL AND held_by IS NULL)
        AS "halcyon.parked",
    (SELECT count(*) FROM parked WHERE replayed_at IS NULL AND held_by IS NOT NULL)
        AS "halcyon.held",
    (SELECT count(*) FROM due WHERE due_at < $1 - interval '30 seconds')
        AS "halcyon.deadlines.overdue",
    (SELECT count(*) FROM errand) AS "halcyon.errands.waiting"
"""

log = structlog.get_logger()


class Gauges:
    """Read by loops of their own, so that a scrape never waits for a database."""

    def __init__(  # noqa: PLR0913
        self,
        db: Database,
        bus: Bus,
        name: str,
        known: Flows,
        *,
        hears: bool,
        count_every: float = 60,
    ) -> None:
        """Flows are counted more seldom: that reads every one that is not over."""
        self._count_every = count_every
        self._db, self._bus, self._name, self._flows = db, bus, name, known
        self._hears = hears
        self._seen: dict[Observed, float] = {}
        self._counts: list[Measured] = []
        self._ages: list[Measured] = []

    async def run(self) -> None:
        """Until cancelled."""
        names: Sequence[Observed] = (
            "halcyon.consumer.ack_pending",
            "halcyon.consumer.lag",
            "halcyon.deadlines.overdue",
            "halcyon.errands.waiting",
            "halcyon.held",
            "halcyon.outbox.age",
            "halcyon.outbox.waiting",
            "halcyon.parked",
        )
        for name in names:
            telemetry.observe(name, lambda name=name: self._seen.get(name, 0.0))  # type: ignore[misc]
        telemetry.observe("halcyon.flows", lambda: self._counts)
        telemetry.observe("halcyon.flows.age", lambda: self._ages)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._for_ever(self.look, _OFTEN))
            tasks.create_task(self._for_ever(self.count_flows, self._count_every))

    async def look(self) -> None:
        """What waits in the tables and at the broker."""
        (row,) = await self._db.fetch(_WAITING, self._db.clock())
        self._seen.update({name: float(value) for name, value in dict(row).items()})
        if self._hears:
            await self._listen()

    async def count_flows(self) -> None:
        """Flows by state, and how long the oldest is in it; those that are over are not counted."""
        found = await self._db.fetch(flows.counting(self._flows), self._db.clock())
        self._counts = [(row[1], {"halcyon.flow.state": row[0]}) for row in found]
        self._ages = [(row[2], {"halcyon.flow.state": row[0]}) for row in found]

    async def _listen(self) -> None:
        try:
            heard = await self._bus.jetstream.manager().consumer_info(STREAM, self._name)
        except NotFoundError:
            return
        self._seen["halcyon.consumer.lag"] = float(heard.num_pending or 0)
        self._seen["halcyon.consumer.ack_pending"] = float(heard.num_ack_pending or 0)

    async def _for_ever(self, look: Any, every: float) -> None:
        while True:
            try:
                await look()
            except Exception as error:
                log.warning("gauges.unread", error_class=type(error).__qualname__)
            await asyncio.sleep(every * random.uniform(0.8, 1.2))  # noqa: S311
