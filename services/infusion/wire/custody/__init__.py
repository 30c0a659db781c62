"""The controlled-drug record in everyone's words."""

from services.infusion.wire.custody.replies import (
    balance,
    container,
    counted,
    deadline,
    disposal,
    entry,
    incident,
    inventory,
    line,
    registration,
)
from services.infusion.wire.custody.requests import (
    delivery,
    disposal_amount,
    disposing,
    incident_status,
    kind,
    place,
    reversal,
    sending,
    tally,
    use,
    verdict,
)
from services.infusion.wire.custody.stated import Stated, fact

__all__ = [
    "Stated",
    "balance",
    "container",
    "counted",
    "deadline",
    "delivery",
    "disposal",
    "disposal_amount",
    "disposing",
    "entry",
    "fact",
    "incident",
    "incident_status",
    "inventory",
    "kind",
    "line",
    "place",
    "registration",
    "reversal",
    "sending",
    "tally",
    "use",
    "verdict",
]
