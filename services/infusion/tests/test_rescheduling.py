"""New times of single sessions: the newest word holds, late, twice and out of order."""

import random
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeAlias
from uuid import UUID

import pytest
from google.protobuf.message import Message
from hypothesis import given, settings
from hypothesis import strategies as st

from chassis.testing import House
from halcyon.infusion.v1 import infusion_pb2 as nouns
from halcyon.scheduling.events.v1.scheduling_events_pb2 import (
    BookingCancelled,
    SeriesConfirmed,
    SeriesReleased,
    SeriesRescheduled,
)
from services.infusion import domain, wire
from services.infusion.domain.status import Move, Status
from services.infusion.tests import examples as eg
from services.infusion.tests.examples import NOON
from services.infusion.tests.ward import Ward

Expected: TypeAlias = dict[int, tuple[datetime, UUID]]
_COUNT = 4
LATER = NOON + timedelta(days=60)

# --- any history, in any order ------------------------------------------------------------------

steps = st.lists(
    st.one_of(
        st.tuples(st.just("moved"), st.integers(1, _COUNT), st.integers(0, 90)),
        st.tuples(st.just("moved from"), st.integers(1, _COUNT), st.integers(0, 90)),
        st.tuples(st.just("called off"), st.integers(1, _COUNT), st.just(0)),
        st.tuples(st.just("transferred"), st.integers(1, _COUNT), st.integers(0, 90)),
        st.tuples(st.just("released"), st.just(0), st.just(0)),
        st.tuples(st.just("confirmed"), st.just(0), st.integers(0, 90)),
    ),
    max_size=8,
)


def facts_of(case: eg.Case, history: Sequence[tuple[str, int, int]]) -> list[Message]:
    """What scheduling states of a series, its revisions rising without a gap."""
    told: list[Message] = [case.confirmed(1, NOON, range(1, _COUNT + 1))]
    for revision, (step, number, days) in enumerate(history, 2):
        start = NOON + timedelta(days=days)
        rest = {one: start + timedelta(days=one) for one in range(number, _COUNT + 1)}
        match step:
            case "moved":
                told.append(case.rescheduled(revision, {number: start}))
            case "moved from":
                told.append(case.rescheduled(revision, rest))
            case "transferred":
                told.append(case.rescheduled(revision, rest, eg.CHICAGO))
            case "called off":
                told.append(case.called_off(revision, number))
            case "released":
                told.append(case.released(revision))
            case _:
                told.append(case.confirmed(revision, start, range(1, _COUNT + 1)))
    return told


def hear(facts: Sequence[Message]) -> domain.Programme | None:
    programme: domain.Programme | None = None
    for fact in facts:
        if isinstance(fact, SeriesConfirmed):
            programme, _ = domain.plan(programme, wire.booking(fact), NOON)
        elif isinstance(fact, SeriesReleased):
            programme = domain.release(programme, wire.released(fact))
        elif isinstance(fact, SeriesRescheduled):
            programme, _ = domain.reschedule(programme, wire.rescheduled(fact), NOON)
        elif isinstance(fact, BookingCancelled):
            programme, _ = domain.reschedule(programme, wire.lapsed(fact), NOON)
    return programme


def expected(programme: domain.Programme | None) -> Expected:
    sessions = programme.sessions if programme else ()
    return {
        one.number: (one.planned_start_time, one.clinic_id)
        for one in sessions
        if one.status is Status.PLANNED
    }


def as_told(facts: Sequence[Message]) -> Expected:
    """A second account, in the order of the revisions."""
    found: Expected = {}
    booked = False
    for fact in facts:
        if isinstance(fact, SeriesConfirmed):
            booked, found = True, _times(fact)
        elif isinstance(fact, SeriesReleased):
            booked, found = False, {}
        elif booked and isinstance(fact, SeriesRescheduled):
            found |= _times(fact)
        elif booked and isinstance(fact, BookingCancelled):
            found.pop(fact.session.number, None)
    return found


def _times(fact: SeriesConfirmed | SeriesRescheduled) -> Expected:
    clinic = UUID(fact.clinic_id)
    return {one.number: (one.start_time.ToDatetime(UTC), clinic) for one in fact.sessions}


@settings(max_examples=300, deadline=None)
@given(steps, st.randoms(use_true_random=False))
def test_any_history_in_any_order_and_told_twice_ends_the_same(
    history: list[tuple[str, int, int]], chance: random.Random
) -> None:
    facts = facts_of(eg.Case(), history)
    told = facts + chance.sample(facts, chance.randint(0, len(facts)))
    chance.shuffle(told)
    assert expected(hear(told)) == as_told(facts)


