"""Where published protocols are kept: a version never changes, so it is read once a process."""

from collections.abc import Iterable, Sequence
from uuid import UUID
from weakref import WeakKeyDictionary

from sqlalchemy import or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col

from chassis.database import Tx
from chassis.plans import made
from services.infusion import domain, packs
from services.infusion.store.protocol_rows import ClinicProtocolRow, ProtocolRow

Place = tuple[str, int]

_read: "WeakKeyDictionary[AsyncEngine, dict[str, domain.Pack]]" = WeakKeyDictionary()
"""By database; every process of the service reads the same committed text."""


async def load_packs(tx: Tx, labels: Iterable[str]) -> None:
    """Prefetch what sessions name; those that come with the platform are in hand."""
    known = _read.setdefault(tx.connection.engine, {})
    if wanted := set(labels) - known.keys() - packs.shipped().keys():
        for found in await _published(tx, wanted):
            known[found.label] = packs.read(found.content)


def pack(tx: Tx, label: str) -> domain.Pack:
    """A protocol that was loaded, or comes with the platform."""
    return packs.named(label) if label in packs.shipped() else _read[tx.connection.engine][label]


async def pack_of(tx: Tx, clinic_id: UUID) -> domain.Pack:
    """What a clinic works by today; one that chose nothing follows the platform's own."""
    chosen = await tx.look(ClinicProtocolRow, [clinic_id])
    if clinic_id not in chosen:
        return packs.current()
    label = chosen[clinic_id].pack
    await load_packs(tx, (label,))
    return pack(tx, label)


async def find_protocol(tx: Tx, label: str) -> domain.Publication | None:
    """How a protocol was published."""
    if ours := packs.shipped().get(label):
        return ours
    return next(iter(await _published(tx, (label,))), None)


async def latest_protocol(tx: Tx, name: str) -> domain.Publication | None:
    """The last version of a name."""
    ours = [one for one in packs.shipped().values() if one.name == name]
    asked = select(ProtocolRow).where(col(ProtocolRow.name) == name)
    rows = await tx.rows(asked.order_by(col(ProtocolRow.version).desc()).limit(1))
    return max([*ours, *map(_publication, rows)], key=lambda one: one.version, default=None)


async def listed_protocols(
    tx: Tx, clinic_ids: frozenset[UUID] | None, after: Place | None, limit: int
) -> Sequence[domain.Publication]:
    """The protocols that these clinics may choose from, by name and version."""
    place = tuple_(col(ProtocolRow.name), col(ProtocolRow.version))
    asked = select(ProtocolRow).order_by(col(ProtocolRow.name), col(ProtocolRow.version))
    if clinic_ids is not None:
        mine = col(ProtocolRow.clinic_id).in_(clinic_ids)
        asked = asked.where(or_(col(ProtocolRow.clinic_id).is_(None), mine))
    if after:
        asked = asked.where(place > after)
    rows = await tx.rows(asked.limit(limit))
    ours = [one for one in packs.shipped().values() if after is None or _place(one) > after]
    return sorted([*ours, *map(_publication, rows)], key=_place)[:limit]


def keep_protocol(tx: Tx, published: domain.Publication) -> None:
    """A protocol from now on."""
    tx.put(
        made(
            ProtocolRow,
            name=published.name,
            version=published.version,
            clinic_id=published.clinic_id,
            effective_date=published.effective_date,
            content=published.content,
            published_by=published.published_by,
            publish_time=published.publish_time,
        )
    )


async def keep_choice(tx: Tx, clinic_id: UUID, chosen: domain.Publication, who: str) -> None:
    """What a clinic works by from the next arrival on."""
    await tx.find(ClinicProtocolRow, clinic_id)
    about = {"chosen_by": who, "choose_time": tx.now}
    tx.put(made(ClinicProtocolRow, clinic_id=clinic_id, pack=chosen.label, **about))


async def _published(tx: Tx, labels: Iterable[str]) -> Sequence[domain.Publication]:
    place = tuple_(col(ProtocolRow.name), col(ProtocolRow.version))
    rows = await tx.rows(select(ProtocolRow).where(place.in_(map(_parts, labels))))
    return [_publication(row) for row in rows]


def _parts(label: str) -> Place:
    name, _, version = label.rpartition("@")
    return name, int(version) if version.isdecimal() and len(version) < 9 else 0


def _place(published: domain.Publication) -> Place:
    return published.name, published.version


def _publication(row: ProtocolRow) -> domain.Publication:
    return domain.Publication(
        row.name,
        row.version,
        row.effective_date,
        row.content,
        row.clinic_id,
        row.published_by,
        row.publish_time,
    )
