"""The statements of one table: its rows are written at once, however many."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ARRAY, JSON, Column, Table
from sqlalchemy.dialects.postgresql.asyncpg import dialect

from chassis.statements import Form, over

DIALECT = dialect(dbapi=dialect.import_dbapi())  # type: ignore[no-untyped-call]
Columns = Sequence[Column[Any]]


def insert(columns: Columns) -> Form:
    """INSERT of these columns."""
    into = f"{_table(columns)} ({', '.join(_quoted(columns))})"
    return _over(f"INSERT INTO {into} SELECT {_values(columns)}", columns)


def update(table: Table) -> Form:
    """UPDATE of every other column by primary key."""
    columns, key = tuple(table.columns), set(table.primary_key)
    changed = [column for column in columns if column not in key]
    changes = ", ".join(f"{name} = {_value(column)}" for name, column in _pairs(changed))
    matches = " AND ".join(f"kept.{name} = given.{name}" for name in _quoted(table.primary_key))
    verb = f"UPDATE {_table(columns)} AS kept SET {changes}"  # noqa: S608
    return _over(verb, columns, f" WHERE {matches}")


def select_one(table: Table) -> str:
    """SELECT by primary key."""
    matches = [f"{name} = ${n}" for n, name in enumerate(_quoted(table.primary_key), 1)]
    return f"{_select(table)} WHERE {' AND '.join(matches)}"


def select_many(table: Table) -> str:
    """SELECT by many primary keys, always in the same order, so that locks cannot cross."""
    key = tuple(table.primary_key)
    names = ", ".join(_quoted(key))
    among = f"({names}) IN (SELECT * FROM unnest({_arrays(key)}))"  # noqa: S608
    if len(key) == 1:
        among = f"{names} = ANY({_arrays(key)})"
    return f"{_select(table)} WHERE {among} ORDER BY {names}"


def literal(values: Iterable[Any]) -> str:
    """An array as text, for PostgreSQL has no arrays of arrays whose lengths differ."""
    return "{" + ",".join([_element(value) for value in values]) + "}"


def _element(value: object) -> str:
    if not isinstance(value, str):
        return f'"{value}"'
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _over(verb: str, columns: Columns, condition: str = "") -> Form:
    given = f"given ({', '.join(_quoted(columns))})"
    return over(f"{verb} FROM {{rows}} AS {given}{condition}", _kinds(columns))


def _arrays(columns: Columns) -> str:
    return ", ".join(f"${n}::{kind}[]" for n, kind in enumerate(_kinds(columns), 1))


def _kinds(columns: Columns) -> list[str]:
    return ["text" if _as_text(column) else _kind(column) for column in columns]


def _values(columns: Columns) -> str:
    return ", ".join(map(_value, columns))


def _value(column: Column[Any]) -> str:
    (name,) = _quoted([column])
    return f"given.{name}::{_kind(column)}" if _as_text(column) else f"given.{name}"


def _as_text(column: Column[Any]) -> bool:
    return isinstance(column.type, ARRAY | JSON)


def _kind(column: Column[Any]) -> str:
    return column.type.compile(DIALECT)


def _select(table: Table) -> str:
    columns = tuple(table.columns)
    return f"SELECT {', '.join(_quoted(columns))} FROM {_table(columns)}"  # noqa: S608


def _table(columns: Columns) -> str:
    return DIALECT.identifier_preparer.format_table(columns[0].table)


def _pairs(columns: Columns) -> Iterable[tuple[str, Column[Any]]]:
    return zip(_quoted(columns), columns, strict=True)


def _quoted(columns: Iterable[Column[Any]]) -> list[str]:
    return [DIALECT.identifier_preparer.quote(column.name) for column in columns]
