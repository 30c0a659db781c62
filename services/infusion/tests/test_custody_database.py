"""The database itself refuses to forget, to go below zero, and to lose its thread."""

import asyncio
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest

from chassis.mishaps import DatabaseFault
from chassis.refusal import NotAllowed
from chassis.testing import House
from services.infusion.tests.custody_examples import Cabinet

_ADD = """
INSERT INTO custody_entry (container_id, number, entry_id, cause_id, kind, change, balance,
    session_id, counterparty, reference, recorder, witness, occur_time, record_time, reversed_id)
VALUES ($1, $2, gen_random_uuid(), gen_random_uuid(), $3, $4, $5, $6, '', '', 'nina', $7,
    now(), now(), $8)
"""
_BROKEN = """
SELECT count(*) FROM (
    SELECT balance, sum(change) OVER (PARTITION BY container_id ORDER BY number) AS summed,
        number, row_number() OVER (PARTITION BY container_id ORDER BY number) AS place
    FROM custody_entry) AS line
WHERE balance <> summed OR balance < 0 OR number <> place
"""


@pytest.fixture
async def cabinet(house: House) -> Cabinet:
    made = Cabinet(house)
    await made.open()
    return made


@pytest.fixture
async def vial(cabinet: Cabinet) -> UUID:
    """500 mg, of which 40 mg were wasted."""
    (made,) = await cabinet.receive("A-1")
    await cabinet.waste(made.container_id, 40)
    await cabinet.count({made.container_id: 460})
    return UUID(made.container_id)


async def add(cabinet: Cabinet, vial: UUID, **changes: Any) -> None:
    told: dict[str, Any] = {"number": 3, "kind": "wasted", "change": -10, "balance": 450} | changes
    await cabinet.house.db.fetch(
        _ADD,
        vial,
        told["number"],
        told["kind"],
        Decimal(told["change"]),
        Decimal(told["balance"]),
        told.get("session_id"),
        told.get("witness", "noah"),
        told.get("reversed_id"),
    )


@pytest.mark.parametrize("name", ["registration", "container", "entry", "count", "count_line"])
@pytest.mark.parametrize(
    "change", ["UPDATE {} SET {} = {}", "DELETE FROM {}", "TRUNCATE {} CASCADE"]
)
async def test_what_is_written_stays(cabinet: Cabinet, vial: UUID, name: str, change: str) -> None:
    table = f"custody_{name}"
    column = "count_id" if name.startswith("count") else "dea_number"
    column = "container_id" if name == "entry" else column
    before = await cabinet.house.count(f"SELECT count(*) FROM {table}")
    with pytest.raises(DatabaseFault) as refused:
        await cabinet.house.as_owner(change.format(table, column, column))
    assert refused.value.sqlstate == "23001"
    assert await cabinet.house.count(f"SELECT count(*) FROM {table}") == before > 0


async def test_a_sound_entry_is_taken(cabinet: Cabinet, vial: UUID) -> None:
    await add(cabinet, vial)
    assert await cabinet.house.count(_BROKEN) == 0


@pytest.mark.parametrize(
    ("changes", "constraint"),
    [
        ({"change": -470, "balance": -10}, "custody_not_negative"),
        ({"balance": 460}, "custody_continues"),
        ({"balance": 451}, "custody_continues"),
        ({"number": 4}, "custody_continues"),
        ({"number": 2, "balance": 490}, "custody_entry_pkey"),
        ({"number": 1, "change": -10, "balance": 490}, "custody_starts_empty"),
        ({"change": 10, "balance": 470}, "custody_direction"),
        ({"kind": "received"}, "custody_direction"),
        ({"change": 0, "balance": 460}, "custody_entry_change_check"),
        ({"witness": ""}, "custody_witnessed"),
        ({"witness": "nina"}, "custody_witnessed"),
        ({"kind": "destroyed", "witness": ""}, "custody_witnessed"),
        ({"kind": "administered"}, "custody_session"),
        ({"change": 40, "balance": 500, "reversed_id": uuid4()}, "custody_reverses"),
    ],
)
async def test_an_unsound_entry_is_refused(
    cabinet: Cabinet, vial: UUID, changes: dict[str, Any], constraint: str
) -> None:
    with pytest.raises(DatabaseFault) as refused:
        await add(cabinet, vial, **changes)
    assert refused.value.constraint == constraint


async def test_an_entry_is_reversed_once_and_wholly(cabinet: Cabinet, vial: UUID) -> None:
    sql = "SELECT entry_id FROM custody_entry WHERE kind = 'wasted'"
    ((wasted,),) = await cabinet.house.db.fetch(sql)
    with pytest.raises(DatabaseFault) as refused:
        await add(cabinet, vial, change=39, balance=499, reversed_id=wasted)
    assert refused.value.constraint == "custody_reverses"
    await add(cabinet, vial, change=40, balance=500, reversed_id=wasted)
    await add(cabinet, vial, number=4, change=-40, balance=460)
    with pytest.raises(DatabaseFault) as refused:
        await add(cabinet, vial, number=5, change=40, balance=500, reversed_id=wasted)
    assert refused.value.constraint == "custody_reversed_once"


async def test_a_count_is_of_the_book_as_it_was(cabinet: Cabinet, vial: UUID) -> None:
    ((count_id,),) = await cabinet.house.db.fetch("SELECT count_id FROM custody_count")
    (other,) = await cabinet.receive("A-2")
    sql = "INSERT INTO custody_count_line VALUES ($1, $2, 1, 1, 499, 499)"
    with pytest.raises(DatabaseFault) as refused:
        await cabinet.house.db.fetch(sql, count_id, UUID(other.container_id))
    assert refused.value.constraint == "count_of_the_book"


async def test_many_at_one_vial_never_take_more_than_it_holds(cabinet: Cabinet) -> None:
    (made,) = await cabinet.receive("A-1")
    sessions = [await cabinet.infusing(35000) for _ in range(20)]
    taken = await asyncio.gather(
        *(cabinet.administer(made.container_id, one, 35) for one in sessions),
        *(cabinet.administer(made.container_id, one, 35) for one in sessions),
        return_exceptions=True,
    )
    refused = [one.reason for one in taken if isinstance(one, NotAllowed)]
    assert not [
        one for one in taken if isinstance(one, Exception) and not isinstance(one, NotAllowed)
    ]
    assert len(taken) - len(refused) == 500 // 35
    assert set(refused) <= {"INSUFFICIENT_BALANCE", "DOSE_ABOVE_ORDER"}
    whole = await cabinet.get(made.container_id)
    assert (whole.balance.administered, whole.balance.closing) == ("490", "10")
    assert await cabinet.house.count(_BROKEN) == 0


async def test_writers_past_the_lock_still_meet_the_chain(cabinet: Cabinet, vial: UUID) -> None:
    """Whoever does not wait for the lock: one of the racing entries is taken, no more."""
    taken = await asyncio.gather(
        *(add(cabinet, vial, change=-300, balance=160) for _ in range(8)), return_exceptions=True
    )
    assert [one for one in taken if one is None] == [None]
    assert await cabinet.house.count(_BROKEN) == 0
