"""Counting: what is there beside what the book says; a difference is an incident."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import Enum
from uuid import UUID

from chassis.ids import named
from chassis.refusal import AlreadyExists, Invalid, NotAllowed, Violation
from services.infusion.domain.custody.amount import Told, milligrams
from services.infusion.domain.custody.incident import DiscrepancyFound, Event, Incident
from services.infusion.domain.custody.ledger import Holding
from services.infusion.domain.custody.registration import Registration
from services.infusion.domain.custody.rules import Rules, incident_deadline

_NAMED = 16


class Scope(Enum):
    """How much of the stock is counted."""

    SPOT = "spot"
    INVENTORY = "inventory"


class Moment(Enum):
    """When on the day it is counted."""

    OPENING = "opening"
    CLOSE = "close"


@dataclass(frozen=True, slots=True)
class Line:
    """One container as counted, and the entry the book had come to."""

    container_id: UUID
    number: int
    book: Decimal
    counted: Decimal
    incident_id: UUID | None = None

    @property
    def agrees(self) -> bool:
        """Whether there is what should be there."""
        return self.book == self.counted


@dataclass(frozen=True, slots=True)
class Count:
    """One count of one registration; never changed."""

    count_id: UUID
    dea_number: str
    scope: Scope
    moment: Moment
    counter: str
    count_time: datetime
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class Tally:
    """What somebody says was counted."""

    count: Count
    """Without its lines."""
    told: tuple[tuple[UUID, Told], ...]


@dataclass(frozen=True, slots=True)
class Stock:
    """What a count is compared with."""

    holdings: Mapping[UUID, Holding]
    """Those counted."""
    filled: Collection[UUID]
    """Every container of the registration that holds something."""
    incidents: Mapping[UUID, Incident]
    """Unresolved ones, by container."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A count with the incidents that it opened."""

    count: Count
    opened: tuple[Incident, ...] = ()
    events: tuple[Event, ...] = ()


def count(
    registration: Registration, tally: Tally, stock: Stock, rules: Rules, known: Count | None
) -> Finding:
    """Compare; a difference in a container with an open incident belongs to that one."""
    counted = _counted(tally, stock)
    if known and _repeats(known, tally.count, counted):
        return Finding(known)
    _check(tally, stock)
    lines, opened = [], []
    for container_id, amount in counted:
        holding = stock.holdings[container_id]
        line = Line(container_id, holding.number, holding.balance, amount)
        if not line.agrees:
            earlier = stock.incidents.get(container_id)
            incident = earlier or _open(registration, tally.count, holding, line, rules)
            line = replace(line, incident_id=incident.incident_id)
            opened += [] if earlier else [incident]
        lines.append(line)
    found = replace(tally.count, lines=tuple(lines))
    return Finding(found, tuple(opened), tuple(map(DiscrepancyFound, opened)))


def _counted(tally: Tally, stock: Stock) -> list[tuple[UUID, Decimal]]:
    return [
        (key, milligrams(told, stock.holdings[key].container.strength)) for key, told in tally.told
    ]


def _repeats(known: Count, asked: Count, counted: list[tuple[UUID, Decimal]]) -> bool:
    before = [(line.container_id, line.counted) for line in known.lines]
    same = (known.dea_number, known.scope, known.moment, before)
    if same == (asked.dea_number, asked.scope, asked.moment, counted):
        return True
    raise AlreadyExists("REQUEST_ID_REUSED", "The request_id was used with another body.")


def _check(tally: Tally, stock: Stock) -> None:
    ids, scope = [container_id for container_id, _ in tally.told], tally.count.scope
    faults = tuple(
        Violation(f"containers[{place}].container_id", "must be told once")
        for place, container_id in enumerate(ids)
        if container_id in ids[:place]
    )
    if faults or not (ids or scope is Scope.INVENTORY):
        raise Invalid("INVALID_COUNT", "The count is told wrongly.", faults)
    missing = sorted(map(str, set(stock.filled) - set(ids)))
    if scope is Scope.INVENTORY and missing:
        shown = {f"missing_{n}": one for n, one in enumerate(missing[:_NAMED], 1)}
        raise NotAllowed("COUNT_INCOMPLETE", "An inventory counts every container.", shown)


def _open(
    registration: Registration, count: Count, holding: Holding, line: Line, rules: Rules
) -> Incident:
    container = holding.container
    return Incident(
        named(count.count_id, str(container.container_id)),
        container.container_id,
        container.dea_number,
        container.clinic_id,
        container.ndc,
        line.book,
        line.counted,
        count.counter,
        count.count_time,
        incident_deadline(rules, count.count_time, registration.time_zone),
        rules.title,
    )
