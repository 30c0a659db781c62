"""What infusion does when others speak, on a real database."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import permutations
from typing import Any
from uuid import uuid5

import pytest
from google.protobuf.json_format import Parse
from google.protobuf.message import Message

from chassis.refusal import Reject
from chassis.testing import House
from halcyon.intake.events.v1.intake_events_pb2 import (
    DoseAdjusted,
    PlanApproved,
    PlanPaused,
    PlanResumed,
    PlanStopped,
    SuicideRiskScreened,
)
from halcyon.scheduling.events.v1.scheduling_events_pb2 import (
    BookingCancelled,
    BookingMissed,
    ClinicUpdated,
    SeriesConfirmed,
    SeriesReleased,
    SeriesRescheduled,
)
from services.infusion import domain, handlers, store
from services.infusion.tests import examples as eg
from tools.examples import example

_SESSIONS = "SELECT status, count(*) FROM session GROUP BY status"


async def statuses(house: House) -> dict[str, int]:
    return {row[0]: row[1] for row in await house.db.fetch(_SESSIONS)}


async def standings(house: House) -> list[tuple[Any, ...]]:
    rows = await house.db.fetch("SELECT plan_id, revision, standing FROM plan_standing")
    return [tuple(row) for row in rows]


async def dose_in_force(house: House, case: eg.Case) -> int:
    async with house.db.read() as tx:
        order = await store.order_in_force(tx, case.plan_id)
    assert order
    return order.dose_micrograms


async def test_a_confirmed_series_states_its_sessions_once(house: House) -> None:
    case = eg.Case()
    await house.given(case.confirmed())
    (planned,) = await house.stated()
    assert planned.course_id == str(uuid5(case.series_id, "course"))
    assert (planned.revision, planned.series_id) == (1, str(case.series_id))
    assert [session.session_id for session in planned.sessions] == [
        case.session_id(number) for number in range(1, 9)
    ]
    assert planned.sessions[0].planned_start_time == case.confirmed().sessions[0].start_time
    await house.given(case.confirmed(), case.confirmed())
    assert await house.stated() == []
    assert await statuses(house) == {"planned": 8}


async def test_new_times_are_stated_again(house: House) -> None:
    case, later = eg.Case(), eg.NOON + timedelta(days=30)
    await house.given(case.confirmed(), case.confirmed(4, later))
    first, second = await house.stated()
    assert (first.revision, second.revision) == (1, 2)
    moved = "SELECT count(*) FROM session WHERE planned_start_time > $1"
    assert await house.count(moved, later) == 8


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_the_last_word_about_a_series_wins(
    house: House, order: Sequence[int], together: bool
) -> None:
    case = eg.Case()
    told: list[Message] = [case.confirmed(2), case.released(3), case.confirmed(3 + 2)]
    told = [told[index] for index in order]
    if together:
        await house.given(*told)
    else:
        for fact in told:
            await house.given(fact)
    assert await statuses(house) == {"planned": 8}
    await house.given(case.released(6))
    assert await statuses(house) == {"cancelled": 8}


@pytest.mark.parametrize("together", [True, False])
async def test_a_release_heard_first_keeps_its_sessions_from_being_planned(
    house: House, together: bool
) -> None:
    case = eg.Case()
    news: list[Message] = [case.released(3), case.confirmed(2)]
    if together:
        await house.given(*news)
    else:
        await house.given(news[0])
        await house.given(news[1])
    assert await statuses(house) == {}
    assert await house.stated() == []


async def test_the_highest_dose_order_is_in_force(house: House) -> None:
    case = eg.Case()
    for news in (case.adjusted(3, 40000), case.adjusted(2, 42000), case.approved()):
        await house.given(news, news)
        assert await dose_in_force(house, case) == 40000
    await house.given(case.adjusted(3, 40000))
    assert await house.count("SELECT count(*) FROM dose_order") == 3


async def test_a_hold_heard_before_its_plan_keeps_the_order(house: House) -> None:
    case = eg.Case()
    await house.given(case.adjusted(1, 35000), case.approved())
    assert await dose_in_force(house, case) == 35000
    assert await house.count("SELECT count(*) FROM dose_order") == 1


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_the_last_word_about_a_plan_wins(
    house: House, order: Sequence[int], together: bool
) -> None:
    case = eg.Case()
    told: list[Message] = [case.paused(3), case.resumed(4), case.paused(7)]
    told = [told[index] for index in order]
    for facts in [told] if together else [[fact] for fact in told]:
        await house.given(*facts)
    assert await standings(house) == [(case.plan_id, 7, "paused")]
    await house.given(case.resumed(7), case.resumed(6))
    assert await standings(house) == [(case.plan_id, 7, "paused")]
    await house.given(case.stopped(8))
    assert await standings(house) == [(case.plan_id, 8, "stopped")]
    assert await house.stated() == []


async def test_a_plan_of_which_nothing_was_said_has_no_row(house: House) -> None:
    case = eg.Case()
    await house.given(case.approved(), case.confirmed())
    assert await standings(house) == []
    async with house.db.read() as tx:
        assert await store.standing(tx, case.plan_id) is domain.Standing.ACTIVE


async def test_a_series_without_sessions_is_parked(house: House) -> None:
    with pytest.raises(Reject):
        await house.given(eg.Case().confirmed(numbers=()))


async def test_a_batch_costs_a_fixed_number_of_queries(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = await _queries(house, monkeypatch, [eg.Case() for _ in range(2)])
    many = await _queries(house, monkeypatch, [eg.Case() for _ in range(40)])
    assert few == many == [1, 1, 1, 3, 1]


async def _queries(
    house: House, monkeypatch: pytest.MonkeyPatch, cases: list[eg.Case]
) -> list[int]:
    """How many row-bringing statements such a batch takes; the handlers ask for none."""
    batches: Any = (
        [case.approved() for case in cases],
        [case.adjusted(2, 42000) for case in cases],
        [case.confirmed() for case in cases],
        [case.released() for case in cases],
        [case.paused() for case in cases],
    )
    counts = []
    for told in batches:
        async with house.db.transaction() as tx:
            asked: list[str] = []
            for name in ("fetch", "fetchrow"):
                _count(monkeypatch, tx.driver, name, asked)
            subscription = handlers.on[told[0].DESCRIPTOR.full_name]
            assert subscription.prefetch
            await subscription.prefetch(told, tx)
            before = len(asked)
            for fact in told:
                await subscription.handle(fact, tx)
            assert len(asked) == before
            monkeypatch.undo()
        counts.append(before)
    return counts


def _count(monkeypatch: pytest.MonkeyPatch, driver: object, name: str, asked: list[str]) -> None:
    real = getattr(type(driver), name)

    async def counted(self: object, *arguments: object, **options: object) -> object:
        asked.append(str(arguments[0]))
        return await real(self, *arguments, **options)

    monkeypatch.setattr(type(driver), name, counted)


async def test_the_golden_facts_are_heard(house: House) -> None:
    confirmed = Parse(example("SeriesConfirmed"), SeriesConfirmed())
    released = Parse(example("SeriesReleased"), SeriesReleased())
    released.revision = confirmed.revision + 1
    await house.given(Parse(example("PlanApproved"), PlanApproved()))
    await house.given(Parse(example("DoseAdjusted"), DoseAdjusted()))
    for fact in (
        PlanPaused(),
        PlanResumed(),
        PlanStopped(),
        SuicideRiskScreened(),
        SeriesRescheduled(),
    ):
        await house.given(Parse(example(fact.DESCRIPTOR.name), fact))
    await house.given(Parse(example("ClinicUpdated"), ClinicUpdated()))
    for lapse in (BookingMissed(), BookingCancelled()):
        await house.given(Parse(example(lapse.DESCRIPTOR.name), lapse))
    await house.given(confirmed)
    assert await statuses(house) == {"planned": 2}
    await house.given(released)
    assert len(await house.stated()) == 1
