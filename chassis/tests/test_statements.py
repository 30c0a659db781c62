"""Several statements in one trip, on a real PostgreSQL."""

import asyncpg
import pytest

from chassis.statements import Statement, execute


@pytest.fixture
async def line(servers):
    opened = await asyncpg.connect(servers.postgres.url())
    await opened.execute("CREATE TEMP TABLE parent (id int PRIMARY KEY, name text)")
    await opened.execute("CREATE TEMP TABLE child (id int, parent int REFERENCES parent)")
    yield opened
    await opened.close()


PARENT = "INSERT INTO parent (id, name) VALUES ($1, $2)"
CHILD = "INSERT INTO child (id, parent) VALUES ($1, $2)"


async def test_parent_child_and_change_are_written_together(line):
    await execute(line, [Statement(PARENT, (1, "one"))])
    change = Statement("UPDATE parent SET name = $2 WHERE id = $1", (1, "changed"))
    await execute(line, [Statement(PARENT, (2, "two")), change, Statement(CHILD, (7, 2))])
    names = await line.fetch("SELECT id, name FROM parent ORDER BY id")
    assert [tuple(row) for row in names] == [(1, "changed"), (2, "two")]
    assert await line.fetchval("SELECT parent FROM child WHERE id = 7") == 2


async def test_all_or_none(line):
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await execute(line, [Statement(PARENT, (1, "one")), Statement(CHILD, (7, 99))])
    assert await line.fetchval("SELECT count(*) FROM parent") == 0


async def test_nothing_is_no_trip(line):
    await execute(None, [])
