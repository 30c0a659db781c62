"""A transaction sees what its caller may see, and PostgreSQL holds to it."""

from uuid import UUID, uuid4

import asyncpg
import pytest

from chassis import sight
from chassis.database import Database
from chassis.mishaps import DatabaseFault
from chassis.principal import act_as
from chassis.testing import somebody
from chassis.tests.toy import BedRow, WardRow

OURS, THEIRS = uuid4(), uuid4()
_ADD = "INSERT INTO ward (ward_id, clinic_id) VALUES ($1, $2)"
_WARDS = "SELECT clinic_id FROM ward"
_REFUSED = "42501"


@pytest.fixture
async def db(rows_url):
    """As a service has it, and in it a ward of each clinic with a bed."""
    database = Database(rows_url)
    async with database.transaction() as tx:
        for clinic_id in (OURS, THEIRS):
            tx.put(WardRow(ward_id=clinic_id, clinic_id=clinic_id))
            tx.put(BedRow(ward_id=clinic_id, number=1))
    yield database
    await database.close()


@pytest.fixture
def caller():
    """Of one clinic, as long as the test lasts."""

    def call(*roles, clinics=(OURS,)):
        act_as(somebody(*roles, clinics=frozenset(clinics)))

    with sight.nothing():
        yield call


async def clinics(db: Database) -> set[UUID]:
    async with db.transaction() as tx:
        return {row[0] for row in await tx.driver.fetch(_WARDS)}


async def test_the_process_sees_everything_and_a_call_its_clinics(db, caller):
    with sight.everything():
        assert await clinics(db) == {OURS, THEIRS}
    caller()
    assert await clinics(db) == {OURS}
    assert [row[0] for row in await db.fetch(_WARDS)] == [OURS]
    assert (await db.look(WardRow, [OURS, THEIRS])).keys() == {OURS}
    async with db.read() as tx:
        assert [row[0] for row in await tx.driver.fetch(_WARDS)] == [OURS]
    caller(clinics=[OURS, THEIRS])
    assert await clinics(db) == {OURS, THEIRS}


async def test_what_is_seen_ends_with_the_transaction(db, caller):
    caller()
    assert await clinics(db) == {OURS}
    with sight.everything():
        assert len(await db.fetch(_WARDS)) == 2


async def test_a_child_is_seen_with_its_parent(db, caller):
    caller()
    assert [row[0] for row in await db.fetch("SELECT ward_id FROM bed")] == [OURS]


async def test_nothing_is_changed_out_of_sight(db, caller):
    caller()
    for change in ("UPDATE ward SET clinic_id = clinic_id", "DELETE FROM bed"):
        assert len(await db.fetch(f"{change} RETURNING *")) == 1
    for sql in (_ADD, "UPDATE ward SET ward_id = $1, clinic_id = $2"):
        with pytest.raises(DatabaseFault, match=_REFUSED):
            await db.fetch(sql, uuid4(), THEIRS)


async def test_nobody_sees_nothing(db, caller):
    assert await clinics(db) == set()
    assert not await db.fetch("SELECT * FROM bed")
    with pytest.raises(DatabaseFault, match=_REFUSED):
        await db.fetch(_ADD, uuid4(), OURS)


async def test_a_line_that_never_said_what_it_sees_has_no_row(db, rows_url):
    line = await asyncpg.connect(rows_url)
    try:
        assert not await line.fetch("SELECT FROM ward UNION ALL SELECT FROM bed")
        for sql, more in ((_ADD, (OURS,)), ("INSERT INTO bed VALUES ($1, 2)", ())):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await line.execute(sql, OURS, *more)
    finally:
        await line.close()


async def test_the_owner_is_held_to_it_too(db, servers, toy_url):
    line = await asyncpg.connect(toy_url)
    try:
        await line.execute("CREATE ROLE landlord; GRANT CREATE ON SCHEMA public TO landlord")
        await line.execute("ALTER TABLE ward OWNER TO landlord; SET ROLE landlord")
        assert not await line.fetch(_WARDS)
        await line.execute("RESET ROLE; ALTER TABLE ward NO FORCE ROW LEVEL SECURITY")
        await line.execute("SET ROLE landlord")
        assert len(await line.fetch(_WARDS)) == 2
    finally:
        await line.execute("RESET ROLE; ALTER TABLE ward OWNER TO postgres")
        await line.execute("DROP OWNED BY landlord; DROP ROLE landlord")
        await line.close()


async def test_words_that_are_no_words_open_nothing(db, caller):
    for word in ("'", "*", "x,y", "", "A B"):
        sight.narrow(frozenset({word}))
        assert sight.opening("BEGIN") == "BEGIN; SET LOCAL halcyon.sees = ''"


async def test_a_referrer_sees_by_number_and_nobody_else_does(caller):
    act_as(somebody("referrer", clinics=frozenset(), npi="1234567893"))
    assert "'1234567893,referrer'" in sight.opening("BEGIN")
    act_as(somebody("nurse", clinics=frozenset(), npi="1234567893"))
    assert "'nurse'" in sight.opening("BEGIN")
