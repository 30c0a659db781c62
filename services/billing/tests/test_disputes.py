"""A chargeback's life: the bank's word counts once, and only the evidence it needs is sent."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from chassis.refusal import Invalid, NotAllowed, NotFound
from chassis.testing import House, somebody
from halcyon.billing.v1 import billing_pb2 as nouns
from halcyon.billing.v1 import refund_pb2 as states
from halcyon.billing.v1 import refund_service_pb2 as rpc
from services.billing import domain, gateway
from services.billing.api import RefundDesk
from services.billing.gateway import Simulator
from services.billing.tests.examples import CLINIC, OTHER_CLINIC, infusion_completed, series_held
from services.billing.tests.journal import balances

UNIT = 45000
KINDS = ("signed_consent", "attendance_record", "receipt")


@pytest.fixture(autouse=True)
def simulator(monkeypatch: pytest.MonkeyPatch) -> None:
    fresh = Simulator()
    monkeypatch.setattr(gateway, "chosen", lambda: fresh)


@pytest.fixture
def desk(house: House) -> RefundDesk:
    return RefundDesk(house.db)


async def paid(house: House, delivered: int) -> str:
    held = series_held(sessions=4)
    await house.given(held)
    await house.run_errands("collect-payment")
    for number in range(1, delivered + 1):
        await house.given(infusion_completed(held, number))
    ((payment_id,),) = await house.db.fetch("SELECT payment_id FROM payment")
    return str(payment_id)


def told(payment_id: str, minor_units: int = 4 * UNIT, **changes: Any) -> rpc.RecordDisputeRequest:
    by = Timestamp()
    by.FromDatetime(datetime.now(UTC) + timedelta(days=7))
    money = nouns.Money(currency_code="USD", minor_units=minor_units)
    about = {"reference": "dp_1", "reason": "fraudulent", "fee_minor_units": 1500}
    return rpc.RecordDisputeRequest(
        payment_id=payment_id, amount=money, respond_by_time=by, **{**about, **changes}
    )


def answering(dispute_id: str, *kinds: str) -> rpc.SubmitDisputeEvidenceRequest:
    evidence = [states.DisputeEvidence(kind=kind, document_id=str(uuid4())) for kind in kinds]
    return rpc.SubmitDisputeEvidenceRequest(dispute_id=dispute_id, evidence=evidence)


async def opened(house: House, desk: RefundDesk, payment_id: str, **changes: Any) -> states.Dispute:
    for _ in range(2):
        request = told(payment_id, **changes)
        found = (await house.call(desk.RecordDispute, request)).dispute
    return found


async def decided(house: House, desk: RefundDesk, dispute_id: str, outcome: Any) -> states.Dispute:
    request = rpc.DecideDisputeRequest(dispute_id=dispute_id, outcome=outcome)
    for _ in range(2):
        found = (await house.call(desk.DecideDispute, request)).dispute
    return found


async def test_a_dispute_that_is_won_leaves_everything_as_it_was(
    house: House, desk: RefundDesk
) -> None:
    dispute = await opened(house, desk, await paid(house, 1))
    assert await balances(house) == {
        1000: -1500, 2000: -3 * UNIT, 2200: 4 * UNIT, 4000: -UNIT, 5000: 1500,
    }  # fmt: skip
    assert list(dispute.wanted_evidence) == sorted(KINDS)
    answer = answering(dispute.dispute_id, *KINDS)
    for _ in range(2):
        sent = (await house.call(desk.SubmitDisputeEvidence, answer)).dispute
    assert sent.status == states.DISPUTE_STATUS_UNDER_REVIEW
    won = await decided(house, desk, dispute.dispute_id, states.DISPUTE_STATUS_WON)
    assert won.status == states.DISPUTE_STATUS_WON
    assert await balances(house) == {
        1000: 4 * UNIT - 1500, 2000: -3 * UNIT, 4000: -UNIT, 5000: 1500,
    }  # fmt: skip
    with pytest.raises(NotAllowed):
        await decided(house, desk, dispute.dispute_id, states.DISPUTE_STATUS_LOST)


@pytest.mark.parametrize(
    ("disputed", "deferred", "lost"),
    [
        (4 * UNIT, 0, 1 * UNIT),
        (2 * UNIT, 1 * UNIT, 0),
        (2 * UNIT + 1, 1 * UNIT, 1),
        (UNIT - 1, 3 * UNIT, UNIT - 1),
    ],
)
async def test_a_dispute_that_is_lost_takes_whole_unused_sessions_first(
    house: House, desk: RefundDesk, disputed: int, deferred: int, lost: int
) -> None:
    payment_id = await paid(house, 1)
    dispute = await opened(house, desk, payment_id, minor_units=disputed, fee_minor_units=0)
    await decided(house, desk, dispute.dispute_id, states.DISPUTE_STATUS_LOST)
    expected = {1000: 4 * UNIT - disputed, 2000: -deferred, 4000: -UNIT, 5100: lost}
    assert await balances(house) == {account: n for account, n in expected.items() if n}
    left = await house.count("SELECT session_count - delivered_count - refunded_count FROM invoice")
    assert left * UNIT == deferred


@pytest.mark.parametrize(
    "kinds",
    [
        KINDS[:2],
        (*KINDS, "clinical_notes"),
        (*KINDS, "receipt"),
        ("clinical_notes",),
    ],
)
async def test_the_bank_sees_what_it_needs_and_no_more(
    house: House, desk: RefundDesk, kinds: tuple[str, ...]
) -> None:
    dispute = await opened(house, desk, await paid(house, 1))
    with pytest.raises(Invalid) as refused:
        await house.call(desk.SubmitDisputeEvidence, answering(dispute.dispute_id, *kinds))
    assert refused.value.reason == "INVALID_EVIDENCE"
    assert await house.count("SELECT sum(cardinality(evidence_kinds)) FROM dispute") == 0


async def test_evidence_that_comes_too_late_is_not_sent(house: House, desk: RefundDesk) -> None:
    dispute = await opened(house, desk, await paid(house, 1))
    house.db.travel(timedelta(days=8))
    with pytest.raises(NotAllowed) as refused:
        await house.call(desk.SubmitDisputeEvidence, answering(dispute.dispute_id, *KINDS))
    assert refused.value.reason == "TOO_LATE"


@pytest.mark.parametrize(("minor_units", "code"), [(4 * UNIT + 1, "USD"), (4 * UNIT, "EUR")])
async def test_a_bank_cannot_hold_what_was_not_paid(
    house: House, desk: RefundDesk, minor_units: int, code: str
) -> None:
    request = told(await paid(house, 0), minor_units)
    request.amount.currency_code = code
    with pytest.raises(Invalid) as refused:
        await house.call(desk.RecordDispute, request)
    assert refused.value.reason == "INVALID_DISPUTE"
    assert await house.count("SELECT count(*) FROM dispute") == 0


async def test_money_that_a_bank_holds_is_not_refunded(house: House, desk: RefundDesk) -> None:
    payment_id = await paid(house, 0)
    await opened(house, desk, payment_id)
    ((invoice_id,),) = await house.db.fetch("SELECT invoice_id FROM invoice")
    with pytest.raises(NotAllowed) as refused:
        request = rpc.RequestRefundRequest(
            request_id=str(uuid4()), invoice_id=str(invoice_id), reason="patient_request"
        )
        await house.call(desk.RequestRefund, request)
    assert refused.value.reason == "DISPUTE_OPEN"


async def test_the_most_pressing_dispute_is_shown_first(house: House, desk: RefundDesk) -> None:
    payment_id = await paid(house, 0)
    later, sooner = told(payment_id, UNIT), told(payment_id, UNIT, reference="dp_2")
    sooner.respond_by_time.seconds -= 86400
    for request in (later, sooner):
        await house.call(desk.RecordDispute, request)
    asked = rpc.ListDisputesRequest(clinic_id=str(CLINIC))
    found = (await house.call(desk.ListDisputes, asked)).disputes
    assert [one.respond_by_time for one in found] == [
        sooner.respond_by_time, later.respond_by_time,
    ]  # fmt: skip
    with pytest.raises(NotFound):
        stranger = somebody("cashier", clinics=frozenset({OTHER_CLINIC}))
        await house.call(desk.RecordDispute, told(payment_id, UNIT, reference="dp_3"), stranger)
    assert domain.dispute_id(UUID(payment_id), "dp_1") == UUID(found[1].dispute_id)
