"""Facts that could not be handled: kept for a person to see, mend and replay."""

from dataclasses import dataclass
from datetime import datetime
from json import dumps
from typing import Any
from uuid import UUID, uuid5

from chassis import telemetry
from chassis.database import Database, Tx
from chassis.facts import NAMESPACE
from chassis.handling import handle_in
from chassis.heard import Heard
from chassis.refusal import NotFound
from chassis.subscriptions import Subscriptions

_PARK = """
INSERT INTO parked (event_id, subject, data, headers, stream_seq, error_class, attempts, parked_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (event_id) DO UPDATE SET
    error_class = excluded.error_class, attempts = excluded.attempts,
    parked_at = excluded.parked_at, replayed_at = NULL
"""
_LIST = """
SELECT * FROM parked
WHERE replayed_at IS NULL AND ($2::timestamptz IS NULL OR (parked_at, event_id) > ($2, $3::uuid))
ORDER BY parked_at, event_id LIMIT $1
"""
_GET = "SELECT * FROM parked WHERE event_id = $1"
_DONE = "UPDATE parked SET replayed_at = $2 WHERE event_id = $1"


@dataclass(frozen=True, slots=True)
class Parked:
    """One fact in the parking place; its data is for machines, not for screens."""

    event_id: UUID
    subject: str
    data: bytes
    headers: dict[str, str]
    stream_seq: int
    error_class: str
    attempts: int
    parked_at: datetime
    replayed_at: datetime | None


async def park(db: Database, one: Heard, error: BaseException, attempts: int) -> None:
    """In a transaction of its own, before the broker is told to forget the message."""
    async with db.transaction() as tx:
        about = (one.subject, one.data, dumps(one.headers), one.stream_seq)
        name = type(error).__qualname__
        await tx.driver.execute(_PARK, one.parking_id, *about, name, attempts, tx.now)
    telemetry.record("halcyon.facts.parked", 1, {"messaging.destination.name": one.subject})


async def park_due(tx: Tx, name: str, entity_id: UUID, error_class: str, attempts: int) -> None:
    """A deadline that cannot be met waits beside the facts, as `due:<name>`."""
    event_id = uuid5(NAMESPACE, f"due:{name}/{entity_id}")
    about = (f"due:{name}", entity_id.bytes, "{}", 0)
    await tx.driver.execute(_PARK, event_id, *about, error_class, attempts, tx.now)


async def parked(
    db: Database, limit: int = 100, after: tuple[datetime, UUID] | None = None
) -> list[Parked]:
    """What still waits for a person, oldest first, after a place in that order."""
    moment, event_id = after or (None, None)
    return [_parked(row) for row in await db.fetch(_LIST, limit, moment, event_id)]


async def show(db: Database, event_id: UUID) -> Parked:
    """One of them."""
    found = await db.fetch(_GET, event_id)
    return _parked(_one(found))


async def replay(db: Database, event_id: UUID, on: Subscriptions, consumer: str) -> None:
    """Handle it again on the ordinary path; what was handled meanwhile is only marked."""
    async with db.transaction() as tx:
        row = _one(await tx.driver.fetch(_GET + " FOR UPDATE", event_id))
        if row["replayed_at"] is None:
            await _handle_again(tx, row, on, consumer)
            await tx.driver.execute(_DONE, event_id, tx.now)


async def _handle_again(tx: Tx, row: Any, on: Subscriptions, consumer: str) -> None:
    if row["subject"].startswith("due:"):
        tx.due(row["subject"].removeprefix("due:"), UUID(bytes=row["data"]), tx.now)
        return
    place = {"stream": "", "stream_seq": row["stream_seq"], "delivered": 1}
    one = Heard(row["subject"], "", row["data"], row["headers"], **place)
    one.understand(on)
    await handle_in(tx, [one], consumer)


def _parked(row: Any) -> Parked:
    return Parked(**row)


def _one(found: Any) -> Any:
    if not found:
        raise NotFound("PARKED_FACT_NOT_FOUND", "No fact is parked under this id.")
    return found[0]
