"""One row type's statements, compiled once by SQLAlchemy and spoken straight to the driver."""

from collections.abc import Callable, Iterable, Sequence
from functools import cache, cached_property
from typing import Any, Generic, TypeVar

from sqlalchemy import (
    ARRAY,
    JSON,
    BindParameter,
    Column,
    Float,
    Numeric,
    Table,
    bindparam,
    insert,
    update,
)
from sqlalchemy.dialects.postgresql.asyncpg import dialect
from sqlalchemy.orm import class_mapper
from sqlalchemy.types import TypeEngine
from sqlmodel import SQLModel

R = TypeVar("R", bound=SQLModel)
Key = tuple[Any, ...]
Values = tuple[Any, ...]
Convert = Callable[[Any], Any] | None

_DIALECT = dialect(dbapi=dialect.import_dbapi())  # type: ignore[no-untyped-call]
_FLOAT8_OID = 701
_NUMERIC_OID = 1700


class Plan(Generic[R]):
    """How rows of one type are read and written."""

    def __init__(self, row: type[R]) -> None:
        mapper = class_mapper(row)
        table = mapper.local_table
        assert isinstance(table, Table)
        self.row, self.table = row, table
        self._new = mapper.class_manager.new_instance
        self.names = tuple(column.name for column in table.columns)
        self.key_names = tuple(column.name for column in table.primary_key)
        self.position = table.metadata.sorted_tables.index(table)
        impls = [column.type.dialect_impl(_DIALECT) for column in table.columns]
        self._binds = [impl.bind_processor(_DIALECT) for impl in impls]
        self._results = [
            (name, convert)
            for name, impl in zip(self.names, impls, strict=True)
            if (convert := impl.result_processor(_DIALECT, _oid(impl)))
        ]
        self._optional = {column.name for column in table.columns if _given_by_server(column)}
        self._inserts: dict[tuple[str, ...], str] = {}
        self.together: dict[str, str] = {}
        """For an INSERT of one row, the INSERT of many, where the column types allow it."""

    def key(self, row: SQLModel) -> Key:
        """The row's primary key."""
        values = row.__dict__
        return tuple(values[name] for name in self.key_names)

    def revive(self, record: Iterable[tuple[str, Any]], *, raw: bool) -> R:
        """A row as the database has it, made without validation: it was validated going in."""
        values = dict(record)
        if raw:
            for name, convert in self._results:
                values[name] = convert(values[name])
        return self.made(values)

    def made(self, values: dict[str, Any]) -> R:
        """A row that holds these columns and nothing of an ORM session's."""
        row: R = self._new()
        row.__dict__.update(values)
        return row

    def values(self, row: SQLModel) -> Values:
        """The row's columns as the driver wants them."""
        given = row.__dict__
        return tuple(
            [
                value if convert is None or value is None else convert(value)
                for value, convert in zip(map(given.get, self.names), self._binds, strict=True)
            ]
        )

    def insertion(self, values: Values) -> tuple[str, Values]:
        """The INSERT for these values; columns that the server fills are left to it."""
        if not self._optional:
            return self._insert_all, values
        pairs = [
            (name, value)
            for name, value in zip(self.names, values, strict=True)
            if value is not None or name not in self._optional
        ]
        names = tuple(name for name, _ in pairs)
        if (sql := self._inserts.get(names)) is None:
            sql = self._inserts[names] = self._insert(names)
        return sql, tuple(value for _, value in pairs)

    def updating(self, values: Values) -> Values:
        """Values in the order the UPDATE takes them: the rest, then the key."""
        return tuple([values[index] for index in self._update_order])

    @cached_property
    def update(self) -> str:
        """UPDATE of every other column by primary key."""
        table = self.table
        chosen: dict[str, BindParameter[Any]] = {
            name: bindparam(name) for name in self.names if name not in self.key_names
        }
        matches = [table.c[name] == bindparam(f"key_{name}") for name in self.key_names]
        return str(update(table).where(*matches).values(chosen).compile(dialect=_DIALECT))

    @cached_property
    def _update_order(self) -> Sequence[int]:
        rest = [index for index, name in enumerate(self.names) if name not in self.key_names]
        return (*rest, *(self.names.index(name) for name in self.key_names))

    @cached_property
    def _insert_all(self) -> str:
        return self._insert(self.names)

    def _insert(self, names: Iterable[str]) -> str:
        values: dict[str, BindParameter[Any]] = {
            name: bindparam(name) for name in self.names if name in set(names)
        }
        sql = str(insert(self.table).values(values).compile(dialect=_DIALECT))
        columns = [self.table.c[name] for name in values]
        if not any(isinstance(column.type, ARRAY | JSON) for column in columns):
            self.together[sql] = self._insert_together(columns)
        return sql

    def _insert_together(self, columns: Sequence[Column[Any]]) -> str:
        """The same INSERT for many rows, which come as one array for each column."""
        table = _DIALECT.identifier_preparer.format_table(self.table)
        names = ", ".join(self._quoted([column.name for column in columns]))
        return f"INSERT INTO {table} ({names}) SELECT * FROM unnest({_arrays(columns)})"  # noqa: S608

    @cached_property
    def one(self) -> str:
        """SELECT by primary key."""
        quoted = self._quoted(self.key_names)
        where = " AND ".join(f"{name} = ${n}" for n, name in enumerate(quoted, 1))
        return f"{self._select} WHERE {where}"

    @cached_property
    def many(self) -> str:
        """SELECT by many primary keys, always in the same order, so that locks cannot cross."""
        quoted = ", ".join(self._quoted(self.key_names))
        arrays = _arrays(tuple(self.table.primary_key))
        among = f"({quoted}) IN (SELECT * FROM unnest({arrays}))"  # noqa: S608
        if len(self.key_names) == 1:
            among = f"{quoted} = ANY({arrays})"
        return f"{self._select} WHERE {among} ORDER BY {quoted}"

    @property
    def _select(self) -> str:
        table = _DIALECT.identifier_preparer.format_table(self.table)
        return f"SELECT {', '.join(self._quoted(self.names))} FROM {table}"  # noqa: S608

    def _quoted(self, names: Iterable[str]) -> list[str]:
        return [_DIALECT.identifier_preparer.quote(name) for name in names]


def _arrays(columns: Sequence[Column[Any]]) -> str:
    """One array parameter for each column."""
    types = [column.type.compile(_DIALECT) for column in columns]
    return ", ".join(f"${n}::{kind}[]" for n, kind in enumerate(types, 1))


@cache
def plan_of(row: type[R]) -> Plan[R]:
    """The plan of a row type, made on first use."""
    return Plan(row)


def made(row: type[R], /, **columns: Any) -> R:
    """A row from values that the domain has already judged: not validated, and so much faster."""
    fresh: R = plan_of(row).made(columns)
    return fresh


def _oid(impl: TypeEngine[Any]) -> int | None:
    """Only for numbers does SQLAlchemy ask what the database calls the column's type."""
    if isinstance(impl, Float):
        return _FLOAT8_OID
    return _NUMERIC_OID if isinstance(impl, Numeric) else None


def _given_by_server(column: Column[Any]) -> bool:
    table = column.table
    assert isinstance(table, Table)
    serial = table.autoincrement_column is column and not column.foreign_keys
    return column.server_default is not None or column.identity is not None or serial
