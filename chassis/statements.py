"""Several statements in one round trip: each but the last becomes a WITH of the last."""

import re
from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

_PARAMETER = re.compile(r"\$(\d+)")


class Statement(NamedTuple):
    """An INSERT or UPDATE and its parameters; none of them reads what another writes."""

    sql: str
    parameters: Sequence[Any]


async def execute(driver: Any, statements: Sequence[Statement]) -> None:
    """Run them together; constraints are checked when all have written."""
    if not statements:
        return
    sql = _together(tuple((one.sql, len(one.parameters)) for one in statements))
    await driver.execute(sql, *[value for one in statements for value in one.parameters])


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
