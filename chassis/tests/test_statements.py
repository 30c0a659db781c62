"""Several statements in one trip, on a real PostgreSQL."""

import asyncpg
import pytest

from chassis.statements import Statement, execute, over


@pytest.fixture
async def line(servers):
    opened = await asyncpg.connect(servers.postgres.url())
    await opened.execute("CREATE TEMP TABLE parent (id int PRIMARY KEY, name text)")
    await opened.execute("CREATE TEMP TABLE child (id int, parent int REFERENCES parent)")
    yield opened
    await opened.close()


PARENT = over("INSERT INTO parent (id, name) SELECT * FROM {rows} AS given", ("int", "text"))
CHILD = over("INSERT INTO child (id, parent) SELECT * FROM {rows} AS given", ("int", "int"))
RENAME = over(
    "UPDATE parent SET name = $3 || given.name FROM {rows} AS given (id, name)"
    " WHERE parent.id = given.id",
    ("int", "text"),
)


async def test_parent_child_and_change_are_written_together(line):
    await execute(line, [Statement(PARENT, [(1, "one")])])
    change = Statement(RENAME, [(1, "changed")], ["un"])
    await execute(line, [Statement(PARENT, [(2, "two")]), change, Statement(CHILD, [(7, 2)])])
    names = await line.fetch("SELECT id, name FROM parent ORDER BY id")
    assert [tuple(row) for row in names] == [(1, "unchanged"), (2, "two")]
    assert await line.fetchval("SELECT parent FROM child WHERE id = 7") == 2


@pytest.mark.parametrize("count", [1, 2, 40])
async def test_a_lone_row_is_written_as_several_are(line, count):
    parents = [(n, f"the {n}.") for n in range(count)]
    await execute(line, [Statement(PARENT, parents), Statement(CHILD, [(7, 0)])])
    await execute(line, [Statement(RENAME, [(n, "") for n in range(count)], ["new"])])
    names = await line.fetch("SELECT name FROM parent")
    assert [row[0] for row in names] == ["new"] * count


async def test_all_or_none(line):
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await execute(line, [Statement(PARENT, [(1, "one")]), Statement(CHILD, [(7, 99)])])
    assert await line.fetchval("SELECT count(*) FROM parent") == 0


async def test_nothing_is_no_trip(line):
    await execute(None, [])
