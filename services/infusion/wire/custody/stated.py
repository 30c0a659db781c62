"""What infusion tells the world of its controlled-drug record: never a patient or a person."""

from google.protobuf.message import Message

from halcyon.infusion.events.v1.custody_events_pb2 import (
    CustodyDiscrepancyFound,
    CustodyDiscrepancyOverdue,
    CustodyDiscrepancyResolved,
)
from services.infusion.domain import custody
from services.infusion.wire.values import stamp


def fact(event: custody.Event) -> Message:
    """One fact for each event."""
    match event:
        case custody.DiscrepancyFound():
            return _found(event.incident)
        case custody.DiscrepancyOverdue():
            return _overdue(event)
        case custody.DiscrepancyResolved():
            return _resolved(event)


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
