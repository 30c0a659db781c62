"""A container: one vial, known by registration, NDC, lot and label."""

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from uuid import NAMESPACE_URL, UUID

from chassis.ids import named
from services.infusion.domain.custody.registration import Registration

_CONTAINERS = named(NAMESPACE_URL, "https://halcyon.clinic/custody/container")


@dataclass(frozen=True, slots=True)
class Container:
    """One container as it came; never changed."""

    container_id: UUID
    dea_number: str
    clinic_id: UUID
    ndc: str
    lot: str
    label: str
    expiry_date: date
    drug: str
    schedule: str
    strength: Decimal
    capacity: Decimal
    pack: str


def container_id(dea_number: str, ndc: str, lot: str, label: str) -> UUID:
    """The same four words are the same container."""
    return named(_CONTAINERS, f"{dea_number}/{ndc}/{lot}/{label}")


def moved(container: Container, to: Registration) -> Container:
    """The same container in the ledger of another registration."""
    new_id = container_id(to.dea_number, container.ndc, container.lot, container.label)
    return replace(container, container_id=new_id, dea_number=to.dea_number, clinic_id=to.clinic_id)
