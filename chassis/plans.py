"""One row type's statements, compiled once by SQLAlchemy and spoken straight to the driver."""

from collections.abc import Callable, Iterable, Mapping
from functools import cache, cached_property
from operator import itemgetter
from typing import Any, Generic, TypeVar

from sqlalchemy import ARRAY, Boolean, Column, Float, LargeBinary, Numeric, Table
from sqlalchemy.orm import class_mapper
from sqlalchemy.types import TypeEngine
from sqlmodel import SQLModel

from chassis import sql
from chassis.light import lighten
from chassis.statements import Form

R = TypeVar("R", bound=SQLModel)
Key = tuple[Any, ...]
Values = tuple[Any, ...]
Convert = Callable[[Any], Any] | None
Converts = list[tuple[int, Callable[[Any], Any]]]

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
        lighten(mapper)
        self.names = tuple(column.name for column in table.columns)
        self._all = _picker(self.names)
        self._key = _picker(tuple(column.name for column in table.primary_key))
        self.position = table.metadata.sorted_tables.index(table)
        impls = [column.type.dialect_impl(sql.DIALECT) for column in table.columns]
        self._results = _converts(map(_result, impls))
        self._binds = _converts(map(_bind, impls))
        self._texts = _converts(sql.literal if isinstance(i, ARRAY) else None for i in impls)
        self._optional = {column.name for column in table.columns if _given_by_server(column)}
        self._inserts: dict[tuple[str, ...], Form] = {}
        self.one, self.many = sql.select_one(table), sql.select_many(table)

    def key(self, row: SQLModel) -> Key:
        """The row's primary key."""
        return self._key(row.__dict__)

    def revive(self, record: Iterable[Any]) -> R:
        """A row as the database has it, made without validation: it was validated going in."""
        values = _converted(record, self._results) if self._results else record
        return self.made(dict(zip(self.names, values, strict=True)))

    def made(self, values: dict[str, Any]) -> R:
        """A row that holds these columns and nothing of an ORM session's."""
        row = _new(self.row)
        _set(row, "__dict__", values)
        _set(row, "__pydantic_fields_set__", set())
        _set(row, "__pydantic_extra__", None)
        _set(row, "__pydantic_private__", None)
        return row

    def values(self, row: SQLModel) -> Values:
        """The row's columns, to be compared and then written; nothing in them can change."""
        values = self._all(row.__dict__)
        return _converted(values, self._binds) if self._binds else values

    def insertion(self, values: Values) -> tuple[Form, Values]:
        """The INSERT for these values; columns that the server fills are left to it."""
        values = _converted(values, self._texts) if self._texts else values
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

    def change(self, values: Values) -> tuple[Form, Values]:
        """The UPDATE to these values."""
        return self._update, _converted(values, self._texts) if self._texts else values

    @cached_property
    def _update(self) -> Form:
        return sql.update(self.table)

    def _insert(self, names: tuple[str, ...]) -> Form:
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


def _picker(names: tuple[str, ...]) -> Callable[[Mapping[str, Any]], Values]:
    if len(names) == 1:
        return lambda columns: (columns[names[0]],)
    return itemgetter(*names)


def _converts(each: Iterable[Convert]) -> Converts:
    return [(place, convert) for place, convert in enumerate(each) if convert]


def _converted(values: Iterable[Any], converts: Converts) -> Values:
    changed = list(values)
    for place, convert in converts:
        if changed[place] is not None:
            changed[place] = convert(changed[place])
    return tuple(changed)


def _bind(impl: TypeEngine[Any]) -> Convert:
    """What the driver takes as it is needs nothing."""
    if isinstance(impl, ARRAY):
        return tuple
    return None if isinstance(impl, Boolean | LargeBinary) else impl.bind_processor(sql.DIALECT)


def _result(impl: TypeEngine[Any]) -> Convert:
    """The driver's list of plain elements is a list already."""
    if isinstance(impl, ARRAY) and not _result(impl.item_type.dialect_impl(sql.DIALECT)):
        return None
    return impl.result_processor(sql.DIALECT, _oid(impl))


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
