"""What a person holds back: a flow, a kind of fact, a clinic, or everything a service hears."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import structlog

from chassis import operated, parking
from chassis.database import Database, Tx
from chassis.flows import Flows, belonging
from chassis.heard import Heard
from chassis.refusal import NotFound
from chassis.subscriptions import Subscriptions

_HEED = 1.0
_READ = "SELECT kind, name FROM pause"
_CONSUMERS = "SELECT name FROM pause WHERE kind = 'consumer' AND resumed_at IS NULL"
_LIST = """
SELECT kind, name, actor, reason, paused_at, resumed_at, (SELECT count(*) FROM parked
    WHERE held_by = pause.kind || '/' || pause.name AND replayed_at IS NULL) AS held
FROM pause ORDER BY paused_at, kind, name
"""
_PAUSE = """
INSERT INTO pause (kind, name, actor, reason, paused_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (kind, name) DO UPDATE SET resumed_at = NULL
"""
_RESUME = "UPDATE pause SET resumed_at = $3 WHERE kind = $1 AND name = $2 RETURNING kind"
_LET_GO = """
SELECT event_id FROM parked WHERE replayed_at IS NULL AND held_by IS NOT NULL
    AND held_by NOT IN (SELECT kind || '/' || name FROM pause WHERE resumed_at IS NULL)
ORDER BY stream_seq LIMIT 100
"""
_BLAME = """
UPDATE parked SET held_by = NULL, error_class = $2, attempts = 1, parked_at = $3 WHERE event_id = $1
"""
_END = """
DELETE FROM pause WHERE resumed_at IS NOT NULL AND NOT EXISTS (SELECT FROM parked
    WHERE held_by = pause.kind || '/' || pause.name AND replayed_at IS NULL)
"""

log = structlog.get_logger()


class Pause(NamedTuple):
    """A pause as it stands."""

    kind: str
    name: str
    actor: str
    reason: str
    paused_at: datetime
    resumed_at: datetime | None
    held: int


class Pauses:
    """Read once a second; while there is none, nothing else is asked."""

    def __init__(self, db: Database, consumer: str, flows: Flows | None = None) -> None:
        self._db, self._consumer, self._flows = db, consumer, flows or Flows()
        self.active: frozenset[tuple[str, str]] = frozenset()
        self.open = asyncio.Event()
        """Clear while the consumer itself is paused."""
        self.open.set()

    async def run(self, on: Subscriptions) -> None:
        """Until cancelled: heed what is paused, and handle what is not held any more."""
        had = True
        while True:
            try:
                await self.heed()
                if self.active or had:
                    had = await self.release(on) or bool(self.active)
            except Exception as error:
                log.warning("pauses.unheeded", error_class=type(error).__qualname__)
            await asyncio.sleep(_HEED)

    async def heed(self) -> None:
        """Learn what is paused now."""
        self.active = frozenset((row[0], row[1]) for row in await self._db.fetch(_READ))
        if ("consumer", self._consumer) in self.active:
            self.open.clear()
        else:
            self.open.set()

    def over(self, one: Heard) -> str:
        """The pause that holds a fact, as kind/name; '' when none does."""
        flow_id, clinic_id = belonging(one.fact)
        for kind, name in (("flow", flow_id), ("fact", one.subject), ("clinic", clinic_id)):
            if (kind, str(name)) in self.active:
                return f"{kind}/{name}"
        return ""

    async def held_entities(self, table: str) -> list[UUID]:
        """Entities with a row in `due` or `errand` whose flow or clinic is paused."""
        flows, clinics = (self._names(kind) for kind in ("flow", "clinic"))
        if not (flows or clinics):
            return []
        sql = f"""
SELECT DISTINCT {table}.entity_id FROM {table} JOIN ({self._flows.members}) AS member
USING (entity_id) WHERE member.flow_id = ANY($1::uuid[]) OR member.clinic_id = ANY($2::uuid[])
"""  # noqa: S608
        return [row[0] for row in await self._db.fetch(sql, flows, clinics)]

    async def release(self, on: Subscriptions) -> bool:
        """In the order of the stream; one that fails waits for a person. True while there is more.

        A pause is over for newcomers only when nothing that it held is left, so none overtakes.
        """
        found = await self._db.fetch(_LET_GO)
        for (event_id,) in found:
            await self._handle(event_id, on)
        if not found:
            await self._db.fetch(_END)
            await self.heed()
        return bool(found)

    def _names(self, kind: str) -> list[UUID]:
        return [UUID(name) for one, name in self.active if one == kind]

    async def _handle(self, event_id: UUID, on: Subscriptions) -> None:
        try:
            async with self._db.transaction() as tx:
                await parking.replay(tx, event_id, on, self._consumer)
        except Exception as error:
            kind = type(error).__qualname__
            log.warning("held.failed", event_id=str(event_id), error_class=kind)
            await self._db.fetch(_BLAME, event_id, kind, self._db.clock())


async def pause(tx: Tx, kind: str, name: str, actor: str, reason: str) -> None:
    """Hold it back; what is paused already stays so."""
    await tx.driver.execute(_PAUSE, kind, name, actor, reason, tx.now)
    await operated.note(tx, "pause", f"{kind}/{name}", reason)


async def resume(tx: Tx, kind: str, name: str, reason: str) -> None:
    """Begin to let go."""
    if not await tx.driver.fetch(_RESUME, kind, name, tx.now):
        raise NotFound("PAUSE_NOT_FOUND", "Nothing of this name is paused here.")
    await operated.note(tx, "resume", f"{kind}/{name}", reason)


async def paused_consumers(db: Database) -> set[str]:
    """By name: of the whole service, or of a part that it named itself."""
    return {row[0] for row in await db.fetch(_CONSUMERS)}


async def pauses(db: Database) -> Sequence[Pause]:
    """All of them, oldest first."""
    return [Pause(*row) for row in await db.fetch(_LIST)]
