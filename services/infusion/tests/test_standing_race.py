"""A start and a word of intake about its plan, in the same instant: one of them comes first."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from chassis.mishaps import Conflict
from chassis.refusal import NotAllowed
from chassis.testing import House, eventually
from halcyon.infusion.v1 import infusion_pb2 as nouns
from halcyon.intake.events.v1.intake_events_pb2 import PlanPaused, PlanStopped
from services.infusion import handlers
from services.infusion.tests import examples as eg
from services.infusion.tests.ward import Ward

_WAITING = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock'
"""
_STANDING = "SELECT standing FROM plan_standing"


@asynccontextmanager
async def hearing(house: House, fact: PlanPaused | PlanStopped) -> AsyncIterator[None]:
    """The fact is handled and written, and not yet committed while the block runs."""
    async with house.db.transaction() as tx:
        await handlers.on[fact.DESCRIPTOR.full_name].handle(fact, tx)
        await tx.flush()
        yield


async def somebody_waits(house: House) -> None:
    async def waits() -> bool:
        return await house.count(_WAITING) > 0

    await eventually(waits)


@pytest.mark.parametrize("word", ["paused", "stopped"])
async def test_a_start_waits_for_a_word_that_is_just_being_heard(house: House, word: str) -> None:
    ward = Ward(house)
    case = await ward.expect()
    await ward.ready(case.session_id(1))
    async with hearing(house, getattr(case, word)()):
        start = asyncio.create_task(ward.start(case.session_id(1)))
        await somebody_waits(house)
    with pytest.raises(NotAllowed) as refused:
        await start
    assert set(refused.value.metadata) == {f"plan_{word}"}
    assert await house.stated() == []


async def test_a_word_heard_during_a_start_is_heard_again_after_it(house: House) -> None:
    ward = Ward(house)
    case = await ward.expect()
    await ward.ready(case.session_id(1))
    async with house.db.transaction() as tx:
        await tx.driver.execute("INSERT INTO plan_standing VALUES ($1, 0, 'active')", case.plan_id)
        word = asyncio.create_task(house.given(case.paused()))
        await somebody_waits(house)
    with pytest.raises(Conflict):
        await word
    await house.given(case.paused())
    assert [row[0] for row in await house.db.fetch(_STANDING)] == ["paused"]


async def test_starts_and_pauses_together_never_start_a_paused_plan(house: House) -> None:
    ward = Ward(house)
    cases = [await ward.expect() for _ in range(8)]
    for case in cases:
        await ward.ready(case.session_id(1))
    told = [race(ward, case) for case in cases]
    assert all(await asyncio.gather(*told))


async def race(ward: Ward, case: eg.Case) -> bool:
    """Whoever came first, a started session was started while its plan was active."""
    start = ward.start(case.session_id(1))
    outcome, _ = await asyncio.gather(start, heard(ward.house, case), return_exceptions=True)
    status = (await ward.get(case.session_id(1))).status
    refused = isinstance(outcome, NotAllowed) and "plan_paused" in outcome.metadata
    started = status == nouns.SESSION_STATUS_INFUSING
    return refused != started


async def heard(house: House, case: eg.Case) -> None:
    """As the consumer does: a conflict is tried again."""
    try:
        await house.given(case.paused())
    except Conflict:
        await house.given(case.paused())
