"""What callers read: queries that skip the domain and lock nothing."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID, uuid4

from chassis.database import Tx
from chassis.plans import made
from chassis.principal import Principal
from services.referral.domain import Line, Person, Referral, Search, Status, Viewer
from services.referral.store import registry, shapes
from services.referral.store.rows import AccessRow

_UNDER_WAY = "OPEN"
_STAGES = ("RECEIVED", "NEEDS_ATTENTION", "COMPLETED", "DECLINED", "CANCELLED", _UNDER_WAY)
"""The stages the table computes: the statuses where referrals stay, and all others together."""

_PAGE = """
SELECT referral.* FROM (
    SELECT found.referral_id
    FROM unnest(coalesce($1::uuid[], ARRAY(SELECT clinic_id FROM clinic))) AS mine (clinic_id),
        unnest($2::text[]) AS asked (stage),
        LATERAL (
            SELECT referral_id FROM referral
            WHERE clinic_id = mine.clinic_id AND stage = asked.stage AND referral_id < $7
                AND ($6::uuid IS NULL OR clinic_id = $6) AND ($5::text IS NULL OR status = $5)
            ORDER BY referral_id DESC LIMIT $8) AS found
    UNION
    (SELECT referral_id FROM referral
    WHERE npi = $3::text AND referral_id < $7
        AND ($6::uuid IS NULL OR clinic_id = $6) AND ($5::text IS NULL OR status = $5)
    ORDER BY referral_id DESC LIMIT $8)
    UNION
    SELECT found.referral_id
    FROM unnest($2::text[]) AS asked (stage),
        LATERAL (
            SELECT referral_id FROM referral
            WHERE $4 AND clinic_id IS NULL AND stage = asked.stage AND referral_id < $7
                AND $6::uuid IS NULL AND ($5::text IS NULL OR status = $5)
            ORDER BY referral_id DESC LIMIT $8) AS found
    ORDER BY referral_id DESC LIMIT $8) AS page
JOIN referral USING (referral_id) ORDER BY referral_id DESC
"""
_ONE = "SELECT * FROM referral WHERE referral_id = $1"
_HISTORY = "SELECT * FROM change WHERE referral_id = $1 AND number > $2 ORDER BY number"
_CHANGES = "SELECT referral_id, changes FROM referral WHERE referral_id = ANY($1::uuid[])"
_PERSON = """
SELECT * FROM patient WHERE patient_id = $1 AND ($2::uuid[] IS NULL OR EXISTS (
    SELECT FROM referral WHERE patient_id = $1 AND clinic_id = ANY($2)))
"""


async def read(tx: Tx, referral_id: UUID) -> Referral | None:
    """One referral, as it is now."""
    found = await tx.driver.fetchrow(_ONE, referral_id)
    return shapes.referral(found) if found else None


async def page(tx: Tx, viewer: Viewer, search: Search, limit: int) -> Sequence[Referral]:
    """Newest first, of each place the caller may look no more than a page."""
    found = await tx.driver.fetch(
        _PAGE,
        viewer.clinics,
        _stages(search.status),
        viewer.own_npi,
        viewer.minds_the_pool,
        search.status and search.status.value,
        search.clinic_id,
        search.before,
        limit,
    )
    return [shapes.referral(row) for row in found]


def _stages(status: Status | None) -> Sequence[str]:
    if status is None:
        return _STAGES
    return [status.value] if status.value in _STAGES else [_UNDER_WAY]


async def history(tx: Tx, referral_id: UUID, after: int) -> Sequence[Line]:
    """The lines after a number, in order."""
    found = await tx.driver.fetch(_HISTORY, referral_id, after)
    return [
        Line(
            row["referral_id"],
            row["number"],
            Status(row["status"]),
            row["cause"],
            row["change_time"],
            row["trace_id"],
        )
        for row in found
    ]


async def changes(tx: Tx, referral_ids: Collection[UUID]) -> Mapping[UUID, int]:
    """How long the history of each is."""
    return dict(await tx.driver.fetch(_CHANGES, list(referral_ids)))


async def person(
    tx: Tx, patient_id: UUID, clinics: Collection[UUID] | None = None
) -> Person | None:
    """Whom the registry knows by this id, if a referral ever brought them to these clinics."""
    found = await tx.driver.fetchrow(_PERSON, patient_id, clinics)
    return registry.person(found) if found else None


def log_access(
    tx: Tx, who: Principal, method: str, patient_id: UUID, referral_id: UUID | None = None
) -> None:
    """Write down, with the read itself, who read whose identifiers."""
    tx.put(
        made(
            AccessRow,
            access_id=uuid4(),
            subject=who.subject,
            method=method,
            patient_id=patient_id,
            referral_id=referral_id,
            access_time=tx.now,
        )
    )
