"""Facts on their way out: what a transaction appends, and the short statements of the relay."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from google.protobuf.message import Message
from opentelemetry.trace import get_current_span

from chassis import telemetry
from chassis.facts import identity
from chassis.work import concern

CLAIM = """
WITH waiting AS (
    SELECT event_id FROM outbox
    WHERE published_at IS NULL AND leased_until < $2 ORDER BY seq LIMIT 500
    FOR UPDATE SKIP LOCKED)
UPDATE outbox SET lease_token = $1, leased_until = $3 FROM waiting
WHERE outbox.event_id = waiting.event_id
RETURNING outbox.seq, outbox.event_id, subject, entity_id, revision, data, traceparent, recorded_at
"""
# A mark that a crash forgets costs one more publish, which the stream drops: no fsync for it.
MARK = """
WITH lazily AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))
UPDATE outbox SET published_at = $2 FROM lazily WHERE event_id = ANY($1::uuid[])
"""

_OF = """
SELECT event_id, subject, entity_id, revision, recorded_at, published_at, traceparent
FROM outbox WHERE entity_id = ANY($1::uuid[]) ORDER BY recorded_at, seq LIMIT 1000
"""


class Entry(NamedTuple):
    """One row of the outbox, as the relay needs it."""

    event_id: UUID
    subject: str
    entity_id: UUID
    revision: int
    data: bytes
    traceparent: str
    recorded_at: datetime


def entry(fact: Message, now: datetime) -> Entry:
    """A fact with the trace that caused it, kept now so that the trace survives the wait."""
    about = identity(fact)
    span = get_current_span()
    concern(span, fact)
    return Entry(
        about.event_id,
        fact.DESCRIPTOR.full_name,
        about.entity_id,
        about.revision,
        fact.SerializeToString(deterministic=True),
        telemetry.traceparent_of(span),
        now,
    )


async def of(db: Any, entities: Sequence[UUID]) -> Sequence[Any]:
    """What was stated about some entities, oldest first."""
    found: Sequence[Any] = await db.fetch(_OF, entities)
    return found
