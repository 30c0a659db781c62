"""Facts put aside: what could not be handled waits for a person, what is held for a pause's end."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from json import dumps
from typing import Any
from uuid import UUID, uuid5

from chassis import telemetry
from chassis.database import Database, Tx
from chassis.facts import NAMESPACE, Identity
from chassis.flows import belonging
from chassis.handling import handle_in
from chassis.heard import Heard, block
from chassis.refusal import NotFound
from chassis.subscriptions import Subscriptions

_COLUMNS = """event_id, subject, data, headers, stream_seq, error_class, attempts, parked_at,
    replayed_at, entity_id, flow_id, held_by"""
_PARK = """
INSERT INTO parked (event_id, subject, data, headers, stream_seq, entity_id, flow_id,
    error_class, attempts, parked_at, held_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
ON CONFLICT (event_id) DO UPDATE SET
    error_class = excluded.error_class, attempts = excluded.attempts,
    parked_at = excluded.parked_at, held_by = excluded.held_by, replayed_at = NULL
"""
_LIST = f"""
SELECT {_COLUMNS} FROM parked WHERE replayed_at IS NULL AND held_by IS NULL
AND ($2::timestamptz IS NULL OR (parked_at, event_id) > ($2, $3::uuid))
ORDER BY parked_at, event_id LIMIT $1
"""  # noqa: S608
_GET = f"SELECT {_COLUMNS} FROM parked WHERE event_id = $1"  # noqa: S608
_OF_FLOW = f"""
SELECT {_COLUMNS} FROM parked
WHERE replayed_at IS NULL AND (flow_id = $1 OR subject LIKE 'due:%' AND entity_id = ANY($2::uuid[]))
ORDER BY stream_seq, event_id
"""  # noqa: S608
_DONE = "UPDATE parked SET replayed_at = $2 WHERE event_id = $1 AND replayed_at IS NULL"
_CLAIM = """
INSERT INTO inbox (event_id, subject, stream_seq, handled_at)
SELECT event_id, subject, stream_seq, $2 FROM parked
WHERE event_id = $1 AND subject NOT LIKE 'due:%'
ON CONFLICT DO NOTHING
"""


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
    entity_id: UUID | None = None
    flow_id: UUID | None = None
    held_by: str | None = None


async def park(tx: Tx, one: Heard, error_class: str, attempts: int) -> None:
    """Before the broker is told to forget the message."""
    await _put(tx, one, error_class, attempts, None)
    telemetry.record("halcyon.facts.parked", 1, {"messaging.destination.name": one.subject})


async def hold(tx: Tx, ones: Sequence[tuple[Heard, str]]) -> None:
    """Facts under a pause leave the stream, so that nothing behind them waits."""
    for one, pause in ones:
        await _put(tx, one, "Held", 0, pause)


async def park_due(tx: Tx, name: str, entity_id: UUID, error_class: str, attempts: int) -> None:
    """A deadline that cannot be met waits beside the facts, as `due:<name>`."""
    about = f"due:{name}", entity_id.bytes, "{}", 0, entity_id, None
    event_id = due_id(name, entity_id)
    await tx.driver.execute(_PARK, event_id, *about, error_class, attempts, tx.now, None)


def due_id(name: str, entity_id: UUID) -> UUID:
    """Under which id a deadline is parked."""
    return uuid5(NAMESPACE, f"due:{name}/{entity_id}")


async def parked(
    db: Database, limit: int = 100, after: tuple[datetime, UUID] | None = None
) -> list[Parked]:
    """What still waits for a person, oldest first, after a place in that order."""
    moment, event_id = after or (None, None)
    return [_parked(row) for row in await db.fetch(_LIST, limit, moment, event_id)]


async def of_flow(db: Database, flow_id: UUID, entities: Sequence[UUID]) -> list[Parked]:
    """Put aside of one flow, for whatever reason: its facts, and deadlines of its entities."""
    return [_parked(row) for row in await db.fetch(_OF_FLOW, flow_id, entities)]


async def show(db: Database, event_id: UUID) -> Parked:
    """One of them."""
    found = await db.fetch(_GET, event_id)
    return _parked(_one(found))


async def replay(tx: Tx, event_id: UUID, on: Subscriptions, consumer: str) -> None:
    """Handle it again on the ordinary path; what was handled meanwhile is only marked."""
    row = _one(await tx.driver.fetch(_GET + " FOR UPDATE", event_id))
    if row["replayed_at"] is None:
        await _handle_again(tx, row, on, consumer)
        await tx.driver.execute(_DONE, event_id, tx.now)


async def skip(tx: Tx, event_id: UUID) -> bool:
    """Count it as handled; false when nothing waits under this id."""
    await tx.driver.execute(_CLAIM, event_id, tx.now)
    return bool(await tx.driver.execute(_DONE, event_id, tx.now) != "UPDATE 0")


async def _put(tx: Tx, one: Heard, error_class: str, attempts: int, pause: str | None) -> None:
    about = one.subject, one.data, dumps(one.headers), one.stream_seq
    known: Identity | None = getattr(one, "about", None)
    entity_id = known.entity_id if known else None
    flow_id = belonging(one.fact).flow_id if known else None
    why = error_class, attempts, tx.now, pause
    await tx.driver.execute(_PARK, one.parking_id, *about, entity_id, flow_id, *why)


async def _handle_again(tx: Tx, row: Any, on: Subscriptions, consumer: str) -> None:
    if row["subject"].startswith("due:"):
        tx.due(row["subject"].removeprefix("due:"), UUID(bytes=row["data"]), tx.now)
        return
    place = {"stream": "", "stream_seq": row["stream_seq"], "delivered": 1}
    one = Heard(row["subject"], "", row["data"], block(row["headers"]), **place)
    one.understand(on)
    await handle_in(tx, [one], consumer)


def _parked(row: Any) -> Parked:
    return Parked(*row)


def _one(found: Any) -> Any:
    if not found:
        raise NotFound("PARKED_FACT_NOT_FOUND", "No fact is parked under this id.")
    return found[0]
