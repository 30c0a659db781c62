"""One row type's statements, compiled once by SQLAlchemy and spoken straight to the driver."""

from collections.abc import Callable, Iterable
from functools import cache, cached_property
from typing import Any, Generic, TypeVar

from sqlalchemy import ARRAY, Column, Float, Numeric, Table
from sqlalchemy.orm import InstanceState, class_mapper
from sqlalchemy.orm.instrumentation import ClassManager
from sqlalchemy.types import TypeEngine
from sqlmodel import SQLModel

from chassis import sql
from chassis.statements import Form

R = TypeVar("R", bound=SQLModel)
Key = tuple[Any, ...]
Values = tuple[Any, ...]
Convert = Callable[[Any], Any] | None

_new, _set = object.__new__, object.__setattr__
_FLOAT8_OID = 701
_NUMERIC_OID = 1700


class Plan(Generic[R]):
    """How rows of one type are read and written."""

    def __init__(self, row: type[R]) -> None:
        mapper = class_mapper(row)
        table = mapper.local_table
        assert isinstance(table, Table)
        self.row, self.table = row, table
        type.__setattr__(row, "_sa_instance_state", _Late(mapper.class_manager))
        self.names = tuple(column.name for column in table.columns)
        self.key_names = tuple(column.name for column in table.primary_key)
        self.position = table.metadata.sorted_tables.index(table)
        impls = [column.type.dialect_impl(sql.DIALECT) for column in table.columns]
        self._binds = [
            (index, convert) for index, impl in enumerate(impls) if (convert := _bind(impl))
        ]
        self._results = [
            (name, convert)
            for name, impl in zip(self.names, impls, strict=True)
            if (convert := impl.result_processor(sql.DIALECT, _oid(impl)))
        ]
        self._optional = {column.name for column in table.columns if _given_by_server(column)}
        self._inserts: dict[tuple[str, ...], Form] = {}
        self.one, self.many = sql.select_one(table), sql.select_many(table)

    def key(self, row: SQLModel) -> Key:
        """The row's primary key."""
        return tuple(map(row.__dict__.__getitem__, self.key_names))

    def revive(self, record: Iterable[tuple[str, Any]], *, raw: bool) -> R:
        """A row as the database has it, made without validation: it was validated going in."""
        values = dict(record)
        if raw:
            for name, convert in self._results:
                values[name] = convert(values[name])
        return self.made(values)

    def made(self, values: dict[str, Any]) -> R:
        """A row that holds these columns and nothing of an ORM session's."""
        row = _new(self.row)
        _set(row, "__dict__", values)
        _set(row, "__pydantic_fields_set__", set())
        _set(row, "__pydantic_extra__", None)
        _set(row, "__pydantic_private__", None)
        return row

    def values(self, row: SQLModel) -> Values:
        """The row's columns as the driver wants them."""
        values = list(map(row.__dict__.get, self.names))
        for index, convert in self._binds:
            if values[index] is not None:
                values[index] = convert(values[index])
        return tuple(values)

    def insertion(self, values: Values) -> tuple[Form, Values]:
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
    def update(self) -> Form:
        """UPDATE of every other column by primary key."""
        return sql.update(self.table)

    def _insert(self, names: tuple[str, ...]) -> Form:
        if (known := self._inserts.get(names)) is None:
            known = sql.insert([self.table.c[name] for name in names])
            self._inserts[names] = known
        return known


class _Late:
    """SQLAlchemy's account of a row, made when something asks: it costs ten times the row."""

    def __init__(self, manager: ClassManager[Any]) -> None:
        self._manager = manager

    def __get__(self, row: Any, _: object) -> InstanceState[Any]:
        if row is None:
            raise AttributeError
        state: InstanceState[Any] = InstanceState(row, self._manager)
        row.__dict__["_sa_instance_state"] = state
        return state


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
