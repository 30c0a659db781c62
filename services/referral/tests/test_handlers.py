"""What referral does when others speak, on a real database."""

from collections.abc import Sequence
from uuid import uuid4

import pytest
from google.protobuf.message import Message

from chassis.facts import identity
from chassis.refusal import Reject
from chassis.testing import House
from halcyon.referral.v1 import referral_pb2 as noun
from services.referral import handlers, store, wire
from services.referral.tests import examples as eg
from services.referral.tests.test_api import Desk

_OPEN = "SELECT coalesce(sum(open_series), 0) FROM clinic_load WHERE clinic_id = $1"


@pytest.fixture
async def desk(house: House) -> Desk:
    await house.given(eg.clinic(eg.CHICAGO, series_capacity=2), eg.clinic(eg.BOSTON))
    return Desk(house)


@pytest.fixture
async def referral(desk: Desk) -> noun.Referral:
    made = await desk.create()
    await desk.house.stated()
    return made


@pytest.fixture
def story(referral: noun.Referral) -> eg.Story:
    return eg.Story(referral.referral_id, eg.CHICAGO)


async def heard(desk: Desk, referral: noun.Referral, *facts: Message) -> noun.Referral:
    await desk.house.given(*facts)
    return await desk.get(referral.referral_id)


async def history(desk: Desk, referral: noun.Referral) -> Sequence[tuple[int, str]]:
    rows = await desk.house.db.fetch(
        "SELECT number, cause FROM change ORDER BY number",
    )
    return [(row["number"], row["cause"].rpartition(".")[2]) for row in rows]


async def test_the_ordinary_way_as_one_batch(
    desk: Desk, referral: noun.Referral, story: eg.Story
) -> None:
    after = await heard(desk, referral, *story.until_scheduled())
    assert after.status == noun.REFERRAL_STATUS_SCHEDULED
    assert after.revision == 10
    assert after.update_time.ToDatetime() == story.now.replace(tzinfo=None)
    assert await history(desk, referral) == list(
        enumerate(
            [
                "ReferralReceived",
                "ReferralRouted",
                "IntakeOpened",
                "PlanApproved",
                "SeriesHeld",
                "EstimateIssued",
                "PaymentRequested",
                "PaymentCollected",
                "SeriesConfirmed",
                "SessionPlanned",
            ],
            1,
        )
    )
    assert await desk.house.stated() == []
    assert await desk.house.count(_OPEN, eg.CHICAGO) == 1


async def test_the_last_infusion_completes_the_referral(
    desk: Desk, referral: noun.Referral, story: eg.Story
) -> None:
    await desk.house.given(*story.until_scheduled())
    after = await heard(desk, referral, story.started(), story.infused(1), story.adjusted())
    assert after.status == noun.REFERRAL_STATUS_IN_TREATMENT
    after = await heard(desk, referral, story.infused(8), story.billed())
    assert after.status == noun.REFERRAL_STATUS_COMPLETED
    assert after.revision == 15
    assert await desk.house.count(_OPEN, eg.CHICAGO) == 0
    assert (await desk.create()).status == noun.REFERRAL_STATUS_ROUTED


@pytest.mark.parametrize("kind", wire.NEWS, ids=lambda kind: kind.DESCRIPTOR.name)
async def test_each_fact_is_noted_once(
    desk: Desk, referral: noun.Referral, story: eg.Story, kind: type[Message]
) -> None:
    told = [
        *story.until_scheduled(),
        story.assessed(),
        story.waitlisted(3),
        story.released(4),
        story.failed(5),
        story.refunded(6),
        story.billed(7),
        story.started(),
        story.infused(),
        story.adjusted(),
        story.screened(),
        story.decided(),
        story.revised(),
        story.paused(),
        story.resumed(),
        story.stopped(),
        story.declined(),
        *story.after_the_infusion(),
        *story.at_the_desk(),
    ]
    (fact,) = [one for one in told if type(one) is kind]
    once = await heard(desk, referral, fact)
    assert once.revision == 3
    assert await heard(desk, referral, fact) == once
    assert (await history(desk, referral))[-1] == (3, kind.DESCRIPTOR.name)


