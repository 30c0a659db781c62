"""The only writer of the controlled-drug record: entries, facts and deadlines are kept together."""

from collections.abc import Iterable
from datetime import datetime

from chassis.database import Tx
from services.infusion.domain import custody
from services.infusion.store.custody import shapes
from services.infusion.wire import custody as wire

EXPLAIN = "explain-discrepancy"
"""The deadline of an incident."""
WITNESS = "witness-disposal"
"""The deadline of a disposal without a witness."""
INVENTORY = "take-inventory"
"""When the next inventory comes near, and when it is late."""


def record_registration(tx: Tx, registration: custody.Registration) -> None:
    """Keep a registration."""
    tx.put(shapes.registration_row(registration))


def record_received(tx: Tx, received: Iterable[custody.Received]) -> None:
    """Keep containers with their first entries."""
    for container, entry in received:
        tx.put(shapes.container_row(container))
        tx.put(shapes.entry_row(entry))


def record_entry(tx: Tx, entry: custody.Entry) -> None:
    """Add a line to the ledger; one that is there already stays as it is."""
    tx.put(shapes.entry_row(entry))


def record_shipment(tx: Tx, shipment: custody.Shipment) -> None:
    """Both sides of a transfer."""
    record_entry(tx, shipment.left)
    if shipment.there and shipment.there.newest:
        record_received(tx, [(shipment.there.container, shipment.there.newest)])


def record_disposal(
    tx: Tx,
    disposal: custody.Disposal,
    entry: custody.Entry | None = None,
    events: Iterable[custody.DisposalUnwitnessed] = (),
) -> None:
    """Keep a disposal with what it did to the ledger; only one that waits has its deadline."""
    tx.put(shapes.disposal_row(disposal))
    if entry:
        record_entry(tx, entry)
    waits = disposal.status is custody.DisposalStatus.PENDING and not disposal.escalate_time
    if waits and disposal.due_time:
        tx.due(WITNESS, disposal.disposal_id, disposal.due_time)
    else:
        tx.undue(WITNESS, disposal.disposal_id)
    _state(tx, events)


def record_stocktaking(
    tx: Tx,
    known: custody.Stocktaking,
    wake: datetime | None,
    events: Iterable[custody.InventoryDue | custody.InventoryOverdue] = (),
) -> None:
    """Keep when the next inventory is due, and be woken for it."""
    tx.put(shapes.stocktaking_row(known))
    if wake:
        tx.due(INVENTORY, known.stocktaking_id, wake)
    else:
        tx.undue(INVENTORY, known.stocktaking_id)
    _state(tx, events)


def record_count(tx: Tx, finding: custody.Finding) -> None:
    """Keep a count with the incidents that it opened."""
    heading, lines = shapes.count_rows(finding.count)
    tx.put(heading)
    for line in lines:
        tx.put(line)
    for incident in finding.opened:
        record_incident(tx, incident, (), None)
    _state(tx, finding.events)


def record_incident(
    tx: Tx,
    incident: custody.Incident,
    events: Iterable[custody.Event],
    entry: custody.Entry | None,
) -> None:
    """Keep an incident and what it did to the ledger; only an open one has its deadline."""
    if entry:
        record_entry(tx, entry)
    tx.put(shapes.incident_row(incident))
    if incident.status is custody.IncidentStatus.OPEN:
        tx.due(EXPLAIN, incident.incident_id, incident.due_time)
    else:
        tx.undue(EXPLAIN, incident.incident_id)
    _state(tx, events)


def _state(tx: Tx, events: Iterable[wire.Stated]) -> None:
    for event in events:
        tx.emit(wire.fact(event))
