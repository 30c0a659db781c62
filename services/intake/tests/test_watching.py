"""Whoever books is told what bars a patient's bookings, once it is otherwise than before."""

from datetime import UTC, timedelta
from typing import Any
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from chassis.testing import House
from halcyon.intake.events.v1.intake_events_pb2 import PlanApproved, SafetyReviewed
from halcyon.intake.v1 import scale_pb2 as rpc
from services.intake import domain
from services.intake.domain.record import Given, Record, barriers
from services.intake.domain.rules import Severity
from services.intake.domain.scores import Origin, Score
from services.intake.domain.scoring import Rating
from services.intake.tests import examples as eg
from services.intake.tests.examples import NOON
from services.intake.tests.practice import BOSTON_DOCTOR, Practice


async def treated(practice: Practice) -> tuple[Any, str]:
    """A planned patient after the first infusion."""
    routed = eg.routed()
    await practice.house.given(routed)
    intake_id = str(eg.intake_id(routed))
    await practice.assess(intake_id)
    await practice.approve(intake_id, rationale="why")
    return routed, intake_id


async def record(practice: Practice, intake_id: str, scale: str, *answers: int) -> None:
    told = [rpc.ItemAnswer(item=n, value=value) for n, value in enumerate(answers, 1)]
    request = rpc.RecordScaleRequest(
        intake_id=intake_id, scale=scale, answers=told, request_id=str(uuid4())
    )
    await practice.house.call(practice.api.RecordScale, request, BOSTON_DOCTOR)


async def reviews(house: House) -> list[SafetyReviewed]:
    return [one for one in await house.stated() if isinstance(one, SafetyReviewed)]


def rules(review: SafetyReviewed) -> list[str]:
    return [one.rule_id for one in review.barriers]


async def test_a_plan_tells_its_limits(house: House) -> None:
    await treated(Practice(house))
    (plan,) = [one for one in await house.stated() if isinstance(one, PlanApproved)]
    told = [(one.rule_id, one.days, one.at_most) for one in plan.session_limits]
    assert told == [(one.rule_id, one.days, one.at_most) for one in eg.PACK.limits]


async def test_the_first_infusion_makes_questionnaires_due_and_each_answer_lifts_one(
    house: House,
) -> None:
    practice = Practice(house)
    routed, intake_id = await treated(practice)
    assert await reviews(house) == []
    await house.given(eg.completed(routed, 1))
    (first,) = await reviews(house)
    assert rules(first) == ["bladder-screen-due", "dependence-flags-due"]
    await house.given(eg.completed(routed, 2), eg.completed(routed, 1))
    assert await reviews(house) == []
    await record(practice, intake_id, "bladder", 0, 0, 0)
    (second,) = await reviews(house)
    due, flags = second.barriers
    assert due.begin_time.ToDatetime(UTC) > house.db.clock() + timedelta(days=29)
    assert flags == first.barriers[1]
    assert second.revision > first.revision
    assert second.review_time.ToDatetime(UTC) > first.review_time.ToDatetime(UTC)


async def test_signs_of_dependence_bar_at_once_and_before_any_infusion(house: House) -> None:
    practice = Practice(house)
    _, intake_id = await treated(practice)
    await house.stated()
    await record(practice, intake_id, "dependence", 0, 0, 0, 0, 1, 0)
    (review,) = await reviews(house)
    assert rules(review) == ["dependence-flags"]
    await record(practice, intake_id, "dependence", 0, 0, 0, 0, 0, 0)
    (lifted,) = await reviews(house)
    assert rules(lifted) == []


async def test_an_answer_that_changes_nothing_says_nothing(house: House) -> None:
    practice = Practice(house)
    _, intake_id = await treated(practice)
    await house.stated()
    await record(practice, intake_id, "bladder", 0, 0, 0)
    await record(practice, intake_id, "gad7", 1, 1, 1, 1, 1, 1, 1)
    assert await reviews(house) == []


SCREENS = [
    ("bladder", "none"),
    ("bladder", "refer"),
    ("dependence", "none"),
    ("dependence", "stop"),
]


@given(
    st.lists(st.tuples(st.sampled_from(SCREENS), st.integers(0, 200)), max_size=4),
    st.none() | st.integers(0, 200),
    st.integers(0, 200),
)
def test_what_bars_is_what_is_absolute_at_that_moment(
    screens: list[tuple[tuple[str, str], int]], treated_after: int | None, hours_later: int
) -> None:
    scores = tuple(_score(*screen, after) for screen, after in screens)
    given_ = () if treated_after is None else (_given(treated_after),)
    record, now = Record(given_, scores), NOON + timedelta(hours=200 + 5 * hours_later, seconds=1)
    absolute = {
        one.rule_id
        for one in domain.cautions(eg.PACK, record, (), now)
        if one.severity is Severity.ABSOLUTE
    }
    assert {one.rule_id for one in barriers(eg.PACK, record) if one.begin_time < now} == absolute


def _score(scale: str, band: str, after: int) -> Score:
    moment = NOON + timedelta(hours=after)
    told = eg.BOSTON, eg.BOSTON, eg.BOSTON, eg.BOSTON, scale, Rating(None, band)
    return Score(*told, Origin.RECORDED, moment, eg.PACK.label)


def _given(after: int) -> Given:
    begun = NOON + timedelta(hours=after)
    return Given(eg.BOSTON, eg.BOSTON, eg.BOSTON, eg.BOSTON, begun, 35000)
