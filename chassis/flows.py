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
_LISTED = """
SELECT flow_id, clinic_id, state, since FROM {flows}
WHERE ($2 = '' OR lower(state) = lower($2)) AND ($3::uuid IS NULL OR clinic_id = $3)
    AND ($4::timestamptz IS NULL OR since <= $4)
    AND ($5::timestamptz IS NULL OR (since, flow_id) > ($5, $6::uuid))
ORDER BY since, flow_id LIMIT $1
"""


@dataclass(frozen=True, slots=True)
class Flows:
    """How a service's entities belong to flows, told by three queries that it writes itself."""

    members: str = f"SELECT {_NOBODY}, NULL::uuid AS entity_id WHERE false"
    """flow_id, clinic_id and entity_id: of whatever states facts, has deadlines or errands."""
    states: str = f"SELECT {_NOBODY}, NULL AS state, NULL::timestamptz AS since WHERE false"
    """flow_id, clinic_id, state, and since when it is in that state."""
    open: str = states
    """The same of the flows that are not over, found by a partial index: history has no end."""


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
    """Longest in their state first: flows that are not over, or those with an overdue deadline."""
    now = db.clock()
    moment, flow_id = after or (None, None)
    latest = now - wanted.min_age if wanted.min_age is not None else None
    asked = [wanted.state, wanted.clinic_id, latest, moment, flow_id]
    if wanted.overdue_by is None:
        sql = listing(flows)
    else:
        sql, asked = listing_overdue(flows), [*asked, now - wanted.overdue_by]
    return [Standing(*row) for row in await db.fetch(sql, limit, *asked)]


def listing(flows: Flows) -> str:
    """Of the flows that are not over."""
    return _LISTED.format(flows=f"({flows.open}) AS flow")


def listing_overdue(flows: Flows) -> str:
    """Of all flows with an overdue deadline, found from the deadlines."""
    return _LISTED.format(
        flows=f"""(
    SELECT DISTINCT member.flow_id AS late FROM due, LATERAL (
        SELECT flow_id FROM ({flows.members}) AS one
        WHERE one.entity_id = due.entity_id OFFSET 0) AS member
    WHERE due.due_at <= $7::timestamptz) AS overdue,
    LATERAL (SELECT * FROM ({flows.states}) AS one WHERE one.flow_id = late OFFSET 0) AS flow"""  # noqa: S608
    )


def counting(flows: Flows) -> str:
    """How many flows that are not over are in each state, and how long the oldest of them is."""
    return f"""
SELECT lower(state), count(*), extract(epoch FROM $1 - min(since))::float8
FROM ({flows.open}) AS flow WHERE since <= $1 GROUP BY 1
"""  # noqa: S608


async def entities(db: Database, flows: Flows, flow_id: UUID) -> list[UUID]:
    """Everything here that belongs to a flow."""
    sql = f"SELECT entity_id FROM ({flows.members}) AS member WHERE flow_id = $1"  # noqa: S608
    return [row[0] for row in await db.fetch(sql, flow_id)]


def _id(fact: Message, field: str) -> UUID | None:
    try:
        return UUID(getattr(fact, field, ""))
    except ValueError:
        return None
