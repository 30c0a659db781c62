"""Texts published version after version: none ever changes, so a process reads each once."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID
from weakref import WeakKeyDictionary

from sqlalchemy import or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncEngine

from chassis.database import Tx
from chassis.plans import made

Place = tuple[str, int]
_FIELDS = (
    "name", "version", "effective_date", "content", "clinic_id", "published_by", "publish_time",
)  # fmt: skip


class Published(Protocol):
    """A text and how it was published; made of these fields, in this order."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def version(self) -> int: ...  # noqa: D102
    @property
    def effective_date(self) -> date: ...  # noqa: D102
    @property
    def content(self) -> str: ...  # noqa: D102
    @property
    def clinic_id(self) -> UUID | None: ...  # noqa: D102
    @property
    def published_by(self) -> str: ...  # noqa: D102
    @property
    def publish_time(self) -> datetime | None: ...  # noqa: D102
    @property
    def label(self) -> str: ...  # noqa: D102


P = TypeVar("P", bound=Published)
T = TypeVar("T")


class Shelf(Generic[P, T]):
    """What one service has published, in the table of a row, and what comes with the platform."""

    def __init__(
        self,
        row: type[Any],
        publication: Callable[..., P],
        shipped: Callable[[], Mapping[str, tuple[T, P]]],
        read: Callable[[str], T],
    ) -> None:
        self._row, self._publication, self._shipped, self._reading = row, publication, shipped, read
        self._place = tuple_(row.name, row.version)
        self._read: WeakKeyDictionary[AsyncEngine, dict[str, T]] = WeakKeyDictionary()
        """By database; every process of the service reads the same committed text."""

    async def load(self, tx: Tx, labels: Iterable[str]) -> None:
        """Prefetch what others name, whoever published it; the platform's own is in hand."""
        known = self._read.setdefault(tx.connection.engine, {})
        if wanted := set(labels) - known.keys() - self._shipped().keys():
            async with tx.beyond():
                texts = await self._published(tx, wanted)
            for found in texts:
                known[found.label] = self._reading(found.content)

    def loaded(self, tx: Tx, label: str) -> T:
        """What was loaded, or comes with the platform."""
        ours = self._shipped().get(label)
        return ours[0] if ours else self._read[tx.connection.engine][label]

    async def take(self, tx: Tx, label: str) -> T:
        """What something names."""
        await self.load(tx, (label,))
        return self.loaded(tx, label)

    async def find(self, tx: Tx, label: str) -> P | None:
        """How a text was published."""
        if ours := self._shipped().get(label):
            return ours[1]
        return next(iter(await self._published(tx, (label,))), None)

    async def latest(self, tx: Tx, name: str) -> P | None:
        """The last version of a name."""
        asked = select(self._row).where(self._row.name == name)
        rows = await tx.rows(asked.order_by(self._row.version.desc()).limit(1))
        ours = [one for _, one in self._shipped().values() if one.name == name]
        return max([*ours, *map(self._told, rows)], key=lambda one: one.version, default=None)

    async def listed(
        self, tx: Tx, clinic_ids: frozenset[UUID] | None, after: Place | None, limit: int
    ) -> Sequence[P]:
        """What these clinics may choose from, by name and version."""
        asked = select(self._row).order_by(self._row.name, self._row.version)
        if clinic_ids is not None:
            mine = self._row.clinic_id.in_(clinic_ids)
            asked = asked.where(or_(self._row.clinic_id.is_(None), mine))
        if after:
            asked = asked.where(self._place > after)
        rows = await tx.rows(asked.limit(limit))
        ours = [one for _, one in self._shipped().values() if after is None or _place(one) > after]
        return sorted([*ours, *map(self._told, rows)], key=_place)[:limit]

    def keep(self, tx: Tx, published: P) -> None:
        """A text from now on."""
        tx.put(made(self._row, **{name: getattr(published, name) for name in _FIELDS}))

    async def _published(self, tx: Tx, labels: Iterable[str]) -> Sequence[P]:
        wanted = [_parts(label) for label in labels]
        return [
            self._told(row)
            for row in await tx.rows(select(self._row).where(self._place.in_(wanted)))
        ]

    def _told(self, row: Any) -> P:
        return self._publication(*(getattr(row, name) for name in _FIELDS))


def _parts(label: str) -> Place:
    name, _, version = label.rpartition("@")
    return name, int(version) if version.isdecimal() and len(version) < 9 else 0


def _place(published: Published) -> Place:
    return published.name, published.version
