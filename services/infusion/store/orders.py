"""Dose orders as intake told them."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlmodel import col

from chassis.database import Tx
from services.infusion import domain
from services.infusion.store import shapes
from services.infusion.store.rows import DoseOrderRow


async def prefetch_orders(tx: Tx, places: Iterable[tuple[UUID, int]]) -> None:
    """The dose orders of a batch that are kept already, by plan and number."""
    await tx.load(DoseOrderRow, places)


async def keep_order(tx: Tx, order: domain.DoseOrder) -> None:
    """A dose order is kept once, in whichever order the news comes."""
    if await tx.find(DoseOrderRow, (order.plan_id, order.number)) is None:
        tx.put(shapes.order_row(order))


async def order_in_force(tx: Tx, plan_id: UUID) -> domain.DoseOrder | None:
    """The order with the highest number."""
    return (await orders_in_force(tx, [plan_id])).get(plan_id)


async def orders_in_force(tx: Tx, plan_ids: Iterable[UUID]) -> Mapping[UUID, domain.DoseOrder]:
    """The orders in force of many plans."""
    plan, number = col(DoseOrderRow.plan_id), col(DoseOrderRow.number)
    newest = select(DoseOrderRow).where(plan.in_(set(plan_ids))).ext(distinct_on(plan))
    rows = await tx.rows(newest.order_by(plan, number.desc()))
    return {row.plan_id: shapes.order(row) for row in rows}
