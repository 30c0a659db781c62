"""Where published packs are kept: a version never changes, so it is read once a process."""

from collections.abc import Iterable, Sequence
from uuid import UUID
from weakref import WeakKeyDictionary

from sqlalchemy import or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col

from chassis.database import Tx
from chassis.plans import made
from services.intake import domain, packs
from services.intake.store.rows import PackRow

_read: "WeakKeyDictionary[AsyncEngine, dict[str, domain.Pack]]" = WeakKeyDictionary()
"""By database; every process of the service reads the same committed text."""


async def pack(tx: Tx, label: str) -> domain.Pack:
    """A pack that an intake or a policy names."""
    if label in packs.shipped():
        return packs.named(label)
    await load_packs(tx, (label,))
    return _read[tx.connection.engine][label]


async def load_packs(tx: Tx, labels: Iterable[str]) -> None:
    """Prefetch packs; those that come with the platform are in hand."""
    known = _read.setdefault(tx.connection.engine, {})
    if wanted := set(labels) - known.keys() - packs.shipped().keys():
        for found in await _published(tx, wanted):
            known[found.label] = packs.read(found.content)


async def find_pack(tx: Tx, label: str) -> tuple[domain.Pack | None, domain.Publication | None]:
    """A pack and how it was published."""
    if ours := packs.shipped().get(label):
        return packs.named(label), ours
    found = await _published(tx, (label,))
    return (await pack(tx, label), found[0]) if found else (None, None)


async def latest_pack(tx: Tx, name: str) -> domain.Publication | None:
    """The last version of a name."""
    ours = [one for one in packs.shipped().values() if one.name == name]
    asked = select(PackRow).where(col(PackRow.name) == name)
    rows = await tx.rows(asked.order_by(col(PackRow.version).desc()).limit(1))
    every = [*ours, *map(_publication, rows)]
    return max(every, key=lambda one: one.version, default=None)


async def listed_packs(
    tx: Tx, clinic_ids: frozenset[UUID] | None, after: tuple[str, int] | None, limit: int
) -> Sequence[domain.Publication]:
    """The packs that these clinics may choose from, by name and version."""
    place = tuple_(col(PackRow.name), col(PackRow.version))
    asked = select(PackRow)
    if clinic_ids is not None:
        mine = col(PackRow.clinic_id).in_(clinic_ids)
        asked = asked.where(or_(col(PackRow.clinic_id).is_(None), mine))
    if after:
        asked = asked.where(place > after)
    order = (col(PackRow.name), col(PackRow.version))
    rows = await tx.rows(asked.order_by(*order).limit(limit))
    ours = [one for one in packs.shipped().values() if after is None or _place(one) > after]
    return sorted([*ours, *map(_publication, rows)], key=_place)[:limit]


def keep_pack(tx: Tx, published: domain.Publication) -> None:
    """A pack from now on."""
    tx.put(
        made(
            PackRow,
            name=published.name,
            version=published.version,
            clinic_id=published.clinic_id,
            effective_date=published.effective_date,
            content=published.content,
            published_by=published.published_by,
            publish_time=published.publish_time,
        )
    )


async def _published(tx: Tx, labels: Iterable[str]) -> Sequence[domain.Publication]:
    wanted = [_parts(label) for label in labels]
    asked = select(PackRow).where(tuple_(col(PackRow.name), col(PackRow.version)).in_(wanted))
    return [_publication(row) for row in await tx.rows(asked)]


def _parts(label: str) -> tuple[str, int]:
    name, _, version = label.rpartition("@")
    return name, int(version) if version.isdecimal() and len(version) < 9 else 0


def _place(published: domain.Publication) -> tuple[str, int]:
    return published.name, published.version


def _publication(row: PackRow) -> domain.Publication:
    return domain.Publication(
        row.name,
        row.version,
        row.effective_date,
        row.content,
        row.clinic_id,
        row.published_by,
        row.publish_time,
    )
