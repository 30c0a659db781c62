"""One row type's statements, compiled once by SQLAlchemy and spoken straight to the driver."""

from collections.abc import Callable, Iterable
from functools import cache, cached_property
from typing import Any, Generic, TypeVar

from sqlalchemy import ARRAY, Column, Float, Numeric, Table
from sqlalchemy.orm import class_mapper
from sqlalchemy.types import TypeEngine
from sqlmodel import SQLModel

from chassis import sql

R = TypeVar("R", bound=SQLModel)
Key = tuple[Any, ...]
Values = tuple[Any, ...]
Convert = Callable[[Any], Any] | None

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
        impls = [column.type.dialect_impl(sql.DIALECT) for column in table.columns]
        self._binds = [_bind(impl) for impl in impls]
        self._results = [
            (name, convert)
            for name, impl in zip(self.names, impls, strict=True)
            if (convert := impl.result_processor(sql.DIALECT, _oid(impl)))
        ]
        self._optional = {column.name for column in table.columns if _given_by_server(column)}
        self._inserts: dict[tuple[str, ...], str] = {}
        self.one, self.many = sql.select_one(table), sql.select_many(table)

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
            return self._insert(self.names), values
        pairs = [
            (name, value)
            for name, value in zip(self.names, values, strict=True)
            if value is not None or name not in self._optional
        ]
        return self._insert(tuple([name for name, _ in pairs])), tuple(
            [value for _, value in pairs]
        )

    @cached_property
    def update(self) -> str:
        """UPDATE of every other column by primary key."""
        return sql.update(self.table)

    def _insert(self, names: tuple[str, ...]) -> str:
        if (known := self._inserts.get(names)) is None:
            known = sql.insert([self.table.c[name] for name in names])
            self._inserts[names] = known
        return known


@cache
def plan_of(row: type[R]) -> Plan[R]:
    """The plan of a row type, made on first use."""
    return Plan(row)


def made(row: type[R], /, **columns: Any) -> R:
    """A row from values that the domain has already judged: not validated, and so much faster."""
    fresh: R = plan_of(row).made(columns)
    return fresh


def _bind(impl: TypeEngine[Any]) -> Convert:
    return sql.literal if isinstance(impl, ARRAY) else impl.bind_processor(sql.DIALECT)


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
