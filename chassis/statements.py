"""Several statements in one round trip: each but the last becomes a WITH of the last."""

import re
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, NamedTuple

_PARAMETER = re.compile(r"\$(\d+)")


class Statement(NamedTuple):
    """An INSERT or UPDATE and its parameters; none of them reads what another writes."""

    sql: str
    parameters: Sequence[Any]


def columns(rows: Iterable[Sequence[Any]]) -> list[list[Any]]:
    """Rows as one array for each column."""
    return [list(column) for column in zip(*rows, strict=True)]


async def execute(driver: Any, statements: Sequence[Statement]) -> Sequence[Any]:
    """Run them together; constraints are checked when all have written. The last one answers."""
    if not statements:
        return ()
    sql = _together(tuple((one.sql, len(one.parameters)) for one in statements))
    found: Sequence[Any] = await driver.fetch(
        sql, *[value for one in statements for value in one.parameters]
    )
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
