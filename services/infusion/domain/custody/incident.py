"""An incident: a difference between book and count, to be explained before its deadline."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import TypeAlias
from uuid import UUID


class IncidentStatus(Enum):
    """Where an incident stands."""

    OPEN = "open"
    OVERDUE = "overdue"
    RESOLVED = "resolved"


class Resolution(Enum):
    """What became of it."""

    RECONCILED = "reconciled"
    LOSS_REPORTED = "loss_reported"


@dataclass(frozen=True, slots=True)
class Incident:
    """One difference; its revision counts the facts that it stated."""

    incident_id: UUID
    container_id: UUID
    dea_number: str
    clinic_id: UUID
    ndc: str
    book: Decimal
    counted: Decimal
    counter: str
    find_time: datetime
    due_time: datetime
    pack: str
    """The rules that gave the deadline."""
    revision: int = 1
    status: IncidentStatus = IncidentStatus.OPEN
    resolution: Resolution | None = None
    resolver: str = ""
    reference: str = ""


@dataclass(frozen=True, slots=True)
class DiscrepancyFound:
    """A count differs from the book."""

    incident: Incident


@dataclass(frozen=True, slots=True)
class DiscrepancyOverdue:
    """Nobody explained it in time."""

    incident: Incident
    lapse_time: datetime


@dataclass(frozen=True, slots=True)
class DiscrepancyResolved:
    """It was explained, or reported as a loss."""

    incident: Incident
    lost: Decimal
    resolve_time: datetime


Event: TypeAlias = DiscrepancyFound | DiscrepancyOverdue | DiscrepancyResolved
