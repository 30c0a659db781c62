"""What infusion tells the world of its controlled-drug record: never a patient or a person."""

from typing import TypeAlias, TypedDict

from google.protobuf.message import Message

from halcyon.infusion.events.v1.custody_events_pb2 import (
    CustodyDiscrepancyFound,
    CustodyDiscrepancyOverdue,
    CustodyDiscrepancyResolved,
    CustodyDisposalUnwitnessed,
    CustodyInventoryDue,
    CustodyInventoryOverdue,
)
from services.infusion.domain import custody
from services.infusion.wire.values import stamp

Stated: TypeAlias = (
    custody.Event | custody.DisposalUnwitnessed | custody.InventoryDue | custody.InventoryOverdue
)


def fact(event: Stated) -> Message:
    """One fact for each event."""
    match event:
        case custody.DiscrepancyFound():
            return _found(event.incident)
        case custody.DiscrepancyOverdue():
            return _overdue(event)
        case custody.DiscrepancyResolved():
            return _resolved(event)
        case custody.DisposalUnwitnessed():
            return _unwitnessed(event)
        case custody.InventoryDue():
            when = stamp(event.remind_time)
            return CustodyInventoryDue(**_inventory(event.stocktaking), remind_time=when)
        case custody.InventoryOverdue():
            when = stamp(event.lapse_time)
            return CustodyInventoryOverdue(**_inventory(event.stocktaking), lapse_time=when)


class _Inventory(TypedDict):
    stocktaking_id: str
    revision: int
    clinic_id: str
    due_date: str


def _inventory(known: custody.Stocktaking) -> _Inventory:
    return _Inventory(
        stocktaking_id=str(known.stocktaking_id),
        revision=known.revision,
        clinic_id=str(known.clinic_id),
        due_date=known.due_date.isoformat(),
    )


def _unwitnessed(event: custody.DisposalUnwitnessed) -> CustodyDisposalUnwitnessed:
    disposal = event.disposal
    return CustodyDisposalUnwitnessed(
        disposal_id=str(disposal.disposal_id),
        revision=1,
        clinic_id=str(event.clinic_id),
        container_id=str(disposal.container_id),
        kind=disposal.kind.value,
        milligrams=str(disposal.amount),
        due_time=stamp(disposal.due_time) if disposal.due_time else None,
        escalate_time=stamp(event.escalate_time),
    )


def _found(incident: custody.Incident) -> CustodyDiscrepancyFound:
    return CustodyDiscrepancyFound(
        incident_id=str(incident.incident_id),
        revision=incident.revision,
        clinic_id=str(incident.clinic_id),
        container_id=str(incident.container_id),
        ndc=incident.ndc,
        book_milligrams=str(incident.book),
        counted_milligrams=str(incident.counted),
        due_time=stamp(incident.due_time),
        find_time=stamp(incident.find_time),
    )


def _overdue(event: custody.DiscrepancyOverdue) -> CustodyDiscrepancyOverdue:
    incident = event.incident
    return CustodyDiscrepancyOverdue(
        incident_id=str(incident.incident_id),
        revision=incident.revision,
        clinic_id=str(incident.clinic_id),
        container_id=str(incident.container_id),
        due_time=stamp(incident.due_time),
        lapse_time=stamp(event.lapse_time),
    )


def _resolved(event: custody.DiscrepancyResolved) -> CustodyDiscrepancyResolved:
    incident = event.incident
    return CustodyDiscrepancyResolved(
        incident_id=str(incident.incident_id),
        revision=incident.revision,
        clinic_id=str(incident.clinic_id),
        container_id=str(incident.container_id),
        resolution=incident.resolution.value if incident.resolution else "",
        lost_milligrams=str(event.lost),
        resolve_time=stamp(event.resolve_time),
    )
