"""Which flow a thing belongs to: every referral is one, with all that it caused."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from google.protobuf.message import Message

from chassis.database import Database

FLOW, CLINIC = "referral_id", "clinic_id"
"""By the rules of our contracts, the fields that name them in every fact."""

_NOBODY = "NULL::uuid AS flow_id, NULL::uuid AS clinic_id"


@dataclass(frozen=True, slots=True)
class Flows:
    """How a service's entities belong to flows, told by two queries that it writes itself."""

    members: str = f"SELECT {_NOBODY}, NULL::uuid AS entity_id WHERE false"
    """flow_id, clinic_id and entity_id: of whatever states facts, has deadlines or errands."""
    states: str = f"SELECT {_NOBODY}, NULL AS state, NULL::timestamptz AS since WHERE false"
    """flow_id, clinic_id, state, and since when it is in that state."""


class Belonging(NamedTuple):
    """Where a fact belongs; None when it belongs to no flow, or names no clinic."""

    flow_id: UUID | None
    clinic_id: UUID | None


class Standing(NamedTuple):
    """How a flow stands in one service."""

    flow_id: UUID
    clinic_id: UUID | None
    state: str
    since: datetime


class Wanted(NamedTuple):
    """Which flows to list; every condition that is set must hold."""

    state: str = ""
    clinic_id: UUID | None = None
    min_age: timedelta | None = None
    overdue_by: timedelta | None = None


def belonging(fact: Message) -> Belonging:
    """Read from the fact itself."""
    return Belonging(_id(fact, FLOW), _id(fact, CLINIC))


async def standings(db: Database, flows: Flows, flow_id: UUID) -> list[Standing]:
    """How one flow stands here."""
    sql = f"SELECT * FROM ({flows.states}) AS flow WHERE flow_id = $1 ORDER BY since"  # noqa: S608
    return [Standing(*row) for row in await db.fetch(sql, flow_id)]


async def find(
    db: Database,
    flows: Flows,
    wanted: Wanted,
    limit: int,
    after: tuple[datetime, UUID] | None = None,
) -> Sequence[Standing]:
    """Flows longest in their state first."""
    now = db.clock()
    moment, flow_id = after or (None, None)
    latest = now - wanted.min_age if wanted.min_age is not None else None
    overdue = now - wanted.overdue_by if wanted.overdue_by is not None else None
    sql = f"""
SELECT flow_id, clinic_id, state, since FROM ({flows.states}) AS flow
WHERE ($2 = '' OR lower(state) = lower($2)) AND ($3::uuid IS NULL OR clinic_id = $3)
    AND ($4::timestamptz IS NULL OR since <= $4)
    AND ($5::timestamptz IS NULL OR flow_id IN (
        SELECT member.flow_id FROM due JOIN ({flows.members}) AS member USING (entity_id)
        WHERE due.due_at <= $5))
    AND ($6::timestamptz IS NULL OR (since, flow_id) > ($6, $7::uuid))
ORDER BY since, flow_id LIMIT $1
"""  # noqa: S608
    asked = wanted.state, wanted.clinic_id, latest, overdue, moment, flow_id
    return [Standing(*row) for row in await db.fetch(sql, limit, *asked)]


async def entities(db: Database, flows: Flows, flow_id: UUID) -> list[UUID]:
    """Everything here that belongs to a flow."""
    sql = f"SELECT entity_id FROM ({flows.members}) AS member WHERE flow_id = $1"  # noqa: S608
    return [row[0] for row in await db.fetch(sql, flow_id)]


def _id(fact: Message, field: str) -> UUID | None:
    try:
        return UUID(getattr(fact, field, ""))
    except ValueError:
        return None
