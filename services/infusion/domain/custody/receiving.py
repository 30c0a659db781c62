"""Taking containers in: sealed ones from a supplier, or what stood there on the first day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias
from uuid import UUID

from chassis.refusal import AlreadyExists, Invalid, Violation
from services.infusion.domain.custody.amount import Told, above_zero
from services.infusion.domain.custody.container import Container, container_id
from services.infusion.domain.custody.entry import Act, Entry, Kind
from services.infusion.domain.custody.ledger import Holding, post
from services.infusion.domain.custody.registration import Registration, check_number
from services.infusion.domain.custody.rules import Drug, Rules

Received: TypeAlias = tuple[Container, Entry]


@dataclass(frozen=True, slots=True)
class Arrival:
    """One container that came: its label, and what it holds where that is less than sealed."""

    label: str
    told: Told | None


@dataclass(frozen=True, slots=True)
class Delivery:
    """What came: containers of one drug and one lot."""

    ndc: str
    lot: str
    expiry_date: date
    arrivals: tuple[Arrival, ...]
    act: Act

    @property
    def is_opening(self) -> bool:
        """Nobody supplied it: it was there on the first day."""
        return not self.act.counterparty

    def ids(self, dea_number: str) -> tuple[UUID, ...]:
        """The containers in the order told."""
        return tuple(
            container_id(dea_number, self.ndc, self.lot, arrival.label) for arrival in self.arrivals
        )


def receive(
    registration: Registration,
    delivery: Delivery,
    known: Mapping[UUID, bool],
    rules: Rules,
) -> Sequence[Received]:
    """Every container once. `known`: those that exist, and whether this delivery made them."""
    drug = rules.drug(delivery.ndc)
    _check(registration, delivery)
    if known:
        return _again(registration, delivery, known)
    made = [_made(registration, delivery, arrival, drug, rules) for arrival in delivery.arrivals]
    return [
        (container, _first(container, delivery, arrival))
        for container, arrival in zip(made, delivery.arrivals, strict=True)
    ]


def _check(registration: Registration, delivery: Delivery) -> None:
    labels = [arrival.label for arrival in delivery.arrivals]
    faults = [
        Violation(f"arrivals[{place}].label", "must be told once")
        for place, label in enumerate(labels)
        if label in labels[:place]
    ]
    if not delivery.is_opening:
        check_number("supplier_dea_number", delivery.act.counterparty)
        faults += [
            Violation(f"arrivals[{place}].amount", "a supplied container comes sealed")
            for place, arrival in enumerate(delivery.arrivals)
            if arrival.told
        ]
    if (
        delivery.expiry_date < registration.day(delivery.act.record_time)
        and not delivery.is_opening
    ):
        faults.append(Violation("expiry_date", "must not lie in the past"))
    if faults:
        raise Invalid("INVALID_DELIVERY", "The delivery is told wrongly.", tuple(faults))


def _again(
    registration: Registration, delivery: Delivery, known: Mapping[UUID, bool]
) -> Sequence[Received]:
    """A repeated call is recognised by its entries; anything else is a second of the same vial."""
    if set(known) == set(delivery.ids(registration.dea_number)) and all(known.values()):
        return []
    raise AlreadyExists("CONTAINER_EXISTS", "A container of this label was received before.")


def _made(
    registration: Registration, delivery: Delivery, arrival: Arrival, drug: Drug, rules: Rules
) -> Container:
    dea_number = registration.dea_number
    return Container(
        container_id(dea_number, delivery.ndc, delivery.lot, arrival.label),
        dea_number,
        registration.clinic_id,
        delivery.ndc,
        delivery.lot,
        arrival.label,
        delivery.expiry_date,
        drug.title,
        drug.schedule,
        drug.strength,
        drug.capacity,
        rules.title,
    )


def _first(container: Container, delivery: Delivery, arrival: Arrival) -> Entry:
    told = arrival.told
    amount = above_zero(told, container.strength) if told else container.capacity
    if amount > container.capacity:
        fault = Violation("arrivals.amount", "must not exceed a sealed container")
        raise Invalid("INVALID_AMOUNT", "The amount is told wrongly.", (fault,))
    kind = Kind.OPENING if delivery.is_opening else Kind.RECEIVED
    return post(Holding(container), kind, amount, delivery.act)
