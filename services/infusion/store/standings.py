"""Plans that were started, paused, resumed or stopped, one small row each."""

from collections.abc import Iterable
from uuid import UUID

from chassis.database import Tx
from chassis.plans import made
from services.infusion import domain
from services.infusion.store.rows import PlanStandingRow

_CLAIM = """
INSERT INTO plan_standing (plan_id, revision, standing) VALUES ($1, 0, 'active')
ON CONFLICT DO NOTHING
"""


async def claim_standing(tx: Tx, plan_id: UUID) -> None:
    """A row to lock for who starts: a pause of the same instant is seen here or comes after."""
    await tx.driver.execute(_CLAIM, plan_id)


async def prefetch_standings(tx: Tx, plan_ids: Iterable[UUID]) -> None:
    """The standings of a batch that are kept already."""
    await tx.load(PlanStandingRow, plan_ids)


async def plan_standing(tx: Tx, plan_id: UUID) -> domain.PlanStanding | None:
    """What was last said of a plan; locked where it may change, so no pause slips past a start."""
    row = await tx.find(PlanStandingRow, plan_id)
    if row is None:
        return None
    return domain.PlanStanding(row.plan_id, row.revision, domain.Standing(row.standing))


async def standing(tx: Tx, plan_id: UUID) -> domain.Standing:
    """Where a plan stands; one of which nothing was said is active."""
    known = await plan_standing(tx, plan_id)
    return known.standing if known else domain.Standing.ACTIVE


def record_standing(tx: Tx, told: domain.PlanStanding) -> None:
    """Keep what a plan's standing is now."""
    tx.put(
        made(
            PlanStandingRow,
            plan_id=told.plan_id,
            revision=told.revision,
            standing=told.standing.value,
        )
    )
