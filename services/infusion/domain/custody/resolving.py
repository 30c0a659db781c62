"""What becomes of an incident: a recount that agrees, a loss that was reported, or a lapse."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import TypeAlias

from chassis.refusal import Denied, Invalid, NotAllowed, Violation
from services.infusion.domain.custody.amount import ZERO, plain
from services.infusion.domain.custody.counting import Line
from services.infusion.domain.custody.entry import Act, Entry, Kind
from services.infusion.domain.custody.incident import (
    DiscrepancyOverdue,
    DiscrepancyResolved,
    Event,
    Incident,
    IncidentStatus,
    Resolution,
)
from services.infusion.domain.custody.ledger import Holding, post


@dataclass(frozen=True, slots=True)
class Recount:
    """The newest count of a container, and who took it."""

    line: Line
    counter: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What somebody says became of an incident."""

    resolution: Resolution
    resolver: str
    reference: str


Resolved: TypeAlias = tuple[Incident, Entry | None, tuple[Event, ...]]


def resolve(
    incident: Incident, verdict: Verdict, holding: Holding, recount: Recount, now: datetime
) -> Resolved:
    """By another than who counted, on a count that nothing has moved since."""
    if incident.status is IncidentStatus.RESOLVED and incident.resolution is verdict.resolution:
        return incident, None, ()
    if incident.status is IncidentStatus.RESOLVED:
        raise NotAllowed("INCIDENT_CLOSED", "The incident was resolved otherwise before.")
    if verdict.resolver == recount.counter:
        raise Denied("SECOND_PERSON_REQUIRED", "Whoever counted cannot resolve the incident.")
    lost = _lost(verdict, holding, recount)
    resolved = replace(
        incident,
        revision=incident.revision + 1,
        status=IncidentStatus.RESOLVED,
        resolution=verdict.resolution,
        resolver=verdict.resolver,
        reference=verdict.reference,
    )
    about = Act(incident.incident_id, verdict.resolver, now, now, reference=verdict.reference)
    entry = post(holding, Kind.LOST, lost, about) if lost else None
    return resolved, entry, (DiscrepancyResolved(resolved, lost, now),)


def lapse(incident: Incident, now: datetime) -> tuple[Incident, tuple[Event, ...]]:
    """The deadline has come: what is open is overdue."""
    if incident.status is not IncidentStatus.OPEN:
        return incident, ()
    late = replace(incident, revision=incident.revision + 1, status=IncidentStatus.OVERDUE)
    return late, (DiscrepancyOverdue(late, now),)


def _lost(verdict: Verdict, holding: Holding, recount: Recount) -> Decimal:
    """What the book has too much; a surplus is no loss, and an old count proves nothing."""
    missing = plain(holding.balance - recount.line.counted)
    is_loss = verdict.resolution is Resolution.LOSS_REPORTED
    if recount.line.number != holding.number or (missing > ZERO) != is_loss or missing < ZERO:
        raise NotAllowed("RECOUNT_REQUIRED", "The newest count does not support this resolution.")
    if is_loss and not verdict.reference:
        fault = Violation("reference", "must name the report of the loss")
        raise Invalid("INVALID_RESOLUTION", "The resolution is told wrongly.", (fault,))
    return missing
