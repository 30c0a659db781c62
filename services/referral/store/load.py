"""How many series each clinic has open: a sum of shares, so that writers seldom meet.

A referral taken in reads the sum without a lock. Each consumer process writes one share, the
calls of all processes write another, and always last, so that waiting for it cannot go round.
"""

import secrets
from uuid import UUID

from chassis.database import Tx
from chassis.plans import made
from services.referral.store.rows import LoadRow

OFFICE = 0
"""The share that calls write."""
CONSUMER = 1 + secrets.randbelow(8)
"""The share that this process writes when it hears facts."""


async def count(tx: Tx, share: int, before: UUID | None, after: UUID | None) -> None:
    """A series counts against another clinic than before, or against none."""
    if before == after:
        return
    if before:
        await _add(tx, before, share, -1)
    if after:
        await _add(tx, after, share, 1)


async def _add(tx: Tx, clinic_id: UUID, share: int, series: int) -> None:
    row = await tx.find(LoadRow, (clinic_id, share))
    total = (row.open_series if row else 0) + series
    tx.put(made(LoadRow, clinic_id=clinic_id, share=share, open_series=total))
