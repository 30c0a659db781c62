"""Infusion times of plans that were revised: they hold for what has not started."""

from collections.abc import Iterable
from uuid import UUID

from chassis.database import Tx
from chassis.plans import made
from services.infusion import domain
from services.infusion.store.rows import PlanMinutesRow


async def load_minutes(tx: Tx, plan_ids: Iterable[UUID]) -> None:
    """Prefetch those of many plans."""
    await tx.load(PlanMinutesRow, plan_ids)


async def keep_minutes(tx: Tx, plan_id: UUID, revision: int, minutes: int) -> None:
    """The word of the highest revision holds."""
    row = await tx.find(PlanMinutesRow, plan_id)
    if row is None or row.revision < revision:
        tx.put(made(PlanMinutesRow, plan_id=plan_id, revision=revision, infusion_minutes=minutes))


async def as_revised(tx: Tx, course: domain.Course) -> domain.Course:
    """A course with the infusion time that is ordered now."""
    row = await tx.find(PlanMinutesRow, course.plan_id)
    return course._replace(infusion_minutes=row.infusion_minutes) if row else course
