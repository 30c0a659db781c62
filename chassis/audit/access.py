"""The call that is being answered, as its audit entry will tell of it."""

from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from json import dumps
from typing import Any, NamedTuple
from uuid import UUID

from google.protobuf.message import Message

from chassis import telemetry
from chassis.principal import Principal

NETWORK = UUID(int=0)
"""The chain of what belongs to no clinic."""
_MOST = 48
_NOT_TOLD = frozenset({"request_id", "event_id", "lease_token"})


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
    clinic_id: UUID | None = None
    recorded: bool = False

    @property
    def stands(self) -> bool:
        """Whether nothing more is told of it."""
        return self.once and self.recorded

    def asked(self, request: Message) -> None:
        """Note the ids in the request."""
        for described, value in request.ListFields():
            if isinstance(value, Message):
                self.asked(value)
            elif described.name.endswith("_id") and isinstance(value, str):
                self._note(described.name, value)

    def entry(self, now: datetime, rows: Iterable[Any] = (), *, outcome: str = "OK") -> Entry:
        """What is told of it, with the rows it has put."""
        for row in rows:
            for name, value in row.__dict__.items():
                if name.endswith("_id"):
                    self._note(name, value)
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
            dumps(sorted(self.about)[:_MOST]),
            telemetry.current_traceparent()[3:35],
        )

    def _note(self, name: str, value: object) -> None:
        if name in _NOT_TOLD or not value:
            return
        try:
            known = UUID(str(value))
        except ValueError:
            return
        if name == "clinic_id" and self.clinic_id is None:
            self.clinic_id = known
        self.about.add(f"{name.removesuffix('_id')}/{known}")


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
