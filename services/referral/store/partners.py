"""Partners: who they are, what they said once, what they have yet to be told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from chassis.database import Database, Tx
from chassis.plans import made
from services.referral.domain import Line, Partner, Status
from services.referral.store.rows import PartnerReferralRow

_LEASE = timedelta(seconds=15)
_BATCH = 200

_KEEP = """
INSERT INTO partner (name, account, clinics, format, fields) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (name) DO UPDATE SET
    account = excluded.account, clinics = excluded.clinics, format = excluded.format,
    fields = excluded.fields
"""
_CLAIM = """
INSERT INTO partner_message (partner, source, id, digest, receive_time)
VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING RETURNING 1
"""
_SAID = "SELECT digest FROM partner_message WHERE partner = $1 AND source = $2 AND id = $3"
_ANSWER = """
INSERT INTO partner_answer (answer_id, partner, answer) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING
"""
_OWNED = "SELECT 1 FROM partner_referral WHERE partner = $1 AND referral_id = $2"
_PLACED = """
SELECT referral_id FROM partner_referral WHERE partner = $1 AND placer_reference = $2
ORDER BY referral_id DESC LIMIT 1
"""
_LEASED = """
UPDATE partner SET feeder = $2, feeding_until = $4
WHERE name = $1 AND (feeder = $2 OR feeding_until < $3) RETURNING 1
"""
_ANSWERS = """
SELECT answer_id, answer FROM partner_answer
WHERE partner = $1 AND tell_time IS NULL ORDER BY seq LIMIT $2
"""
_LINES = """
SELECT change.*, placer_reference FROM partner_untold
JOIN change USING (referral_id, number) JOIN partner_referral USING (partner, referral_id)
WHERE partner = $1 ORDER BY referral_id, number LIMIT $2
"""
_ANSWERED = "UPDATE partner_answer SET tell_time = $2 WHERE answer_id = ANY($1::uuid[])"
_TOLD = """
DELETE FROM partner_untold USING unnest($2::uuid[], $3::bigint[]) AS news (referral_id, number)
WHERE partner = $1 AND partner_untold.referral_id = news.referral_id
    AND partner_untold.number = news.number
"""


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a partner's referral, and the partner's own name for the referral."""

    line: Line
    placer_reference: str


@dataclass(frozen=True, slots=True)
class Untold:
    """What a partner has yet to be told: answers come before the news that they lead to."""

    answers: Sequence[tuple[UUID, bytes]]
    steps: Sequence[Step]

    def __bool__(self) -> bool:
        return bool(self.answers or self.steps)


async def keep_partner(tx: Tx, partner: Partner) -> None:
    """As it is told now."""
    about = partner.account, sorted(partner.clinics), partner.format, sorted(partner.fields)
    await tx.driver.execute(_KEEP, partner.name, *about)


async def partners(db: Database) -> list[Partner]:
    """Every partner, by name."""
    found = await db.fetch("SELECT * FROM partner ORDER BY name")
    return [
        Partner(
            row["name"],
            row["account"],
            frozenset(row["clinics"]),
            row["format"],
            frozenset(row["fields"]),
        )
        for row in found
    ]


async def claim_message(tx: Tx, partner: Partner, source: str, name: str, digest: bytes) -> bytes:
    """Empty the first time; else the digest of what was said under this source and id before."""
    about = partner.name, source, name
    if await tx.driver.fetchval(_CLAIM, *about, digest, tx.now):
        return b""
    return bytes(await tx.driver.fetchval(_SAID, *about))


async def answer(tx: Tx, partner: Partner, answer_id: UUID, data: bytes) -> None:
    """To be told; the same answer is told once."""
    await tx.driver.execute(_ANSWER, answer_id, partner.name, data)


async def adopt(tx: Tx, partner: Partner, referral_id: UUID, placer_reference: str) -> None:
    """From now on the partner is told of this referral, from its first step."""
    if not await owns(tx, partner, referral_id):
        tx.put(
            made(
                PartnerReferralRow,
                partner=partner.name,
                referral_id=referral_id,
                placer_reference=placer_reference,
            )
        )


async def owns(tx: Tx, partner: Partner, referral_id: UUID) -> bool:
    """Whether the partner submitted it."""
    return bool(await tx.driver.fetchval(_OWNED, partner.name, referral_id))


async def placed(tx: Tx, partner: Partner, placer_reference: str) -> UUID | None:
    """The referral that the partner calls so."""
    found: UUID | None = await tx.driver.fetchval(_PLACED, partner.name, placer_reference)
    return found


async def lease(db: Database, partner: str, feeder: UUID) -> bool:
    """One process at a time tells a partner, so that what it tells is in order."""
    now = db.clock()
    return bool(await db.fetch(_LEASED, partner, feeder, now, now + _LEASE))


async def untold(db: Database, partner: str) -> Untold:
    """What to tell next, from one consistent look."""
    async with db.read() as tx:
        answers = await tx.driver.fetch(_ANSWERS, partner, _BATCH)
        lines = await tx.driver.fetch(_LINES, partner, _BATCH)
    return Untold([(row[0], bytes(row[1])) for row in answers], [_step(row) for row in lines])


async def told(db: Database, partner: str, answers: Sequence[UUID], steps: Sequence[Step]) -> None:
    """A crash before this tells again what the stream then drops as a twin."""
    if answers:
        await db.fetch(_ANSWERED, list(answers), db.clock())
    if steps:
        lines = [step.line for step in steps]
        numbers = [line.number for line in lines]
        await db.fetch(_TOLD, partner, [line.referral_id for line in lines], numbers)


def _step(row: Mapping[str, Any]) -> Step:
    line = Line(
        referral_id=row["referral_id"],
        number=row["number"],
        status=Status(row["status"]),
        cause=row["cause"],
        time=row["change_time"],
        detail=row["detail"],
    )
    return Step(line, row["placer_reference"])
