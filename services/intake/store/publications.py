"""Where published packs are kept."""

from chassis.database import Tx
from chassis.shelf import Shelf
from services.intake import domain, packs
from services.intake.store.rows import PackRow

SHELF = Shelf(PackRow, domain.Publication, packs.shipped, packs.read)
pack, load_packs = SHELF.take, SHELF.load
latest_pack, listed_packs, keep_pack = SHELF.latest, SHELF.listed, SHELF.keep


async def find_pack(tx: Tx, label: str) -> tuple[domain.Pack | None, domain.Publication | None]:
    """A pack and how it was published."""
    found = await SHELF.find(tx, label)
    return (await SHELF.take(tx, label), found) if found else (None, None)
