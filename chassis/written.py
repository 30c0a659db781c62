"""What one transaction wrote besides its rows, and what the loops are told once it commits."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from chassis.outbox import Entry
from chassis.statements import Statement, over

Task = tuple[str, UUID]

_AUDIT = over(
    """
INSERT INTO audit (clinic_id, recorded_at, agent, roles, action, method, outcome, purpose,
                   about, trace_id)
SELECT * FROM {rows} AS entry
""",
    ("uuid", "timestamptz", *["text"] * 8),
)
AUDIT = _AUDIT.several
_FACTS = over(
    """
INSERT INTO outbox (event_id, subject, entity_id, revision, data, traceparent,
                    recorded_at, lease_token, leased_until)
SELECT fact.*, $7::timestamptz, $8::uuid, $9::timestamptz FROM {rows} AS fact
""",
    ("uuid", "text", "uuid", "bigint", "bytea", "text"),
)
_DUE = over(
    """
INSERT INTO due (name, entity_id, due_at) SELECT * FROM {rows} AS task
ON CONFLICT (name, entity_id) DO UPDATE SET due_at = excluded.due_at, attempts = 0
""",
    ("text", "uuid", "timestamptz"),
)
_UNDUE = over(
    "DELETE FROM due WHERE (name, entity_id) IN (SELECT * FROM {rows} AS task)", ("text", "uuid")
)
_DONE = over(
    "DELETE FROM errand WHERE (name, entity_id) IN (SELECT * FROM {rows} AS task)", ("text", "uuid")
)
_ASKED = over(
    """
INSERT INTO errand (name, entity_id, asked_at, lease_token, leased_until, traceparent)
SELECT asked.name, asked.entity_id, $4::timestamptz, $5::uuid, $6::timestamptz, asked.trace
FROM {rows} AS asked (name, entity_id, trace)
ON CONFLICT DO NOTHING RETURNING name, entity_id
""",
    ("text", "uuid", "text"),
)


class Lease(NamedTuple):
    """Rows are born in the hands of the process that wrote them, for so long."""

    token: UUID
    facts: timedelta
    errands: timedelta


@dataclass(slots=True)
class Written:
    """Facts stated, deadlines set or lifted, errands asked for or done."""

    lease: Lease
    facts: list[Entry] = field(default_factory=list)
    audit: list[Sequence[Any]] = field(default_factory=list)
    dues: dict[Task, datetime | None] = field(default_factory=dict)
    asked: dict[Task, str] = field(default_factory=dict)
    done: dict[Task, None] = field(default_factory=dict)

    def end(self, task: Task) -> None:
        """What was asked for in this very transaction need not be done any more."""
        self.asked.pop(task, None)
        self.done[task] = None

    def ask(self, task: Task, traceparent: str) -> None:
        """An errand is its row: one statement cannot delete a row and put it back."""
        if task in self.done:
            raise ValueError("an errand that ends here cannot begin again here")
        self.asked[task] = traceparent

    def statements(self, now: datetime) -> list[Statement]:
        """All of it, to be written in one trip; the last one tells which errands are new."""
        written = list(self._statements(now))
        self.audit = []
        return written

    def settle(self, new: Iterable[Sequence[Any]]) -> None:
        """An errand that somebody asked for before is theirs to run."""
        if self.asked:
            fresh = {(row[0], row[1]) for row in new}
            self.asked = {task: trace for task, trace in self.asked.items() if task in fresh}

    def _statements(self, now: datetime) -> Iterator[Statement]:
        if self.audit:
            yield Statement(_AUDIT, self.audit)
        if self.facts:
            leased = (now, self.lease.token, now + self.lease.facts)
            yield Statement(_FACTS, [fact[:6] for fact in self.facts], leased)
        if lifted := sorted([task for task, at in self.dues.items() if at is None]):
            yield Statement(_UNDUE, lifted)
        if kept := sorted([(*task, at) for task, at in self.dues.items() if at is not None]):
            yield Statement(_DUE, kept)
        if self.done:
            yield Statement(_DONE, sorted(self.done))
        if self.asked:
            asked = sorted([(*task, trace) for task, trace in self.asked.items()])
            leased = (now, self.lease.token, now + self.lease.errands)
            yield Statement(_ASKED, asked, leased)
