"""What clinics charge: read without locks, once a transaction, because every estimate asks."""

from collections.abc import Iterable
from uuid import UUID
from weakref import WeakKeyDictionary

from chassis.database import Tx
from services.billing import domain, packs
from services.billing.domain import Money
from services.billing.store.rows import ClinicPriceRow

_OWN = """
SELECT clinic_id, minor_units, currency_code FROM clinic_price WHERE clinic_id = ANY($1::uuid[])
"""
_read: WeakKeyDictionary[Tx, dict[UUID, Money | None]] = WeakKeyDictionary()


async def load_prices(tx: Tx, clinic_ids: Iterable[UUID]) -> None:
    """Prefetch the prices of many clinics."""
    known = _read.setdefault(tx, {})
    wanted = list(set(clinic_ids) - known.keys())
    if wanted:
        known.update(dict.fromkeys(wanted))
        for clinic_id, minor_units, currency_code in await tx.driver.fetch(_OWN, wanted):
            known[clinic_id] = Money(minor_units, currency_code)


async def price(tx: Tx, clinic_id: UUID) -> Money:
    """The clinic's own price, else the price list's."""
    await load_prices(tx, [clinic_id])
    own = _read[tx][clinic_id]
    return own or domain.price_list(packs.PRICE_LISTS, tx.now.date()).default


async def set_price(tx: Tx, clinic_id: UUID, chosen: Money) -> None:
    """What the clinic charges from now on."""
    await tx.find(ClinicPriceRow, clinic_id)
    tx.put(
        ClinicPriceRow(
            clinic_id=clinic_id,
            minor_units=chosen.minor_units,
            currency_code=chosen.currency_code,
            update_time=tx.now,
        )
    )
