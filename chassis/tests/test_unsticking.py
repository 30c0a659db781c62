"""A person finds what is stuck, takes or drops the step, pauses and resumes; all of it is noted."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import ANY
from uuid import UUID, uuid4

import pytest

from chassis import flows, parking
from chassis.consumer import Consumer
from chassis.deadlines import Sweeper
from chassis.errands import Runner
from chassis.heard import heard
from chassis.operations import Operable
from chassis.operations.api import Operations
from chassis.parking import due_id
from chassis.pauses import Pauses
from chassis.principal import act_as
from chassis.reconciling import Reconciler
from chassis.refusal import NotAllowed, NotFound
from chassis.replaying import Position, Wanted
from chassis.subscriptions import Subscriptions
from chassis.testing import eventually, somebody
from chassis.tests import toy
from chassis.tests.conftest import wired
from halcyon.operations.v1 import flow_calls_pb2 as calls
from halcyon.operations.v1 import flow_pb2 as said
from halcyon.operations.v1 import operations_service_pb2 as rpc

WHY = "INC-1 mended"
MADE = "halcyon.toy.events.v1.ThingMade"


@pytest.fixture
def pauses(db):
    return Pauses(db, "toy", toy.FLOWS)


@pytest.fixture
def reconciler(db, bus):
    return Reconciler(db, bus, "toy", None)


@pytest.fixture
async def consumer(db, bus, pauses):
    return Consumer("toy", toy.on, db, bus, max_deliver=2, pauses=pauses)


@pytest.fixture
def operations(db, pauses, reconciler):
    act_as(somebody("operator"))
    return Operations(db, Operable("toy", toy.on, toy.FLOWS, pauses, reconciler))


def healthy() -> Subscriptions:
    """The toy after a mend: every label goes."""
    on = Subscriptions()

    @on(toy.ThingMade)
    async def keep(fact, tx):
        tx.put(toy.TickRow(label=fact.label))

    return on


def mend(operations, db, pauses):
    reconciler = operations._this.reconciler
    return Operations(db, Operable("toy", healthy(), toy.FLOWS, pauses, reconciler))


def step(kind, name, identity):
    return said.StepName(kind=kind, name=name, id=str(identity))


def paused(kind, name):
    return calls.PauseRequest(pause=said.PauseName(kind=kind, name=str(name)), reason=WHY)


def resumed(kind, name):
    return calls.ResumeRequest(pause=said.PauseName(kind=kind, name=str(name)), reason=WHY)


async def labels(db):
    return [row[0] for row in await db.fetch("SELECT label FROM tick ORDER BY id")]


async def log(db):
    found = await db.fetch("SELECT action, target, reason FROM operation ORDER BY operated_at")
    return [tuple(row) for row in found]


async def flow(operations, thing):
    return await operations.GetFlow(calls.GetFlowRequest(referral_id=str(thing)), None)


async def put_thing(db, **more) -> UUID:
    thing = toy.ThingRow(thing_id=uuid4(), **more)
    async with db.transaction() as tx:
        tx.put(thing)
    return thing.thing_id


async def test_a_failing_fact_tells_its_class_and_count_and_when_it_comes_again(
    db, bus, operations
):
    patient = Consumer("toy", toy.on, db, bus, max_deliver=5)
    fact = toy.made("poison")
    await patient.deliver([wired(fact)])
    (owed,) = (await flow(operations, fact.thing_id)).steps
    assert (owed.state, owed.attempts) == (said.STEP_STATE_FAILING, 1)
    assert owed.error_class == "RuntimeError"
    assert "secret" not in str(owed)
    assert owed.step_time.ToDatetime(UTC) > datetime.now(UTC) - timedelta(seconds=1)


async def test_a_failing_fact_is_skipped_and_passed_over_when_it_comes_again(
    db, consumer, operations
):
    fact = toy.made("poison")
    await consumer.deliver([wired(fact)])
    (owed,) = (await flow(operations, fact.thing_id)).steps
    await operations.SkipStep(calls.SkipStepRequest(step=owed.name, reason=WHY), None)
    await consumer.deliver([wired(fact, delivered=2)])
    assert await parking.parked(db) == []
    assert not (await flow(operations, fact.thing_id)).steps
    assert await log(db) == [("skip", f"fact/{MADE}/{owed.name.id}", WHY)]


async def test_a_parked_fact_is_retried_once_its_cause_is_mended(db, consumer, operations, pauses):
    fact = toy.made("poison")
    for delivered in (1, 2):
        await consumer.deliver([wired(fact, delivered=delivered)])
    (owed,) = (await flow(operations, fact.thing_id)).steps
    assert (owed.state, owed.attempts) == (said.STEP_STATE_PARKED, 2)
    request = calls.RetryStepRequest(step=owed.name, reason=WHY)
    with pytest.raises(NotAllowed) as refusal:
        await operations.RetryStep(request, None)
    assert refusal.value.metadata == {"error_class": "RuntimeError"}
    assert await log(db) == []
    await mend(operations, db, pauses).RetryStep(request, None)
    assert await labels(db) == ["poison"]
    assert await log(db) == [("retry", f"fact/{MADE}/{owed.name.id}", WHY)]


async def test_a_step_that_nobody_owes_is_not_found_and_not_noted(db, operations):
    unknown = [
        step(said.STEP_KIND_FACT, MADE, uuid4()),
        step(said.STEP_KIND_DEADLINE, "dull", uuid4()),
        step(said.STEP_KIND_ERRAND, "collect", uuid4()),
    ]
    for name in unknown:
        with pytest.raises(NotFound):
            await operations.RetryStep(calls.RetryStepRequest(step=name, reason=WHY), None)
        with pytest.raises(NotFound):
            await operations.SkipStep(calls.SkipStepRequest(step=name, reason=WHY), None)
    assert await log(db) == []


async def test_a_deadline_is_met_early_or_not_at_all(db, operations):
    thing, other = await put_thing(db), await put_thing(db)
    async with db.transaction() as tx:
        for one in (thing, other):
            tx.due("dull", one, tx.now + timedelta(days=3))
    (owed,) = (await flow(operations, thing)).steps
    assert (owed.name.name, owed.state) == ("dull", said.STEP_STATE_WAITING)
    await operations.RetryStep(calls.RetryStepRequest(step=owed.name, reason=WHY), None)
    dropped = step(said.STEP_KIND_DEADLINE, "dull", other)
    await operations.SkipStep(calls.SkipStepRequest(step=dropped, reason=WHY), None)
    await Sweeper(toy.due, db).sweep()
    found = await db.fetch("SELECT thing_id FROM thing WHERE status = 'dull'")
    assert [row[0] for row in found] == [thing]
    assert await db.fetch("SELECT 1 FROM due") == []


async def test_a_parked_deadline_is_a_step_of_its_flow(db, operations):
    thing = await put_thing(db)
    async with db.transaction() as tx:
        await parking.park_due(tx, "dull", thing, "RuntimeError", 10)
    (owed,) = (await flow(operations, thing)).steps
    assert (owed.name.name, owed.state) == ("dull", said.STEP_STATE_PARKED)
    await operations.RetryStep(calls.RetryStepRequest(step=owed.name, reason=WHY), None)
    assert (await parking.show(db, due_id("dull", thing))).replayed_at
    (again,) = (await flow(operations, thing)).steps
    assert again.state == said.STEP_STATE_WAITING


async def test_an_errand_that_failed_says_why_and_is_run_at_once(db, operations):
    thing = await put_thing(db)
    toy.failing.add(thing)
    runner = Runner(toy.errands, db)
    async with db.transaction() as tx:
        tx.errand("collect", thing)
    await runner._send("collect", runner._next("collect"))
    (owed,) = (await flow(operations, thing)).steps
    assert (owed.state, owed.error_class) == (said.STEP_STATE_FAILING, "RuntimeError")
    await operations.RetryStep(calls.RetryStepRequest(step=owed.name, reason=WHY), None)
    ((until,),) = await db.fetch("SELECT leased_until FROM errand")
    assert until <= db.clock()
    await operations.SkipStep(calls.SkipStepRequest(step=owed.name, reason=WHY), None)
    assert await db.fetch("SELECT 1 FROM errand") == []
    toy.failing.clear()


@pytest.mark.parametrize("by", ["flow", "fact", "clinic"])
async def test_what_is_paused_is_held_and_goes_in_order_when_resumed(
    db, consumer, operations, pauses, by
):
    thing, clinic = uuid4(), uuid4()
    name = {"flow": thing, "fact": MADE, "clinic": clinic}[by]
    kind = said.PauseKind.Value(f"PAUSE_KIND_{by.upper()}")
    await operations.Pause(paused(kind, name), None)
    facts = [toy.made(f"{n}", thing, n + 1, clinic) for n in range(4)]
    for n in (2, 0, 3, 1):
        await consumer.deliver([wired(facts[n], seq=n + 1)])
    other = toy.made("other", uuid4(), 1, uuid4())
    await consumer.deliver([wired(other, seq=9)])
    assert await labels(db) == ([] if by == "fact" else ["other"])
    (state,) = (await operations.ListPauses(calls.ListPausesRequest(), None)).pauses
    assert state.held_count == (5 if by == "fact" else 4)
    assert await parking.parked(db) == [], "what is held does not wait for a person"
    assert {one.held_by for one in (await flow(operations, thing)).steps} == {f"{by}/{name}"}
    await operations.Resume(resumed(kind, name), None)
    while await pauses.release(toy.on):
        pass
    assert [one for one in await labels(db) if one != "other"] == ["0", "1", "2", "3"]
    assert not pauses.active
    assert [row[0] for row in await log(db)] == ["pause", "resume"]


async def test_newcomers_do_not_overtake_what_is_still_held(db, consumer, operations, pauses):
    thing = uuid4()
    await operations.Pause(paused(said.PAUSE_KIND_FLOW, thing), None)
    await consumer.deliver([wired(toy.made("early", thing, 1), seq=1)])
    await operations.Resume(resumed(said.PAUSE_KIND_FLOW, thing), None)
    await consumer.deliver([wired(toy.made("late", thing, 2), seq=2)])
    assert await labels(db) == []
    while await pauses.release(toy.on):
        pass
    assert await labels(db) == ["early", "late"]


async def test_a_held_fact_that_fails_waits_for_a_person(db, consumer, operations, pauses):
    fact = toy.made("poison")
    await operations.Pause(paused(said.PAUSE_KIND_FLOW, fact.thing_id), None)
    await consumer.deliver([wired(fact)])
    await operations.Resume(resumed(said.PAUSE_KIND_FLOW, fact.thing_id), None)
    while await pauses.release(toy.on):
        pass
    (one,) = await parking.parked(db)
    assert one.error_class == "RuntimeError"
    assert not pauses.active


async def test_a_paused_consumer_takes_nothing_until_it_is_resumed(
    db, consumer, operations, pauses
):
    await operations.Pause(paused(said.PAUSE_KIND_CONSUMER, "toy"), None)
    assert not pauses.open.is_set()
    await operations.Resume(resumed(said.PAUSE_KIND_CONSUMER, "toy"), None)
    await pauses.release(toy.on)
    assert pauses.open.is_set()


async def test_only_what_is_heard_here_can_be_paused(operations):
    for kind, name in (
        (said.PAUSE_KIND_CONSUMER, "billing"),
        (said.PAUSE_KIND_FACT, "halcyon.toy.events.v1.ThingPolished"),
        (said.PAUSE_KIND_FLOW, "everything"),
    ):
        with pytest.raises(NotAllowed):
            await operations.Pause(paused(kind, name), None)
    with pytest.raises(NotFound):
        await operations.Resume(resumed(said.PAUSE_KIND_FLOW, uuid4()), None)


async def test_deadlines_and_errands_of_a_paused_flow_rest(db, operations, pauses):
    thing, other = await put_thing(db), await put_thing(db)
    await operations.Pause(paused(said.PAUSE_KIND_FLOW, thing), None)
    toy.collected.clear()
    runner = Runner(toy.errands, db, pauses=pauses)
    async with db.transaction() as tx:
        for one in (thing, other):
            tx.due("dull", one, tx.now)
            tx.errand("collect", one)
    await Sweeper(toy.due, db, pauses=pauses).sweep()
    await runner._send("collect", runner._next("collect"))
    found = await db.fetch("SELECT thing_id FROM thing WHERE status = 'dull'")
    assert [row[0] for row in found] == [other]
    assert toy.collected == [other]
    assert not runner._running
    ((left, attempts),) = await db.fetch("SELECT entity_id, attempts FROM errand")
    assert (left, attempts) == (thing, 0)


async def test_where_money_or_drugs_are_kept_two_persons_skip_a_step(db, operations):
    weighty: Any = Operations(db, replace(operations._this, weighty=True))
    thing = await put_thing(db)
    async with db.transaction() as tx:
        tx.due("dull", thing, tx.now + timedelta(days=3))
    request = calls.SkipStepRequest(step=step(said.STEP_KIND_DEADLINE, "dull", thing), reason=WHY)

    async def asks(who):
        act_as(replace(somebody("operator"), subject=who))
        return (await weighty.SkipStep(request, None)).outcome

    assert await asks("ann") == calls.SKIP_OUTCOME_PROPOSED
    assert await asks("ann") == calls.SKIP_OUTCOME_PROPOSED, "one person is one person"
    assert len(await db.fetch("SELECT 1 FROM due")) == 1
    await db.fetch("UPDATE proposal SET proposed_at = proposed_at - interval '25 hours'")
    assert await asks("bob") == calls.SKIP_OUTCOME_PROPOSED, "what ann said is a day old"
    assert await asks("ann") == calls.SKIP_OUTCOME_SKIPPED
    assert await db.fetch("SELECT 1 FROM due UNION ALL SELECT 1 FROM proposal") == []
    noted = await db.fetch("SELECT action, actor FROM operation ORDER BY operated_at")
    assert [tuple(row) for row in noted] == [
        ("propose-skip", "ann"),
        ("propose-skip", "ann"),
        ("propose-skip", "bob"),
        ("skip", "ann"),
    ]
    with pytest.raises(NotFound):
        await asks("bob")


async def test_flows_are_listed_by_state_age_and_overdue_deadline(db, operations):
    old = await put_thing(db, seen_at=datetime(2026, 1, 1, tzinfo=UTC))
    new = await put_thing(db, seen_at=db.clock(), status="polished")

    async def listed(**wanted):
        found = await operations.ListFlows(calls.ListFlowsRequest(**wanted), None)
        return [one.referral_id for one in found.flows]

    assert await listed() == [str(old), str(new)]
    assert await listed(state="POLISHED") == [str(new)]
    week = calls.ListFlowsRequest()
    week.min_age.FromTimedelta(timedelta(days=7))
    assert await listed(min_age=week.min_age) == [str(old)]
    async with db.transaction() as tx:
        tx.due("dull", new, tx.now - timedelta(hours=1))
        tx.due("dull", old, tx.now + timedelta(hours=1))
    week.overdue_by.FromTimedelta(timedelta())
    assert await listed(overdue_by=week.overdue_by) == [str(new)]
    assert await listed(clinic_id=str(uuid4())) == []
    assert await listed(clinic_id=str(toy.CLINIC)) == [str(old), str(new)]


async def test_a_flow_that_is_over_is_listed_only_when_it_still_owes_something(db, operations):
    over, under_way = await put_thing(db, status="over"), await put_thing(db)

    async def listed(**wanted):
        found = await operations.ListFlows(calls.ListFlowsRequest(**wanted), None)
        return [one.referral_id for one in found.flows]

    assert await listed() == [str(under_way)]
    assert await db.fetch(flows.counting(toy.FLOWS), db.clock()) == [("made", 1, ANY)]
    async with db.transaction() as tx:
        tx.due("dull", over, tx.now - timedelta(hours=2))
        tx.due("other", over, tx.now - timedelta(hours=2))
    hour = calls.ListFlowsRequest()
    hour.overdue_by.FromTimedelta(timedelta(hours=1))
    assert await listed(overdue_by=hour.overdue_by) == [str(over)]


async def test_pages_of_flows_follow_one_another(db, operations):
    things = {str(await put_thing(db)) for _ in range(5)}
    seen, request = [], calls.ListFlowsRequest(page_size=2)
    while True:
        page = await operations.ListFlows(request, None)
        seen += [one.referral_id for one in page.flows]
        if not page.next_page_token:
            break
        request.page_token = page.next_page_token
    assert len(seen) == 5
    assert set(seen) == things


async def test_many_parked_facts_are_replayed_in_order_as_far_as_they_go(
    db, consumer, operations, pauses
):
    thing = uuid4()
    facts = [toy.made("poison", thing, n) for n in (1, 2)]
    facts += [toy.made("reject"), toy.made("reject")]
    for seq, fact in enumerate(facts, 1):
        for delivered in (1, 2):
            await consumer.deliver([wired(fact, seq, delivered)])
    everything = calls.ReplayParkedFactsRequest(
        filter=calls.ParkedFilter(), per_second=200, reason=WHY, mode=calls.REPLAY_MODE_DRY_RUN
    )
    dry = await operations.ReplayParkedFacts(everything, None)
    assert (dry.replayed_count, await labels(db), await log(db)) == (4, [], [])
    everything.mode = calls.REPLAY_MODE_COMMIT
    failing = await operations.ReplayParkedFacts(everything, None)
    assert (failing.failed_count, failing.blocked_count, failing.replayed_count) == (3, 1, 0)
    everything.filter.error_class = "RuntimeError"
    mended = await mend(operations, db, pauses).ReplayParkedFacts(everything, None)
    assert (mended.replayed_count, mended.blocked_count) == (2, 0)
    assert len(await parking.parked(db)) == 2
    assert [row[0] for row in await log(db)] == ["replay", "replay"]


async def test_a_replay_goes_in_the_order_of_the_stream_and_by_every_filter(
    db, consumer, operations, pauses
):
    """Whatever the order they were parked in; deadlines, which have no place in it, come first."""
    flow, other = uuid4(), uuid4()
    for seq, thing in ((4, flow), (2, flow), (9, other), (7, flow)):
        fact = toy.made("reject", thing, seq)
        fact.label = f"reject{seq}"
        await park(db, fact, seq)
    request = calls.ReplayParkedFactsRequest(
        filter=calls.ParkedFilter(subject=MADE, referral_id=str(flow), error_class="RuntimeError"),
        per_second=200,
        reason=WHY,
        mode=calls.REPLAY_MODE_COMMIT,
    )
    request.filter.since_time.FromDatetime(db.clock() + timedelta(minutes=1))
    mended = mend(operations, db, pauses)
    assert (await mended.ReplayParkedFacts(request, None)).replayed_count == 0
    request.filter.since_time.FromDatetime(db.clock() - timedelta(minutes=1))
    assert (await mended.ReplayParkedFacts(request, None)).replayed_count == 3
    assert await labels(db) == ["reject2", "reject4", "reject7"]


async def park(db, fact, seq):
    one = heard(wired(fact, seq))
    one.understand(toy.on)
    async with db.transaction() as tx:
        await parking.park(tx, one, "RuntimeError", 5)


async def test_a_replay_page_by_page_reaches_every_deadline_and_every_fact(db, operations, pauses):
    things = [await put_thing(db) for _ in range(7)]
    async with db.transaction() as tx:
        for thing in things:
            await parking.park_due(tx, "dull", thing, "RuntimeError", 10)
    for seq in (1, 2):
        await park(db, toy.made(f"{seq}"), seq)
    request = calls.ReplayParkedFactsRequest(
        filter=calls.ParkedFilter(), per_second=1, reason=WHY, mode=calls.REPLAY_MODE_DRY_RUN
    )
    assert (await operations.ReplayParkedFacts(request, None)).replayed_count == 9
    replaying = mend(operations, db, pauses)._replaying
    after, replayed = Position(), 0
    while after is not None:
        done = await replaying.would(Wanted(), after, page=4)
        after, replayed = done.next, replayed + done.replayed
    assert replayed == 9


async def test_a_replay_keeps_to_its_rate(db, consumer, operations, pauses):
    for seq in range(1, 7):
        await consumer.deliver([wired(toy.made("reject"), seq)])
    request = calls.ReplayParkedFactsRequest(
        filter=calls.ParkedFilter(), per_second=10, reason=WHY, mode=calls.REPLAY_MODE_COMMIT
    )
    began = db.clock()
    done = await mend(operations, db, pauses).ReplayParkedFacts(request, None)
    assert done.replayed_count == 6
    assert db.clock() - began >= timedelta(seconds=0.5)


async def test_handled_facts_are_told_to_who_asks(db, consumer, operations):
    fact = toy.made("one")
    await consumer.deliver([wired(fact)])
    event_id = dict(await db.fetch("SELECT event_id, subject FROM inbox")).popitem()[0]
    request = calls.ListHandledFactsRequest(event_ids=[str(event_id), str(uuid4())])
    (found,) = (await operations.ListHandledFacts(request, None)).facts
    assert found.event_id == str(event_id)


async def test_the_log_tells_who_and_why_newest_first(db, operations):
    act_as(somebody("operator"))
    for thing in (uuid4(), uuid4()):
        await operations.Pause(paused(said.PAUSE_KIND_FLOW, thing), None)
    found = (await operations.ListOperations(calls.ListOperationsRequest(), None)).operations
    assert [one.actor for one in found] == ["test", "test"]
    assert found[0].operate_time.ToDatetime() >= found[1].operate_time.ToDatetime()
    assert found[0].target == f"flow/{thing}"


async def test_every_process_heeds_a_pause_soon(db, operations):
    other = Pauses(db, "toy", toy.FLOWS)
    await operations.Pause(paused(said.PAUSE_KIND_CONSUMER, "toy"), None)

    async def heeded():
        await other.heed()
        return not other.open.is_set()

    await eventually(heeded)


async def test_a_single_replay_is_noted_with_its_reason(db, consumer, operations, pauses):
    await consumer.deliver([wired(toy.made("reject"))])
    (one,) = await parking.parked(db)
    request = rpc.ReplayParkedFactRequest(event_id=str(one.event_id), reason=WHY)
    await mend(operations, db, pauses).ReplayParkedFact(request, None)
    assert await log(db) == [("replay", str(one.event_id), WHY)]
