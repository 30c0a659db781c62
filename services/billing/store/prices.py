"""What a clinic charges and signs with: read without locks, once a transaction, in one question."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

from chassis.database import Tx
from services.billing import domain, packs
from services.billing.domain import Money, book, estimate
from services.billing.store.desk_rows import ClinicRow, CoProviderRow, co_provider_row, share_of
from services.billing.store.rows import ClinicPriceRow

_OWN = """
SELECT wanted.clinic_id, price.minor_units, price.currency_code,
    coalesce(clinic.time_zone, house.time_zone) AS time_zone, co_provider.shares,
    house.telephone, house.legal_name, house.npi, house.tin, house.state,
    house.line, house.city, house.postal_code
FROM unnest($1::uuid[]) AS wanted (clinic_id)
LEFT JOIN clinic_price AS price USING (clinic_id)
LEFT JOIN clinic USING (clinic_id)
LEFT JOIN billing_profile AS house USING (clinic_id)
LEFT JOIN co_provider USING (clinic_id)
"""
_UNTOLD = "UTC"
"""The wall clock of a clinic that scheduling has not told us about yet."""


@dataclass(frozen=True, slots=True)
class _Own:
    """What is a clinic's own; None where it has set nothing."""

    price: Money | None
    zone: str
    house: estimate.House | None


_read: WeakKeyDictionary[Tx, dict[UUID, _Own]] = WeakKeyDictionary()


async def load_prices(tx: Tx, clinic_ids: Iterable[UUID]) -> None:
    """Prefetch what many clinics charge and sign with."""
    known = _read.setdefault(tx, {})
    if wanted := list(set(clinic_ids) - known.keys()):
        for row in await tx.driver.fetch(_OWN, wanted):
            price = Money(row["minor_units"], row["currency_code"]) if row["minor_units"] else None
            known[row["clinic_id"]] = _Own(price, row["time_zone"] or _UNTOLD, _house(row))


async def price(tx: Tx, clinic_id: UUID) -> Money:
    """The clinic's own price, else the price list's."""
    await load_prices(tx, [clinic_id])
    own = _read[tx][clinic_id].price
    return own or domain.price_list(packs.PRICE_LISTS, tx.now.date()).default


async def session_price(tx: Tx, need: domain.Need) -> Money:
    """The same that a quote says of a single session of this care."""
    day = tx.now.date()
    care = book.Care(condition=need.diagnosis, minutes=need.infusion_minutes)
    bounds = domain.price_list(packs.PRICE_LISTS, day)
    base = await price(tx, need.clinic_id)
    return book.session_price(care, book.in_force(packs.BOOKS, day), base, bounds)


async def package_price(tx: Tx, wanted: tuple[UUID, str, book.Care]) -> tuple[book.Package, Money]:
    """A package of today's book, and what one of its sessions costs by itself."""
    clinic_id, name, care = wanted
    day = tx.now.date()
    prices, bounds = book.in_force(packs.BOOKS, day), domain.price_list(packs.PRICE_LISTS, day)
    base = await price(tx, clinic_id)
    return prices.package(name), book.session_price(care, prices, base, bounds)


async def list_price(tx: Tx, invoice: domain.Invoice) -> Money:
    """What a single session of an invoice's care costs by the book it was priced from."""
    day = invoice.issue_time.date()
    care = book.Care(condition=invoice.diagnosis, minutes=invoice.infusion_minutes)
    bounds = domain.price_list(packs.PRICE_LISTS, day)
    base = await price(tx, invoice.clinic_id)
    return book.session_price(care, book.in_force(packs.BOOKS, day), base, bounds)


async def desk(tx: Tx, clinic_id: UUID) -> estimate.Desk:
    """What the clinic's estimates are made with today."""
    await load_prices(tx, [clinic_id])
    own = _read[tx][clinic_id]
    policy = estimate.policy_of(packs.ESTIMATES, tx.now.date())
    return estimate.Desk(own.zone, own.house, policy, packs.CALENDAR)


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


async def set_co_providers(tx: Tx, clinic_id: UUID, shares: Iterable[estimate.Share]) -> None:
    """Who else bills for the clinic's sessions from now on."""
    await tx.find(CoProviderRow, clinic_id)
    tx.put(co_provider_row(clinic_id, shares, tx.now))


async def keep_clinic(tx: Tx, clinic_id: UUID, revision: int, zone: str) -> None:
    """What scheduling says of a clinic; older news changes nothing."""
    known = await tx.find(ClinicRow, clinic_id)
    if known is None or known.revision < revision:
        tx.put(ClinicRow(clinic_id=clinic_id, revision=revision, time_zone=zone))


def _house(row: Any) -> estimate.House | None:
    """None until the clinic has told who bills."""
    if row["legal_name"] is None:
        return None
    tin, state = row["tin"], row["state"]
    facility = estimate.Provider(
        name=row["legal_name"],
        npi=row["npi"],
        tin=f"{tin[:2]}-{tin[2:]}",
        state=state,
        location=f"{row['line']}, {row['city']}, {state} {row['postal_code'][:5]}",
    )
    shares = tuple(share_of(share) for share in row["shares"] or ())
    return estimate.House(facility=facility, telephone=row["telephone"], shares=shares)
