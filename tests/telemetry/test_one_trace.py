"""One trace id spans the doctor's call, all five services and every fact between them."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import uuid4

import pytest

from chassis.testing import eventually
from chassis.traces import read_spans
from clients.network import Network
from clients.network.options import discovered
from clients.network.seed import SEATTLE
from tests.flows import NPI, application, submit
from tests.marks import FAMILY
from tools.factmap import subjects_of

pytestmark = pytest.mark.xdist_group("network")

Span = Mapping[str, Any]
CALL = "halcyon.referral.v1.ReferralService/CreateReferral"
STATED = {
    "referral": {"ReferralReceived", "ReferralRouted"},
    "intake": {"IntakeOpened", "PlanApproved"},
    "scheduling": {"SeriesHeld", "SeriesConfirmed"},
    "billing": {"EstimateIssued", "PaymentRequested", "PaymentCollected"},
    "infusion": {"SessionPlanned"},
}


@pytest.fixture(scope="module")
async def spans(network: Network) -> list[Span]:
    """All spans of one flow, and of the batches that published its facts."""
    async with network.client("referrer", npi=NPI) as doctor:
        request = application(1, SEATTLE, uuid4())
        referral = await submit(doctor, request)

    def written() -> list[Span]:
        everything = read_spans(network.traces)
        ours = (span["trace_id"] for span in everything if is_call(span, referral))
        trace = next(ours, None)
        return [span for span in everything if concerns(span, trace)]

    due = {("referral", CALL), ("billing", "errand collect-payment"), *hearings()}
    await eventually(holds(lambda: {(s["service"], s["name"]) for s in written()} >= due))
    await eventually(holds(lambda: {s["service"] for s in sent(written())} == set(discovered())))
    return written()


def hearings() -> set[tuple[str, str]]:
    """Every service with each fact of the flow that it hears; spans are written in no order."""
    subjects = {
        f"halcyon.{one}.events.v1.{fact}" for one, facts in STATED.items() for fact in facts
    }
    return {
        (listener, f"process {subject}")
        for listener in discovered()
        for subject in subjects & set(subjects_of(listener))
    }


def holds(question: Callable[[], bool]) -> Callable[[], Awaitable[bool]]:
    async def asked() -> bool:
        return question()

    return asked


def is_call(span: Span, referral_id: str) -> bool:
    told: Mapping[str, str] = span["attributes"]
    return span["name"] == CALL and told.get("halcyon.referral_id") == referral_id


def concerns(span: Span, trace: str | None) -> bool:
    return trace in {span["trace_id"], *(link["trace_id"] for link in span["links"])}


def sent(spans: list[Span]) -> list[Span]:
    return [span for span in spans if span["kind"] == "PRODUCER"]


def working(spans: list[Span]) -> dict[str, Span]:
    """The spans of the trace itself, by id."""
    return {span["span_id"]: span for span in spans if span["kind"] != "PRODUCER"}


def test_one_trace_reaches_all_five_services(spans: list[Span]) -> None:
    work = working(spans).values()
    assert len({span["trace_id"] for span in work}) == 1
    assert {span["service"] for span in work} == set(discovered())


def test_the_trace_has_one_root_and_no_loose_end(spans: list[Span]) -> None:
    work = working(spans)
    roots = [span for span in work.values() if span["parent_span_id"] not in work]
    assert [span["name"] for span in roots] == [CALL]


def test_each_fact_is_heard_as_a_child_of_the_work_that_stated_it(spans: list[Span]) -> None:
    work = working(spans)
    for span in work.values():
        if span["kind"] != "CONSUMER":
            continue
        stater, fact = span["name"].split(".")[1], span["name"].rpartition(".")[2]
        assert fact in STATED[stater]
        assert work[span["parent_span_id"]]["service"] == stater
        assert [link["span_id"] for link in span["links"]] == [span["parent_span_id"]]


def test_every_listener_of_every_fact_is_in_the_trace(spans: list[Span]) -> None:
    heard = {(span["service"], span["name"]) for span in working(spans).values()}
    assert hearings() <= heard


def test_the_payment_is_collected_within_the_trace(spans: list[Span]) -> None:
    work = working(spans)
    (errand,) = [span for span in work.values() if span["name"] == "errand collect-payment"]
    assert work[errand["parent_span_id"]]["name"].endswith("SeriesHeld")


def test_each_publishing_links_to_the_work_whose_facts_it_carries(spans: list[Span]) -> None:
    work = working(spans)
    for span in sent(spans):
        causes = [work[link["span_id"]] for link in span["links"] if link["span_id"] in work]
        assert causes
        assert {cause["service"] for cause in causes} == {span["service"]}


def test_what_heard_or_stated_a_fact_names_the_referral(spans: list[Span]) -> None:
    referrals = {
        span["attributes"].get("halcyon.referral_id")
        for span in working(spans).values()
        if span["name"] == CALL or span["kind"] == "CONSUMER"
    }
    assert len(referrals) == 1
    assert referrals != {None}


def test_no_span_tells_who_the_patient_is(spans: list[Span]) -> None:
    assert FAMILY not in str(spans)
    assert "Synthetic" not in str(spans)
