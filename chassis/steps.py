"""What a service still owes a flow, step by step; and how a person takes or drops one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any
from uuid import UUID

from chassis import flows, operated, parking
from chassis.database import Database, Tx
from chassis.flows import Flows
from chassis.parking import Parked
from chassis.refusal import NotFound
from chassis.subscriptions import Subscriptions

_LATE = timedelta(seconds=5)
"""A sweeper looks four times a second: what is later than this, nobody takes."""
_OWED = """
SELECT 'deadline', name, entity_id, due_at, attempts, coalesce(error_class, '') FROM due
WHERE entity_id = ANY($1::uuid[])
UNION ALL SELECT 'errand', name, entity_id, CASE WHEN attempts > 0 THEN leased_until
    ELSE asked_at END, attempts, coalesce(error_class, '')
FROM errand WHERE entity_id = ANY($1::uuid[])
UNION ALL SELECT 'fact', subject, event_id, retry_at, attempts, error_class
FROM attempt WHERE flow_id = $2
"""
_OWES = """
SELECT FROM parked WHERE event_id = $4 AND replayed_at IS NULL AND $1 <> 'errand'
UNION ALL SELECT FROM attempt WHERE event_id = $3 AND $1 = 'fact'
UNION ALL SELECT FROM due WHERE (name, entity_id) = ($2, $3) AND $1 = 'deadline'
UNION ALL SELECT FROM errand WHERE (name, entity_id) = ($2, $3) AND $1 = 'errand'
"""
_FORGET = "DELETE FROM attempt WHERE event_id = $1 RETURNING subject, stream_seq"
_CLAIM = "INSERT INTO inbox VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING"
_DUE_NOW = """
UPDATE due SET due_at = least(due_at, $3), attempts = 0 WHERE name = $1 AND entity_id = $2
RETURNING name
"""
_RUN_NOW = """
UPDATE errand SET leased_until = CASE WHEN lease_token IS NULL THEN $3 ELSE leased_until END,
    attempts = 0
WHERE name = $1 AND entity_id = $2 RETURNING name
"""
_UNASK = "DELETE FROM errand WHERE name = $1 AND entity_id = $2 RETURNING name"
_UNDUE = "DELETE FROM due WHERE name = $1 AND entity_id = $2 RETURNING name"


class State(Enum):
    """How a step stands."""

    WAITING = 1
    FAILING = 2
    PARKED = 3
    HELD = 4
    OVERDUE = 5


@dataclass(frozen=True, slots=True)
class Name:
    """A step: kind is fact, deadline or errand; id is the event's, or the entity's."""

    kind: str
    name: str
    id: UUID

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}/{self.id}"


@dataclass(frozen=True, slots=True)
class Step:
    """One step that is owed."""

    name: Name
    state: State
    attempts: int
    error_class: str
    at: datetime | None
    held_by: str = ""


async def owed(db: Database, known: Flows, flow_id: UUID) -> list[Step]:
    """Everything this service owes a flow."""
    entities = await flows.entities(db, known, flow_id)
    now = db.clock()
    aside = [_aside(one) for one in await parking.of_flow(db, flow_id, entities)]
    return aside + [_step(row, now) for row in await db.fetch(_OWED, entities, flow_id)]


async def retry(tx: Tx, step: Name, reason: str, on: Subscriptions, consumer: str) -> None:
    """Now, and with a fresh count; a fact on its way comes again by itself within half a minute."""
    await operated.note(tx, "retry", str(step), reason)
    known = step.name, step.id, tx.now
    found: Sequence[Any] = ()
    if step.kind == "fact":
        found = await tx.driver.fetch(_FORGET, step.id)
    else:
        found = await tx.driver.fetch(_DUE_NOW if step.kind == "deadline" else _RUN_NOW, *known)
    if not found:
        await _replay(tx, step, on, consumer)


async def owes(tx: Tx, step: Name) -> None:
    """Refused when it does not."""
    if not await tx.driver.fetch(_OWES, step.kind, step.name, step.id, _parked_under(step)):
        raise _unknown()


async def skip(tx: Tx, step: Name, reason: str) -> None:
    """It counts as taken: nothing of it will be done."""
    await operated.note(tx, "skip", str(step), reason)
    aside = step.kind != "errand" and await parking.skip(tx, _parked_under(step))
    if step.kind == "fact":
        found = await tx.driver.fetch(_FORGET, step.id)
        for subject, stream_seq in found:
            await tx.driver.execute(_CLAIM, step.id, subject, stream_seq, tx.now)
    else:
        sql = _UNDUE if step.kind == "deadline" else _UNASK
        found = await tx.driver.fetch(sql, step.name, step.id)
    if not (found or aside):
        raise _unknown()


async def _replay(tx: Tx, step: Name, on: Subscriptions, consumer: str) -> None:
    if step.kind == "errand":
        raise _unknown()
    try:
        await parking.replay(tx, _parked_under(step), on, consumer)
    except NotFound:
        raise _unknown() from None


def _parked_under(step: Name) -> UUID:
    return parking.due_id(step.name, step.id) if step.kind == "deadline" else step.id


def _aside(one: Parked) -> Step:
    state = State.HELD if one.held_by else State.PARKED
    name = Name("fact", one.subject, one.event_id)
    if one.subject.startswith("due:") and one.entity_id:
        name = Name("deadline", one.subject.removeprefix("due:"), one.entity_id)
    error = "" if one.held_by else one.error_class
    return Step(name, state, one.attempts, error, one.parked_at, one.held_by or "")


def _step(row: Any, now: datetime) -> Step:
    kind, name, identity, at, attempts, error_class = row
    state = State.WAITING
    if attempts > 0:
        state = State.FAILING
    elif at is not None and at < now - _LATE:
        state = State.OVERDUE
    return Step(Name(kind, name, identity), state, attempts, error_class if attempts else "", at)


def _unknown() -> NotFound:
    return NotFound("STEP_NOT_FOUND", "The service owes no such step.")
