"""Where money or drugs are kept two persons drop a step: one proposes it, another repeats it."""

from datetime import timedelta

from chassis import operated
from chassis.database import Tx
from chassis.principal import caller

_LIFE = timedelta(hours=24)
_TAKE = """
DELETE FROM proposal WHERE target = $1 AND actor <> $2 AND proposed_at > $3 RETURNING actor
"""
_PROPOSE = """
INSERT INTO proposal VALUES ($1, $2, $3, $4) ON CONFLICT (target) DO UPDATE
SET actor = excluded.actor, reason = excluded.reason, proposed_at = excluded.proposed_at
"""


async def agrees(tx: Tx, target: str, reason: str) -> bool:
    """Whether somebody else asked for the same within a day; if not, the caller has proposed it."""
    actor = caller().subject
    if await tx.driver.fetch(_TAKE, target, actor, tx.now - _LIFE):
        return True
    await tx.driver.execute(_PROPOSE, target, actor, reason, tx.now)
    await operated.note(tx, "propose-skip", target, reason)
    return False
