"""After the commit: entries get their place in their clinic's chain, and heads are anchored."""

import asyncio
import os
from collections.abc import Iterable
from pathlib import Path
from uuid import UUID

import structlog

from chassis.audit.anchors import private_key, told
from chassis.audit.chain import GENESIS, anchor, link
from chassis.database import Database, Tx

_BATCH = 1000
_ANCHORED = 10
_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtext('halcyon.audit'))"
_ANY_LOOSE = "SELECT FROM audit WHERE seq IS NULL LIMIT 1"
_LOOSE = "SELECT * FROM audit WHERE seq IS NULL ORDER BY number LIMIT $1"
_HEADS = """
SELECT head.* FROM unnest($1::uuid[]) AS asked (clinic_id) CROSS JOIN LATERAL (
    SELECT clinic_id, seq, hash FROM audit
    WHERE audit.clinic_id = asked.clinic_id AND seq IS NOT NULL ORDER BY seq DESC LIMIT 1) AS head
"""
_SEAL = """
UPDATE audit SET seq = given.seq, hash = given.hash
FROM unnest($1::bigint[], $2::bigint[], $3::bytea[]) AS given (number, seq, hash)
WHERE audit.number = given.number
"""

log = structlog.get_logger()


async def seal(db: Database) -> dict[UUID, tuple[int, bytes]]:
    """Chain what is loose; the new heads. Transactions that write entries wait for none of it."""
    async with db.transaction() as tx:
        await tx.driver.execute(_ONE_AT_A_TIME)
        loose = await tx.driver.fetch(_LOOSE, _BATCH)
        heads = await _heads(tx, {row["clinic_id"] for row in loose})
        places = []
        for row in loose:
            seq, before = heads.get(row["clinic_id"], (0, GENESIS))
            heads[row["clinic_id"]] = seq + 1, link(before, seq + 1, row)
            places.append((row["number"], *heads[row["clinic_id"]]))
        if places:
            await tx.driver.execute(_SEAL, *map(list, zip(*places, strict=True)))
    return heads


async def _heads(tx: Tx, clinics: Iterable[UUID]) -> dict[UUID, tuple[int, bytes]]:
    rows = await tx.driver.fetch(_HEADS, list(clinics))
    return {row["clinic_id"]: (row["seq"], row["hash"]) for row in rows}


class Sealer:
    """Chains once a second and anchors the heads that have moved, every ten seconds."""

    def __init__(
        self,
        db: Database,
        service: str,
        anchors: Path | None,
        key: Path | None,
        *,
        pause: float = 1,
    ) -> None:
        self._db, self._service, self._pause = db, service, pause
        self._anchors = anchors
        self._key = private_key(key) if key else None
        self._moved: dict[UUID, tuple[int, bytes]] = {}

    async def run(self) -> None:
        """Until cancelled."""
        rounds = 0
        while True:
            try:
                await self.round()
                rounds += 1
                if rounds % _ANCHORED == 1:
                    self.anchor()
            except Exception as error:
                log.warning("audit.unsealed", error_class=type(error).__qualname__)
            await asyncio.sleep(self._pause)

    async def close(self) -> None:
        """Before leaving: what is written is chained and anchored."""
        try:
            await self.round()
            self.anchor()
        except Exception as error:
            log.warning("audit.unsealed", error_class=type(error).__qualname__)

    async def round(self) -> None:
        """Chain everything that is loose now; mostly nothing is, and one question tells."""
        while await self._db.fetch(_ANY_LOOSE):
            self._moved.update(await seal(self._db))

    def anchor(self) -> None:
        """Append the signed heads to the file, and to the disk below it."""
        if self._anchors is None or self._key is None or not self._moved:
            return
        moved, self._moved = self._moved, {}
        lines = [
            told(anchor(self._key, self._service, clinic_id, seq, head))
            for clinic_id, (seq, head) in moved.items()
        ]
        with self._anchors.open("a") as file:
            file.write("".join(f"{line}\n" for line in lines))
            file.flush()
            os.fsync(file.fileno())
