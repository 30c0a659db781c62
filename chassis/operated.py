"""The operations log: what a person did to the machinery, in the transaction that did it."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID, uuid4

from chassis.database import Database, Tx
from chassis.principal import caller

_NOTE = "INSERT INTO operation VALUES ($1, $2, $3, $4, $5, $6)"
_LIST = """
SELECT operation_id, operated_at, actor, action, target, reason FROM operation
WHERE $2::timestamptz IS NULL OR (operated_at, operation_id) < ($2, $3::uuid)
ORDER BY operated_at DESC, operation_id DESC LIMIT $1
"""


class Operation(NamedTuple):
    """One act of an operator."""

    operation_id: UUID
    operated_at: datetime
    actor: str
    action: str
    target: str
    reason: str


async def note(tx: Tx, action: str, target: str, reason: str) -> None:
    """Who did what to what, and why: kept with the deed or not at all."""
    actor = caller().subject
    await tx.driver.execute(_NOTE, uuid4(), tx.now, actor, action, target, reason)


async def newest(
    db: Database, limit: int, after: tuple[datetime, UUID] | None = None
) -> list[Operation]:
    """The log, backwards."""
    moment, operation_id = after or (None, None)
    return [Operation(*row) for row in await db.fetch(_LIST, limit, moment, operation_id)]
