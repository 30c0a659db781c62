"""The call that is being answered, as its audit entry will tell of it."""

from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import datetime
from json import dumps
from typing import Any, NamedTuple
from uuid import UUID

from google.protobuf.message import Message
from sqlmodel import SQLModel

from chassis import telemetry
from chassis.audit import named
from chassis.ids import uuid_of
from chassis.principal import Principal

NETWORK = UUID(int=0)
"""The chain of what belongs to no clinic."""


class Entry(NamedTuple):
    """One line of the audit, before it has a place in its chain."""

    clinic_id: UUID
    recorded_at: datetime
    agent: str
    roles: str
    action: str
    method: str
    outcome: str
    purpose: str
    about: str
    trace_id: str


@dataclass(slots=True, eq=False)
class Access:
    """One call: by whom, to what, and whether it stands in the audit already."""

    method: str
    reads: bool
    once: bool = False
    """A stream is told of when it opens, not with each of its transactions."""
    principal: Principal | None = None
    purpose: str = "TREAT"
    about: set[str] = field(default_factory=set)
    heard: set[tuple[str, str]] = field(default_factory=set)
    """Ids in the messages of a stream, as they came."""
    clinic_id: UUID | None = None
    recorded: bool = False

    @property
    def stands(self) -> bool:
        """Whether nothing more is told of it."""
        return self.once and self.recorded

    def asked(self, request: Message) -> None:
        """Note the ids in the request."""
        for described, value in named.ids(request):
            self._note(described.name, value)

    def told(self, reply: Message) -> None:
        """Note whom and what the reply tells of."""
        self._tell(named.whose(reply))

    def news(self, message: Message) -> "Access | None":
        """What a message of a stream is about that the stream had not told of yet."""
        fresh = set(named.whose(message)) - self.heard
        if not fresh:
            return None
        self.heard |= fresh
        new = replace(self, about=set())
        new._tell(fresh)
        new.about -= self.about
        self.about |= new.about
        return new if new.about else None

    def _tell(self, whose: Iterable[tuple[str, str]]) -> None:
        """What is about several clinics belongs to the network's chain."""
        clinic_id, self.clinic_id = self.clinic_id, None
        for name, value in whose:
            self._note(name, value)
        clinics = sum(one.startswith("clinic/") for one in self.about)
        self.clinic_id = clinic_id or (self.clinic_id if clinics == 1 else None)

    def entry(self, now: datetime, rows: Iterable[SQLModel] = (), *, outcome: str = "OK") -> Entry:
        """What is told of it, with the rows it has put."""
        for row in rows:
            for name in named.columns(type(row)):
                self._note(name, row.__dict__.get(name))
        who = self.principal
        return Entry(
            self.clinic_id or NETWORK,
            now,
            who.subject if who else "",
            ",".join(sorted(who.roles)) if who else "",
            "R" if self.reads else "U",
            self.method,
            outcome,
            self.purpose,
            dumps(sorted(self.about)),
            telemetry.current_traceparent()[3:35],
        )

    def _note(self, name: str, value: object) -> None:
        if not value:
            return
        try:
            known = value if isinstance(value, UUID) else uuid_of(str(value))
        except ValueError:
            return
        if name == "clinic_id" and self.clinic_id is None:
            self.clinic_id = known
        self.about.add(f"{name.removesuffix('s').removesuffix('_id')}/{known}")


_current: ContextVar[Access | None] = ContextVar("access", default=None)


def current() -> Access | None:
    """The call being answered in this task; None when no person or system called."""
    return _current.get()


def begin(access: Access | None) -> None:
    """From here on, in this task, it is that call."""
    _current.set(access)


def columns_of(entries: Iterable[Entry]) -> list[list[Any]]:
    """One array for each column."""
    return [list(column) for column in zip(*entries, strict=True)]


def told(kept: Mapping[str, Any]) -> dict[str, Any]:
    """A kept row as values that hash the same wherever they are read."""
    return {name: kept[name] for name in ("number", "seq", *Entry._fields)}
