"""The controlled-drug record: who holds what, what came and went, and whether it is there."""

from services.infusion.domain.custody.amount import Told, above_zero, millilitres, plain
from services.infusion.domain.custody.balance import Balance, added, balance
from services.infusion.domain.custody.container import Container, container_id
from services.infusion.domain.custody.counting import (
    Count,
    Finding,
    Line,
    Moment,
    Scope,
    Stock,
    Tally,
    count,
)
from services.infusion.domain.custody.disposing import (
    Disposal,
    DisposalStatus,
    DisposalUnwitnessed,
    await_witness,
    dispose,
    escalate,
    withdraw,
    witness,
)
from services.infusion.domain.custody.drawing import Checked, cause, draw, use_of
from services.infusion.domain.custody.entry import Act, Entry, Kind
from services.infusion.domain.custody.incident import (
    DiscrepancyFound,
    DiscrepancyOverdue,
    DiscrepancyResolved,
    Event,
    Incident,
    IncidentStatus,
    Resolution,
)
from services.infusion.domain.custody.inventory import Form, Inventory, report
from services.infusion.domain.custody.ledger import Holding
from services.infusion.domain.custody.receiving import Arrival, Delivery, Received, receive
from services.infusion.domain.custody.registration import Registration, register
from services.infusion.domain.custody.resolving import Recount, Verdict, lapse, resolve
from services.infusion.domain.custody.reversing import Original, reverse
from services.infusion.domain.custody.rules import (
    Drug,
    Rules,
    incident_deadline,
    next_inventory,
)
from services.infusion.domain.custody.stocktaking import (
    InventoryDue,
    InventoryOverdue,
    Stage,
    Stocktaking,
    first,
    look,
    taken,
    wake_time,
)
from services.infusion.domain.custody.transferring import Shipment, destination, transfer
from services.infusion.domain.custody.using import Need, Use, administer

__all__ = [
    "Act",
    "Arrival",
    "Balance",
    "Checked",
    "Container",
    "Count",
    "Delivery",
    "DiscrepancyFound",
    "DiscrepancyOverdue",
    "DiscrepancyResolved",
    "Disposal",
    "DisposalStatus",
    "DisposalUnwitnessed",
    "Drug",
    "Entry",
    "Event",
    "Finding",
    "Form",
    "Holding",
    "Incident",
    "IncidentStatus",
    "Inventory",
    "InventoryDue",
    "InventoryOverdue",
    "Kind",
    "Line",
    "Moment",
    "Need",
    "Original",
    "Received",
    "Recount",
    "Registration",
    "Resolution",
    "Rules",
    "Scope",
    "Shipment",
    "Stage",
    "Stock",
    "Stocktaking",
    "Tally",
    "Told",
    "Use",
    "Verdict",
    "above_zero",
    "added",
    "administer",
    "await_witness",
    "balance",
    "cause",
    "container_id",
    "count",
    "destination",
    "dispose",
    "draw",
    "escalate",
    "first",
    "incident_deadline",
    "lapse",
    "look",
    "millilitres",
    "next_inventory",
    "plain",
    "receive",
    "register",
    "report",
    "resolve",
    "reverse",
    "taken",
    "transfer",
    "use_of",
    "wake_time",
    "withdraw",
    "witness",
]