@settings(max_examples=100, deadline=None)
@given(steps)
def test_what_has_begun_keeps_its_time_and_its_state(history: list[tuple[str, int, int]]) -> None:
    case = eg.Case()
    before = hear(facts_of(case, ()))
    assert before
    begun = tuple(one.after(Move.ARRIVE) if one.number == 1 else one for one in before.sessions)
    programme = domain.Programme(before.course, begun, before.words)
    for fact in facts_of(case, history)[1:]:
        if isinstance(fact, SeriesRescheduled):
            programme, _ = domain.reschedule(programme, wire.rescheduled(fact), NOON)
    assert programme.sessions[0] == begun[0]


# --- on the database -----------------------------------------------------------------------------


async def times(ward: Ward, case: eg.Case) -> Mapping[int, tuple[datetime, str]]:
    listed = await ward.list(series_id=str(case.series_id), status=nouns.SESSION_STATUS_PLANNED)
    return {
        one.number: (one.planned_start_time.ToDatetime(UTC), one.clinic_id)
        for one in listed.sessions
    }


async def test_sessions_take_over_their_new_times(house: House) -> None:
    ward, case = Ward(house), eg.Case()
    await house.given(case.confirmed(2))
    await house.stated()
    await house.given(case.rescheduled(3, {8: LATER}))
    (planned,) = await house.stated()
    assert planned.revision == 2
    assert planned.sessions[7].planned_start_time == eg.stamp(LATER)
    assert (await times(ward, case))[8] == (LATER, str(eg.BOSTON))
    await house.given(case.rescheduled(3, {8: LATER}))
    assert await house.stated() == []


async def test_a_later_word_heard_first_does_not_silence_an_earlier_one(house: House) -> None:
    ward, case = Ward(house), eg.Case()
    await house.given(case.confirmed(2))
    await house.given(case.rescheduled(4, {7: LATER}))
    await house.given(case.rescheduled(3, {6: LATER - timedelta(days=2), 7: NOON}))
    found = await times(ward, case)
    assert (found[6][0], found[7][0]) == (LATER - timedelta(days=2), LATER)


@pytest.mark.parametrize("together", [True, False])
async def test_a_word_heard_before_its_series_waits_for_it(house: House, together: bool) -> None:
    ward, case = Ward(house), eg.Case()
    news: list[Message] = [case.rescheduled(3, {2: LATER}), case.confirmed(2)]
    if together:
        await house.given(*news)
    else:
        await house.given(news[0])
        assert (await ward.list()).sessions == []
        assert await house.stated() == []
        await house.given(news[1])
    found = await times(ward, case)
    assert found[2][0] == LATER
    assert len(found) == 8


async def test_a_session_called_off_is_not_expected_until_it_has_another_time(
    house: House,
) -> None:
    ward, case = Ward(house), eg.Case()
    await house.given(case.confirmed(2), case.called_off(3, 5))
    assert set(await times(ward, case)) == {1, 2, 3, 4, 6, 7, 8}
    await house.given(case.rescheduled(4, {5: LATER}))
    assert (await times(ward, case))[5][0] == LATER


async def test_a_missed_session_may_come_later_under_its_own_number(house: House) -> None:
    ward = Ward(house)
    case = await ward.expect()
    session_id = case.session_id(1)
    await ward.miss(session_id)
    await house.given(case.rescheduled(3, {1: LATER}))
    assert (await ward.get(session_id)).status == nouns.SESSION_STATUS_PLANNED
    await ward.running(session_id)


async def test_a_series_that_moves_house_is_the_other_clinics(house: House) -> None:
    ward = Ward(house)
    case = await ward.expect()
    await ward.running(case.session_id(1))
    await ward.stop(case.session_id(1))
    await house.stated()
    rest = {number: LATER + timedelta(days=number) for number in range(1, 9)}
    await house.given(case.rescheduled(3, rest, eg.CHICAGO))
    (planned,) = await house.stated()
    assert planned.clinic_id == str(eg.CHICAGO)
    assert (await ward.get(case.session_id(1))).clinic_id == str(eg.BOSTON)
    assert {clinic for _, clinic in (await times_there(house, case)).values()} == {str(eg.CHICAGO)}


async def times_there(house: House, case: eg.Case) -> Mapping[int, tuple[datetime, str]]:
    rows = await house.db.fetch(
        "SELECT number, planned_start_time, clinic_id::text FROM session WHERE status = 'planned'"
    )
    return {row[0]: (row[1], row[2]) for row in rows}
