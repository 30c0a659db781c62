"""Where published protocols are kept, and which of them each clinic works by."""

from uuid import UUID

from chassis.database import Tx
from chassis.plans import made
from chassis.shelf import Shelf
from services.infusion import domain, packs
from services.infusion.store.protocol_rows import ClinicProtocolRow, ProtocolRow

SHELF = Shelf(ProtocolRow, domain.Publication, packs.shipped, packs.read)
pack, load_packs, find_protocol = SHELF.loaded, SHELF.load, SHELF.find
latest_protocol, listed_protocols, keep_protocol = SHELF.latest, SHELF.listed, SHELF.keep


async def pack_of(tx: Tx, clinic_id: UUID) -> domain.Pack:
    """What a clinic works by today; one that chose nothing follows the platform's own."""
    chosen = await tx.look(ClinicProtocolRow, [clinic_id])
    return await SHELF.take(tx, chosen[clinic_id].pack) if chosen else packs.current()


async def keep_choice(tx: Tx, clinic_id: UUID, chosen: domain.Publication, who: str) -> None:
    """What a clinic works by from the next arrival on."""
    await tx.find(ClinicProtocolRow, clinic_id)
    about = {"chosen_by": who, "choose_time": tx.now}
    tx.put(made(ClinicProtocolRow, clinic_id=clinic_id, pack=chosen.label, **about))
