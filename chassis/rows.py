"""The unit of work: rows found once, changed in memory, written together."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlmodel import SQLModel

from chassis.plans import Key, Plan, R, Values, plan_of
from chassis.statements import Form, Statement, columns, execute

Identity = tuple[type[SQLModel], Key]


@dataclass(slots=True)
class _Held:
    """A row in hand; `stored` is what the database holds of it, None before the first INSERT."""

    row: SQLModel | None
    stored: Values | None
    locked: bool


class Rows:
    """Each row exists once in a transaction, whoever asks, and reaches the database once."""

    def __init__(self, driver: Any, *, writing: bool) -> None:
        self._driver = driver
        self._lock = " FOR UPDATE" if writing else ""
        self._held: dict[Identity, _Held] = {}
        self._dirty: dict[Identity, None] = {}
        self.told: list[SQLModel] = []
        """Everything put since the audit was last told."""

    async def find(self, row: type[R], key: object) -> R | None:
        """By primary key, locked for change; a known miss costs nothing."""
        plan, parts = plan_of(row), _parts(key)
        held = self._held.get((row, parts))
        if held is None or not held.locked:
            record = await self._driver.fetchrow(plan.one + self._lock, *parts)
            found = plan.revive(record) if record else None
            held = self._hold(plan, parts, found, locked=True)
        return cast("R | None", held.row)

    async def load(self, row: type[R], keys: Iterable[object]) -> None:
        """Prefetch: one SELECT for all keys, and what is not there is known to be absent."""
        plan = plan_of(row)
        wanted = [
            parts
            for parts in dict.fromkeys(map(_parts, keys))
            if (held := self._held.get((row, parts))) is None or not held.locked
        ]
        if not wanted:
            return
        sql, given = _asked(plan, wanted)
        for record in await self._driver.fetch(sql + self._lock, *given):
            found = plan.revive(record)
            self._hold(plan, plan.key(found), found, locked=True)
        for parts in wanted:
            held = self._held.get((row, parts))
            if held is None or not held.locked:
                self._hold(plan, parts, None, locked=True)

    async def look(self, row: type[R], keys: Iterable[object]) -> dict[Any, R]:
        """Those of the keys that are there, unlocked and not to be changed: one SELECT, by key."""
        plan, wanted = plan_of(row), list(dict.fromkeys(map(_parts, keys)))
        if not wanted:
            return {}
        sql, given = _asked(plan, wanted)
        rows = map(plan.revive, await self._driver.fetch(sql, *given))
        return {key[0] if len(key) == 1 else key: one for one in rows for key in [plan.key(one)]}

    def adopt(self, row: type[R], values: Iterable[tuple[str, Any]], *, locked: bool) -> R:
        """A row that a query brought: the one already in hand if there is one."""
        plan = plan_of(row)
        found: R = plan.made(dict(values))
        key = plan.key(found)
        held = self._held.get((row, key))
        if held is None or held.row is None or (locked and not held.locked):
            held = self._hold(plan, key, found, locked=locked)
        return cast("R", held.row)

    def put(self, row: SQLModel) -> None:
        """Keep this state: an INSERT if the row is new here, otherwise an UPDATE."""
        key = plan_of(type(row)).key(row)
        identity = (type(row), (id(row),) if None in key else key)
        if held := self._held.get(identity):
            held.row, held.locked = row, True
        else:
            self._held[identity] = _Held(row, None, locked=True)
        self._dirty[identity] = None
        self.told.append(row)

    async def flush(self, *more: Statement) -> Sequence[Any]:
        """Write what was put, parents before children, and more, in one trip."""
        writes = [Statement(form, rows) for (_, form), rows in self._work()]
        return await execute(self._driver, [*writes, *more])

    def _work(self) -> list[tuple[tuple[int, Form], list[Values]]]:
        """What differs from the database, by table and kind of statement."""
        work: dict[tuple[int, Form], list[Values]] = {}
        for identity in self._dirty:
            self._plan_write(identity, work)
        self._dirty.clear()
        return sorted(work.items(), key=lambda item: item[0][0])

    def _plan_write(self, identity: Identity, work: dict[tuple[int, Form], list[Values]]) -> None:
        held, plan = self._held[identity], plan_of(identity[0])
        assert held.row is not None
        values = plan.values(held.row)
        if held.stored is None:
            form, parameters = plan.insertion(values)
        elif values != held.stored:
            form, parameters = plan.change(values)
        else:
            return
        held.stored = values
        work.setdefault((plan.position, form), []).append(parameters)

    def _hold(self, plan: Plan[R], key: Key, row: R | None, *, locked: bool) -> _Held:
        held = _Held(row, plan.values(row) if row is not None else None, locked)
        self._held[plan.row, key] = held
        return held


def _asked(plan: Plan[Any], keys: Sequence[Key]) -> tuple[str, Sequence[Any]]:
    """The SELECT of these keys; a lone one needs no arrays."""
    return (plan.one, keys[0]) if len(keys) == 1 else (plan.many, columns(keys))


def _parts(key: object) -> Key:
    return key if isinstance(key, tuple) else (key,)
