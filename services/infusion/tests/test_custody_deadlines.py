"""What nobody did in time is told: a witness that did not come, an inventory that was not taken."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.testing import House
from halcyon.infusion.v1 import custody_counts_pb2 as counts
from halcyon.infusion.v1 import custody_pb2 as nouns
from services.infusion.domain import custody
from services.infusion.store.custody import INVENTORY, WITNESS
from services.infusion.tests import custody_examples as ce
from services.infusion.tests import examples as eg
from services.infusion.tests.custody_examples import Cabinet

_DUE = "SELECT due_at FROM due WHERE name = $1"
_WHO = "SELECT entity_id FROM due WHERE name = $1"


@pytest.fixture
async def cabinet(house: House) -> Cabinet:
    return Cabinet(house)


async def due(house: House, name: str) -> list[datetime]:
    return [row[0] for row in await house.db.fetch(_DUE, name)]


async def let_come(house: House, name: str) -> list[str]:
    """Time passes up to a deadline, and it comes; what it states."""
    ((at,),) = await house.db.fetch(_DUE, name)
    ((who,),) = await house.db.fetch(_WHO, name)
    house.db.travel(at - house.db.clock())
    await house.stated()
    await house.db.fetch("DELETE FROM due WHERE name = $1", name)
    await house.meet(name, who)
    return [type(fact).__name__ for fact in await house.stated()]


async def test_a_disposal_without_a_witness_is_told_once(cabinet: Cabinet) -> None:
    house = cabinet.house
    await cabinet.open()
    (vial,) = await cabinet.receive("A-1")
    disposal = await cabinet.dispose(vial.container_id, 15)
    (at,) = await due(house, WITNESS)
    within = timedelta(minutes=ce.RULES.witness_minutes)
    assert abs(at - house.db.clock() - within) < timedelta(seconds=30)
    assert await let_come(house, WITNESS) == ["CustodyDisposalUnwitnessed"]
    assert await due(house, WITNESS) == []
    await house.meet(WITNESS, UUID(disposal.disposal_id))
    assert await house.stated() == []
    (waiting,) = (await cabinet.get(vial.container_id)).pending_disposals
    assert waiting.status == nouns.DISPOSAL_STATUS_PENDING
    assert waiting.HasField("escalate_time")
    await cabinet.witness(disposal.disposal_id)


@pytest.mark.parametrize("end", ["witness", "cancel"])
async def test_what_is_settled_in_time_is_not_told(cabinet: Cabinet, end: str) -> None:
    await cabinet.open()
    (vial,) = await cabinet.receive("A-1")
    disposal = await cabinet.dispose(vial.container_id, 15)
    await getattr(cabinet, end)(disposal.disposal_id)
    assert await due(cabinet.house, WITNESS) == []
    await cabinet.house.stated()
    await cabinet.house.meet(WITNESS, UUID(disposal.disposal_id))
    assert await cabinet.house.stated() == []


async def test_a_place_takes_its_first_inventory_on_its_first_day(cabinet: Cabinet) -> None:
    house = cabinet.house
    await cabinet.open()
    assert await let_come_at_once(house) == ["CustodyInventoryDue"]
    assert await let_come(house, INVENTORY) == ["CustodyInventoryOverdue"]
    assert await due(house, INVENTORY) == []


async def let_come_at_once(house: House) -> list[str]:
    """The first inventory is due on the day itself, so its warning is due already."""
    ((who,),) = await house.db.fetch(_WHO, INVENTORY)
    assert (await due(house, INVENTORY))[0] <= house.db.clock()
    await house.stated()
    await house.meet(INVENTORY, who)
    return [type(fact).__name__ for fact in await house.stated()]


async def test_after_an_inventory_the_next_comes_in_two_years(cabinet: Cabinet) -> None:
    house = cabinet.house
    await cabinet.open()
    (vial,) = await cabinet.receive("A-1")
    await cabinet.count({vial.container_id: 500}, scope=counts.COUNT_SCOPE_INVENTORY)
    zone = ZoneInfo("America/New_York")
    day = house.db.clock().astimezone(zone).date()
    following = custody.next_inventory(ce.RULES, day)
    (warned,) = await due(house, INVENTORY)
    assert warned.astimezone(zone).date() == following - timedelta(days=30)
    assert await let_come(house, INVENTORY) == ["CustodyInventoryDue"]
    assert await let_come(house, INVENTORY) == ["CustodyInventoryOverdue"]
    await cabinet.count({vial.container_id: 500}, scope=counts.COUNT_SCOPE_INVENTORY)
    assert (await due(house, INVENTORY))[0] > house.db.clock() + timedelta(days=600)


async def test_a_clinic_sees_by_when_it_must_be_counted(cabinet: Cabinet) -> None:
    house = cabinet.house
    await cabinet.open()
    await cabinet.open(ce.OTHER_DEA, eg.CHICAGO, "America/Chicago")
    today = house.db.clock().astimezone(ZoneInfo("America/New_York")).date()
    (first,) = (await cabinet.deadlines()).deadlines
    assert (first.dea_number, first.stage) == (ce.DEA, counts.INVENTORY_STAGE_AHEAD)
    assert day_of(first) == today
    ((who,),) = await house.db.fetch(
        "SELECT stocktaking_id FROM custody_stocktaking WHERE dea_number = $1", ce.DEA
    )
    await house.meet(INVENTORY, who)
    assert (await cabinet.deadlines()).deadlines[0].stage == counts.INVENTORY_STAGE_DUE
    (vial,) = await cabinet.receive("A-1")
    await cabinet.count({vial.container_id: 500}, scope=counts.COUNT_SCOPE_INVENTORY)
    (after,) = (await cabinet.deadlines()).deadlines
    assert after.stage == counts.INVENTORY_STAGE_AHEAD
    assert day_of(after) == custody.next_inventory(ce.RULES, today)
    assert not (await cabinet.deadlines(clinic_id=str(eg.CHICAGO))).deadlines
    page = await cabinet.deadlines(ce.NETWORK, page_size=1)
    assert [one.dea_number for one in page.deadlines] == [ce.OTHER_DEA]
    rest = await cabinet.deadlines(ce.NETWORK, page_size=1, page_token=page.next_page_token)
    assert [one.dea_number for one in rest.deadlines] == [ce.DEA]
    assert not rest.next_page_token


def day_of(found: counts.InventoryDeadline) -> date:
    return date(found.due_date.year, found.due_date.month, found.due_date.day)


async def test_a_spot_count_is_no_inventory(cabinet: Cabinet) -> None:
    await cabinet.open()
    (vial,) = await cabinet.receive("A-1")
    before = await due(cabinet.house, INVENTORY)
    await cabinet.count({vial.container_id: 500})
    assert await due(cabinet.house, INVENTORY) == before


moves = st.lists(st.one_of(st.integers(1, 900), st.just(0)), max_size=12)


@given(moves)
def test_each_inventory_is_told_of_twice_at_most_and_never_after_it_was_taken(
    steps: Sequence[int],
) -> None:
    """Days pass, and now and then one is taken; the deadlines come when they are due."""
    place = replace(ce.BOSTON, open_date=date(2026, 1, 5))
    now = ce.NOON
    known, told = custody.first(place, now), list[str]()
    for days in steps:
        if days == 0:
            known, told = custody.taken(known, ce.RULES, now), []
        now += timedelta(days=days)
        while (wake := custody.wake_time(known, ce.RULES)) and wake <= now:
            known, events = custody.look(known, ce.RULES, now)
            told += [type(one).__name__ for one in events]
        assert told in ([], ["InventoryDue"], ["InventoryDue", "InventoryOverdue"],
                        ["InventoryOverdue"])  # fmt: skip
        late = now >= known.midnight(known.due_date + timedelta(days=1))
        assert (known.stage is custody.Stage.OVERDUE) == late
