"""The judge must object to each broken promise: evidence of a real run, with one thing wrong."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from clients.network import Network
from clients.network.seed import DemoClinic
from tests.failures.conftest import evidence
from tests.failures.evidence import Evidence, Fact, Waiting
from tests.failures.verifier import violations
from tests.flows import NPI, application, submit_all

pytestmark = pytest.mark.xdist_group("verifier")


@pytest.fixture(scope="module")
async def seen(network: Network, clinic: DemoClinic) -> Evidence:
    """Five flows that went well."""
    async with network.client("referrer", npi=NPI) as doctor:
        await submit_all(doctor, [application(number, clinic) for number in range(5)])
    network.settle()
    return await evidence(network)


def test_a_good_run_is_not_objected_to(seen: Evidence) -> None:
    assert violations(seen) == {}
    assert len(seen.referrals) == 5
    assert len(seen.bookings) == 40
    assert len(seen.stream) == sum(map(len, seen.outbox.values())) > 50
    assert len(seen.journal) == 5


def lost_from_the_stream(seen: Evidence) -> Evidence:
    return replace(seen, stream=seen.stream[1:])


def twice_in_the_stream(seen: Evidence) -> Evidence:
    return replace(seen, stream=[*seen.stream, seen.stream[0]])


def state_without_its_fact(seen: Evidence) -> Evidence:
    entity = next(iter(seen.revisions))
    return replace(seen, revisions={**seen.revisions, entity: seen.revisions[entity] + 1})


def never_published(seen: Evidence) -> Evidence:
    first, *rest = seen.outbox["intake"]
    return replace(seen, outbox={**seen.outbox, "intake": [replace(first, published=False), *rest]})


def phantom(seen: Evidence) -> Evidence:
    return replace(seen, stream=[*seen.stream, Fact(uuid4(), seen.stream[0].subject)])


def never_heard(seen: Evidence) -> Evidence:
    return replace(
        seen, inbox={**seen.inbox, "billing": frozenset(list(seen.inbox["billing"])[1:])}
    )


def heard_from_nobody(seen: Evidence) -> Evidence:
    return replace(seen, inbox={**seen.inbox, "billing": seen.inbox["billing"] | {uuid4()}})


def done_twice(seen: Evidence) -> Evidence:
    referral = next(iter(seen.referrals))
    return replace(seen, steps={**seen.steps, "capture": {**seen.steps["capture"], referral: 2}})


def left_out(seen: Evidence) -> Evidence:
    return replace(seen, steps={**seen.steps, "eight sessions": {}})


def gap(seen: Evidence) -> Evidence:
    first, *rest = seen.outbox["billing"]
    skipped = replace(first, revision=first.revision + 10)
    return replace(seen, outbox={**seen.outbox, "billing": [skipped, *rest]})


def overdue(seen: Evidence) -> Evidence:
    late = Waiting("scheduling", "release-hold", uuid4(), seen.taken_at - timedelta(minutes=5))
    return replace(seen, waiting=[*seen.waiting, late])


def parked(seen: Evidence) -> Evidence:
    return replace(seen, parked={**seen.parked, "referral": frozenset({seen.stream[0].event_id})})


def shared_room(seen: Evidence) -> Evidence:
    first, second, *rest = seen.bookings
    other = replace(second, taken=first.taken)
    return replace(seen, bookings=[first, other, *rest])


def started_without_a_gate(seen: Evidence) -> Evidence:
    return replace(seen, started={uuid4(): False})


def unbalanced(seen: Evidence) -> Evidence:
    first, *rest = seen.journal
    return replace(seen, journal=[replace(first, amounts=(1, *first.amounts[1:])), *rest])


def wrong_total(seen: Evidence) -> Evidence:
    first, *rest = seen.invoices
    return replace(seen, invoices=[replace(first, total=first.total + 1), *rest])


def captured_twice(seen: Evidence) -> Evidence:
    return replace(seen, journal=[*seen.journal, replace(seen.journal[0], entry_id=uuid4())])


@pytest.mark.parametrize(
    ("invariant", "harm"),
    [
        ("I1", lost_from_the_stream),
        ("I1", twice_in_the_stream),
        ("I1", state_without_its_fact),
        ("I1", never_published),
        ("I2", phantom),
        ("I3", never_heard),
        ("I3", heard_from_nobody),
        ("I3", done_twice),
        ("I3", left_out),
        ("I4", gap),
        ("I5", overdue),
        ("I5", parked),
        ("I6", shared_room),
        ("I6", started_without_a_gate),
        ("I7", unbalanced),
        ("I7", wrong_total),
        ("I7", captured_twice),
    ],
)
def test_each_broken_promise_is_noticed(
    seen: Evidence, invariant: str, harm: Callable[[Evidence], Evidence]
) -> None:
    assert invariant in violations(harm(seen))
