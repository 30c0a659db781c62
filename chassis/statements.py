"""Several statements in one round trip: each but the last becomes a WITH of the last."""

import re
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, NamedTuple

_PARAMETER = re.compile(r"\$(\d+)")
_FEW = 16
"""What one fact writes. The mixtures of larger batches are many, and each must be prepared."""


class Form(NamedTuple):
    """A statement over rows that are given: a lone one as values, several as arrays of columns.

    For one row of thirty columns an array of each costs twice what the values do, here and in
    PostgreSQL.
    """

    lone: str
    several: str


class Statement(NamedTuple):
    """Rows to write, and what they share; no statement reads what another of its trip writes."""

    form: Form
    rows: Sequence[Sequence[Any]]
    shared: Sequence[Any] = ()

    def spelt(self, *, few: bool) -> tuple[str, Sequence[Any]]:
        """The text and its parameters."""
        if few and len(self.rows) == 1:
            return self.form.lone, (*self.rows[0], *self.shared)
        return self.form.several, (*columns(self.rows), *self.shared)


def over(sql: str, kinds: Sequence[str]) -> Form:
    """SQL that reads FROM {rows}: columns of these types, the first parameters."""
    values = ", ".join(f"${n}::{kind}" for n, kind in enumerate(kinds, 1))
    arrays = ", ".join(f"${n}::{kind}[]" for n, kind in enumerate(kinds, 1))
    return Form(sql.format(rows=f"(VALUES ({values}))"), sql.format(rows=f"unnest({arrays})"))


def columns(rows: Iterable[Sequence[Any]]) -> list[list[Any]]:
    """Rows as one array for each column."""
    return [list(column) for column in zip(*rows, strict=True)]


async def execute(driver: Any, statements: Sequence[Statement]) -> Sequence[Any]:
    """Run them together; constraints are checked when all have written. The last one answers."""
    if not statements:
        return ()
    few = sum([len(one.rows) for one in statements]) <= _FEW
    texts: list[tuple[str, int]] = []
    parameters: list[Any] = []
    for one in statements:
        text, own = one.spelt(few=few)
        texts.append((text, len(own)))
        parameters += own
    found: Sequence[Any] = await driver.fetch(_together(tuple(texts)), *parameters)
    return found


@cache
def _together(statements: tuple[tuple[str, int], ...]) -> str:
    offset, numbered = 0, []
    for sql, count in statements:
        numbered.append(_shifted(sql, offset))
        offset += count
    *before, last = numbered
    names = ", ".join(f"w{n} AS ({sql})" for n, sql in enumerate(before))
    return f"WITH {names} {last}" if before else last


def _shifted(sql: str, offset: int) -> str:
    return _PARAMETER.sub(lambda found: f"${int(found[1]) + offset}", sql)
