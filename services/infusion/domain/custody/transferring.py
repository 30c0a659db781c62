"""Sending a sealed container away: it leaves one ledger and, inside the network, enters another."""

from dataclasses import dataclass, replace

from chassis.refusal import Invalid, NotAllowed, Violation
from services.infusion.domain.custody.container import Container, moved
from services.infusion.domain.custody.entry import Act, Entry, Kind
from services.infusion.domain.custody.ledger import Holding, post, repeats
from services.infusion.domain.custody.registration import Registration, check_number


@dataclass(frozen=True, slots=True)
class Shipment:
    """Both sides of a transfer; outside the network only the first is ours to record."""

    left: Entry
    there: Holding | None
    """The container after it arrived."""


def destination(container: Container, recipient: Registration | None) -> Container | None:
    """The same container in the recipient's ledger, when that is of this network."""
    return moved(container, recipient) if recipient else None


def transfer(holding: Holding, there: Holding | None, act: Act, known: Entry | None) -> Shipment:
    """Only a sealed container travels, whole; told again, it has travelled already."""
    capacity = holding.container.capacity
    if known and repeats(known, Kind.TRANSFERRED, capacity, act):
        return Shipment(known, there)
    check_number("recipient_dea_number", act.counterparty)
    if act.counterparty == holding.container.dea_number:
        fault = Violation("recipient_dea_number", "must be another registration")
        raise Invalid("INVALID_REGISTRATION", "A container does not go to itself.", (fault,))
    if not holding.is_sealed:
        raise NotAllowed("CONTAINER_OPENED", "Only a sealed container travels.")
    left = post(holding, Kind.TRANSFERRED, capacity, act)
    if there is None:
        return Shipment(left, None)
    arriving = replace(act, counterparty=holding.container.dea_number)
    return Shipment(left, replace(there, newest=post(there, Kind.RECEIVED, capacity, arriving)))
