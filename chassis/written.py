"""What one transaction wrote besides its rows, and what the loops are told once it commits."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from chassis.outbox import Entry
from chassis.statements import Statement

Task = tuple[str, UUID]

_FACTS = """
INSERT INTO outbox (event_id, subject, entity_id, revision, data, traceparent,
                    recorded_at, lease_token, leased_until)
SELECT fact.*, $7::timestamptz, $8::uuid, $9::timestamptz
FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::bigint[], $5::bytea[], $6::text[]) AS fact
"""
_DUE = """
INSERT INTO due (name, entity_id, due_at)
SELECT * FROM unnest($1::text[], $2::uuid[], $3::timestamptz[])
ON CONFLICT (name, entity_id) DO UPDATE SET due_at = excluded.due_at, attempts = 0
"""
_UNDUE = """
DELETE FROM due WHERE (name, entity_id) IN (SELECT * FROM unnest($1::text[], $2::uuid[]))
"""
_DONE = """
DELETE FROM errand WHERE (name, entity_id) IN (SELECT * FROM unnest($1::text[], $2::uuid[]))
"""
_ASKED = """
INSERT INTO errand (name, entity_id, asked_at, lease_token, leased_until, traceparent)
SELECT asked.name, asked.entity_id, $3::timestamptz, $4::uuid, $5::timestamptz, asked.trace
FROM unnest($1::text[], $2::uuid[], $6::text[]) AS asked (name, entity_id, trace)
ON CONFLICT DO NOTHING RETURNING name, entity_id
"""


@dataclass(frozen=True, slots=True)
class Lease:
    """Rows are born in the hands of the process that wrote them, until this moment."""

    until: datetime
    errands_until: datetime
    token: UUID = field(default_factory=uuid4)


@dataclass(slots=True)
class Written:
    """Facts stated, deadlines set or lifted, errands asked for or done."""

    lease: Lease
    facts: list[Entry] = field(default_factory=list)
    dues: dict[Task, datetime | None] = field(default_factory=dict)
    asked: dict[Task, str] = field(default_factory=dict)
    done: dict[Task, None] = field(default_factory=dict)

    def stated(self, now: datetime) -> list[Statement]:
        """The facts, to be written together with the rows they speak of."""
        if not self.facts:
            return []
        columns = map(list, zip(*[fact[:6] for fact in self.facts], strict=True))
        return [Statement(_FACTS, [*columns, now, self.lease.token, self.lease.until])]

    async def flush(self, driver: Any, now: datetime) -> None:
        """Write the rest; an errand is finished before it is asked for again."""
        if self.dues:
            await self._flush_dues(driver)
        if self.done:
            await driver.execute(_DONE, *_columns(self.done))
        if self.asked:
            await self._ask(driver, now)

    async def _flush_dues(self, driver: Any) -> None:
        ordered = sorted(self.dues.items())
        if lifted := [task for task, at in ordered if at is None]:
            await driver.execute(_UNDUE, *_columns(lifted))
        if kept := [(*task, at) for task, at in ordered if at is not None]:
            await driver.execute(_DUE, *map(list, zip(*kept, strict=True)))

    async def _ask(self, driver: Any, now: datetime) -> None:
        asked = dict(sorted(self.asked.items()))
        traces = list(asked.values())
        until = self.lease.errands_until
        names, entities = _columns(asked)
        new = await driver.fetch(_ASKED, names, entities, now, self.lease.token, until, traces)
        self.asked = {(row[0], row[1]): asked[row[0], row[1]] for row in new}


def _columns(tasks: "dict[Task, Any] | list[Task]") -> list[list[Any]]:
    return [list(column) for column in zip(*tasks, strict=True)]
