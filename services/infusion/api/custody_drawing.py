"""An infusion that ends takes what was given out of its container, in the same transaction."""

from uuid import UUID

from chassis.auth import caller
from chassis.database import Tx
from services.infusion import domain
from services.infusion.api import custody_scope as visible
from services.infusion.domain import custody
from services.infusion.store import custody as store


async def drawn(tx: Tx, visit: domain.Visit, container_id: str) -> None:
    """Where a container was named and something was given."""
    infusion = visit.infusion
    if not (container_id and infusion and infusion.ending and infusion.ending.given_micrograms):
        return
    need = await visible.need_of(tx, visit)
    holding = await visible.holding(tx, UUID(container_id))
    place = await store.registration(tx, holding.container.dea_number)
    drug, told = infusion.drug, (caller().subject, tx.now)
    checked = custody.Checked(drug.ndc, drug.lot, drug.expire_date)
    use = custody.use_of(visit.session.session_id, infusion.ending, place, told)
    known = await store.entry_of(tx, holding.container.container_id, use.act.cause_id)
    store.record_entry(tx, custody.draw(holding, checked, need, use, known))