async def test_money_that_goes_back_for_a_prepaid_series_closes_nothing(
    desk: Desk, referral: noun.Referral, story: eg.Story
) -> None:
    """A package pays for the series: nothing is collected for it, and the price goes back."""
    told = [story.opened(), story.planned(), story.held(), story.estimated(), story.requested()]
    collected = story.collected(3)
    collected.currency_code, collected.minor_units = "USD", 0
    after = await heard(desk, referral, *told, collected, story.refunded(4))
    assert after.status == noun.REFERRAL_STATUS_AWAITING_PAYMENT
    after = await heard(desk, referral, story.confirmed(), story.expected(), story.refunded(5))
    assert after.status == noun.REFERRAL_STATUS_SCHEDULED
    assert await desk.house.count(_OPEN, eg.CHICAGO) == 1


async def test_a_series_given_up_wholly_wants_a_person(
    desk: Desk, referral: noun.Referral, story: eg.Story
) -> None:
    await desk.house.given(*story.until_scheduled(), story.started(), story.infused(1))
    after = await heard(desk, referral, story.released(3, "sessions_given_up"))
    assert after.status == noun.REFERRAL_STATUS_NEEDS_ATTENTION
    assert await desk.house.count(_OPEN, eg.CHICAGO) == 0


async def test_any_order_ends_the_same(
    desk: Desk, referral: noun.Referral, story: eg.Story
) -> None:
    told = story.until_scheduled()
    for fact in reversed(told):
        after = await heard(desk, referral, fact)
    assert after.status == noun.REFERRAL_STATUS_SCHEDULED
    assert await desk.house.count(_OPEN, eg.CHICAGO) == 1


async def test_a_full_clinic_takes_no_more(desk: Desk, referral: noun.Referral) -> None:
    for number in range(2):
        made = await desk.create(patient=eg.somebody_else(number))
        assert made.clinic_id == str(eg.CHICAGO)
        await desk.house.given(*eg.Story(made.referral_id, eg.CHICAGO).until_scheduled())
    assert (await desk.create(patient=eg.somebody_else(9))).clinic_id == str(eg.BOSTON)
    story = eg.Story(made.referral_id, eg.CHICAGO)
    await desk.house.given(story.released(3))
    assert (await desk.create(patient=eg.somebody_else(10))).clinic_id == str(eg.CHICAGO)


async def test_a_referral_nobody_knows_is_put_aside(desk: Desk) -> None:
    story = eg.Story(str(uuid4()), eg.CHICAGO)
    with pytest.raises(Reject):
        await desk.house.given(story.opened())
    broken = story.opened()
    broken.referral_id = "none"
    with pytest.raises(Reject):
        await desk.house.given(broken)


async def test_times_given_back_for_a_cancelled_referral_are_no_trouble(
    desk: Desk, referral: noun.Referral, story: eg.Story
) -> None:
    await desk.house.given(story.opened(), story.planned(), story.held())
    await desk.cancel(referral.referral_id)
    after = await heard(desk, referral, story.released(2, "referral_cancelled"))
    assert (after.status, after.revision) == (noun.REFERRAL_STATUS_CANCELLED, 7)
    assert await desk.house.count(_OPEN, eg.CHICAGO) == 0


async def test_older_word_about_a_clinic_is_ignored(house: House) -> None:
    await house.given(
        eg.clinic(eg.BOSTON, 2, series_capacity=7), eg.clinic(eg.BOSTON, 1, series_capacity=3)
    )
    await house.given(eg.clinic(eg.BOSTON, 1, series_capacity=4))
    assert await house.count("SELECT series_capacity FROM clinic") == 7
    await house.given(eg.clinic(eg.BOSTON, 3, series_capacity=9))
    assert await house.count("SELECT series_capacity FROM clinic") == 9


async def test_every_fact_of_the_loop_is_heard() -> None:
    assert len(handlers.on) == len(wire.NEWS) + 1


async def test_a_batch_costs_the_same_however_long(desk: Desk) -> None:
    """Reads are prefetched: a handler finds everything in hand."""
    stories = []
    for number in range(9):
        made = await desk.create(patient=eg.somebody_else(number))
        stories.append(eg.Story(made.referral_id, eg.CHICAGO))
    await statements(desk, [stories[0].planned()])
    few = await statements(desk, [story.planned() for story in stories[1:3]])
    many = await statements(desk, [story.planned() for story in stories[3:]])
    assert few == many == 3


async def statements(desk: Desk, facts: Sequence[Message]) -> int:
    asked: list[str] = []
    async with desk.house.db.transaction() as tx:
        with tx.driver.query_logger(lambda record: asked.append(record.query)):
            await store.prefetch(facts, tx)
            for fact in facts:
                tx.hearing = identity(fact)
                await handlers.move_on(fact, tx)
            await tx.flush()
    return len(asked)
