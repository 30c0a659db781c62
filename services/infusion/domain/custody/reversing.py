"""Taking back what an entry did: by an entry of its own, never by a change."""

from dataclasses import dataclass, replace

from chassis.refusal import AlreadyExists, NotAllowed
from services.infusion.domain.custody.entry import Act, Entry, Kind
from services.infusion.domain.custody.ledger import Holding, undo


@dataclass(frozen=True, slots=True)
class Original:
    """The entry to take back, and what stands in the way of it."""

    entry: Entry
    is_reversed: bool
    is_shared: bool
    """Another ledger of the network has the other side of it."""


def reverse(holding: Holding, original: Original, act: Act, known: Entry | None) -> Entry:
    """The opposite entry; told again, it is the one that is there."""
    entry = original.entry
    if known is not None:
        if known.reversed_id == entry.entry_id:
            return known
        raise AlreadyExists("REQUEST_ID_REUSED", "The request_id was used with another body.")
    is_twin = entry.kind in (Kind.TRANSFERRED, Kind.RECEIVED) and original.is_shared
    if entry.reversed_id or original.is_reversed or is_twin or entry.kind is Kind.LOST:
        raise NotAllowed("ENTRY_NOT_REVERSIBLE", "This entry cannot be taken back.")
    about = replace(act, session_id=entry.act.session_id, counterparty=entry.act.counterparty)
    return undo(holding, entry, about)
