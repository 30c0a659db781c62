"""Money goes back once, by the terms, by two people where it is much, and halfway is a state."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from chassis.refusal import AlreadyExists, Busy, Invalid, NotAllowed, NotFound
from chassis.testing import House, somebody
from halcyon.billing.v1 import billing_pb2 as nouns
from halcyon.billing.v1 import refund_pb2 as states
from halcyon.billing.v1 import refund_service_pb2 as rpc
from services.billing import domain, gateway
from services.billing.api import RefundDesk
from services.billing.domain import Charge, Declined, Refunded
from services.billing.gateway import GatewayAway, Simulator
from services.billing.packs import policies
from services.billing.tests.examples import (
    CLINIC,
    OTHER_CLINIC,
    infusion_completed,
    series_held,
    series_released,
)
from services.billing.tests.journal import balances

UNIT = 45000
STRANGER = somebody("cashier", clinics=frozenset({OTHER_CLINIC}))


class Sending(Simulator):
    """Sends money back as a test wants, and remembers under which keys."""

    def __init__(self) -> None:
        super().__init__()
        self.answer: Refunded | Declined | Exception = Refunded()
        self.sent: list[tuple[UUID | None, int]] = []

    async def refund(self, charge: Charge) -> Refunded | Declined:
        self.sent.append((charge.key, charge.amount.minor_units))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def sending(monkeypatch: pytest.MonkeyPatch) -> Sending:
    chosen = Sending()
    monkeypatch.setattr(gateway, "chosen", lambda: chosen)
    return chosen


@pytest.fixture
def desk(house: House, sending: Sending) -> RefundDesk:
    return RefundDesk(house.db)


async def paid(house: House, *, sessions: int = 8, delivered: int = 0) -> tuple[str, Any]:
    held = series_held(sessions=sessions)
    await house.given(held)
    await house.run_errands("collect-payment")
    for number in range(1, delivered + 1):
        await house.given(infusion_completed(held, number))
    await house.stated()
    return str(domain.invoice_id(UUID(held.series_id))), held


def asking(invoice_id: str, count: int = 1) -> rpc.RequestRefundRequest:
    return rpc.RequestRefundRequest(
        request_id=str(uuid4()),
        invoice_id=invoice_id,
        reason="patient_request",
        session_count=count,
    )


async def invoice(house: House) -> Any:
    (row,) = await house.db.fetch("SELECT * FROM invoice")
    return row


async def test_a_quote_changes_nothing(house: House, desk: RefundDesk) -> None:
    invoice_id, _ = await paid(house, delivered=2)
    request = rpc.QuoteRefundRequest(invoice_id=invoice_id, reason="found_unsuitable")
    quote = (await house.call(desk.QuoteRefund, request)).quote
    assert (quote.session_count, quote.value.minor_units) == (6, 6 * UNIT)
    assert quote.fee.minor_units == 6 * UNIT * 5 // 100
    assert quote.amount.minor_units == 6 * UNIT - quote.fee.minor_units
    assert quote.terms == "halcyon-default/1"
    assert await house.count("SELECT count(*) FROM refund") == 0


async def test_one_session_goes_back_once(house: House, desk: RefundDesk, sending: Sending) -> None:
    invoice_id, held = await paid(house, delivered=1)
    request = asking(invoice_id)
    first = (await house.call(desk.RequestRefund, request)).refund
    again = (await house.call(desk.RequestRefund, request)).refund
    assert first == again
    assert first.status == states.REFUND_STATUS_PENDING
    assert await balances(house) == {1000: 8 * UNIT, 2000: -6 * UNIT, 2100: -UNIT, 4000: -UNIT}
    await house.run_errands("pay-refund")
    await house.run_errands("pay-refund")
    assert len(sending.sent) == 1
    assert await balances(house) == {1000: 7 * UNIT, 2000: -6 * UNIT, 4000: -UNIT}
    given_up, fact = await house.stated()
    assert type(given_up).__name__ == "SessionsGivenUp"
    assert (given_up.given_up_count, given_up.kept_count) == (1, 7)
    assert given_up.series_id == held.series_id
    assert (type(fact).__name__, fact.minor_units) == ("PaymentRefunded", UNIT)
    assert fact.revision == given_up.revision + 1
    request_again = rpc.GetRefundRequest(refund_id=first.refund_id)
    found = (await house.call(desk.GetRefund, request_again)).refund
    assert found.status == states.REFUND_STATUS_PAID
    assert (await invoice(house))["status"] == "paid"
    await house.given(infusion_completed(held, 2))
    assert (await balances(house))[2000] == -5 * UNIT


async def test_all_sessions_need_two_people(house: House, desk: RefundDesk) -> None:
    invoice_id, _ = await paid(house, delivered=2)
    asked = (await house.call(desk.RequestRefund, asking(invoice_id, 0))).refund
    assert asked.status == states.REFUND_STATUS_REQUESTED
    assert await house.stated() == []
    assert (await balances(house))[2000] == -6 * UNIT
    approval = rpc.ApproveRefundRequest(refund_id=asked.refund_id)
    with pytest.raises(NotAllowed) as refused:
        await house.call(desk.ApproveRefund, approval)
    assert refused.value.reason == "SECOND_PERSON_REQUIRED"
    second = somebody()
    object.__setattr__(second, "subject", "second")
    for _ in range(2):
        approved = (await house.call(desk.ApproveRefund, approval, second)).refund
    assert (approved.status, approved.approved_by) == (states.REFUND_STATUS_PENDING, "second")
    (given_up,) = await house.stated()
    assert (given_up.given_up_count, given_up.kept_count) == (6, 2)
    assert (await invoice(house))["status"] == "refund_pending"
    await house.run_errands("pay-refund")
    assert await balances(house) == {1000: 2 * UNIT, 4000: -2 * UNIT}
    assert (await invoice(house))["status"] == "refunded"


async def test_an_approval_of_something_else_is_stale(house: House, desk: RefundDesk) -> None:
    invoice_id, held = await paid(house)
    asked = (await house.call(desk.RequestRefund, asking(invoice_id, 0))).refund
    await house.given(infusion_completed(held, 1))
    before = await balances(house)
    second = somebody()
    object.__setattr__(second, "subject", "second")
    with pytest.raises(NotAllowed) as refused:
        request = rpc.ApproveRefundRequest(refund_id=asked.refund_id)
        await house.call(desk.ApproveRefund, request, second)
    assert refused.value.reason == "APPROVAL_STALE"
    assert await balances(house) == before
    rejecting = rpc.RejectRefundRequest(refund_id=asked.refund_id)
    for _ in range(2):
        rejected = (await house.call(desk.RejectRefund, rejecting, second)).refund
    assert rejected.status == states.REFUND_STATUS_REJECTED
    assert await balances(house) == before


async def test_the_database_refuses_one_person_as_two(house: House, desk: RefundDesk) -> None:
    invoice_id, _ = await paid(house)
    await house.call(desk.RequestRefund, asking(invoice_id, 0))
    with pytest.raises(Exception) as refused:  # noqa: PT011
        await house.db.fetch("UPDATE refund SET approved_by = requested_by")
    assert getattr(refused.value, "constraint", "") == "refund_by_two"


async def test_a_silent_gateway_is_asked_again_under_the_same_key(
    house: House, desk: RefundDesk, sending: Sending
) -> None:
    invoice_id, _ = await paid(house)
    await house.call(desk.RequestRefund, asking(invoice_id))
    sending.answer = GatewayAway()
    with pytest.raises(Busy):
        await house.run_errands("pay-refund")
    assert (await balances(house))[2100] == -UNIT
    sending.answer = Refunded()
    await house.run_errands("pay-refund")
    (first, second) = sending.sent
    assert first == second
    assert await balances(house) == {1000: 7 * UNIT, 2000: -7 * UNIT}


async def test_a_refund_that_fails_is_owed_until_it_is_paid(
    house: House, desk: RefundDesk, sending: Sending
) -> None:
    invoice_id, _ = await paid(house)
    asked = (await house.call(desk.RequestRefund, asking(invoice_id))).refund
    (part,) = asked.parts
    which = {"refund_id": asked.refund_id, "payment_id": part.payment_id}
    sending.answer = Declined("expired_or_canceled_card")
    await house.run_errands("pay-refund")
    found = await house.call(desk.GetRefund, rpc.GetRefundRequest(refund_id=asked.refund_id))
    assert found.refund.status == states.REFUND_STATUS_FAILED
    assert found.refund.parts[0].reason == "expired_or_canceled_card"
    assert (await balances(house))[2100] == -UNIT
    await house.call(desk.RetryRefund, rpc.RetryRefundRequest(**which))
    with pytest.raises(NotAllowed):
        await house.call(desk.PayRefundByHand, rpc.PayRefundByHandRequest(**which))
    await house.run_errands("pay-refund")
    assert sending.sent[0][0] != sending.sent[1][0]
    for _ in range(2):
        request = rpc.PayRefundByHandRequest(**which)
        by_hand = (await house.call(desk.PayRefundByHand, request)).refund
    assert by_hand.status == states.REFUND_STATUS_PAID
    assert await balances(house) == {1000: 8 * UNIT, 1010: -UNIT, 2000: -7 * UNIT}


async def test_a_whole_payment_that_cannot_go_back_is_seen_and_paid_by_hand(
    house: House, desk: RefundDesk, sending: Sending
) -> None:
    _, held = await paid(house, delivered=1)
    sending.answer = Declined("expired_or_canceled_card")
    await house.given(series_released(held, "referral_cancelled"))
    await house.run_errands("refund-payment")
    assert await house.count("SELECT count(*) FROM errand WHERE name = 'refund-payment'") == 0
    assert len(sending.sent) == 1
    listed = await house.call(desk.ListRefunds, rpc.ListRefundsRequest(clinic_id=str(CLINIC)))
    (owed,) = listed.refunds
    assert owed.status == states.REFUND_STATUS_FAILED
    assert (owed.reason, owed.amount.minor_units) == ("gateway_refused", 7 * UNIT)
    assert owed.parts[0].reason == "expired_or_canceled_card"
    assert (await balances(house))[2100] == -7 * UNIT
    (payment,) = owed.parts
    which = {"refund_id": owed.refund_id, "payment_id": payment.payment_id}
    done = await house.call(desk.PayRefundByHand, rpc.PayRefundByHandRequest(**which))
    assert done.refund.status == states.REFUND_STATUS_PAID
    assert (await invoice(house))["status"] == "refunded"
    assert [type(fact).__name__ for fact in await house.stated()] == ["PaymentRefunded"]
    assert await balances(house) == {1000: 8 * UNIT, 1010: -7 * UNIT, 4000: -UNIT}


@pytest.mark.parametrize(("percent", "fee"), [(10, 31500), (100, 7 * UNIT)])
@pytest.mark.parametrize("reason", sorted(domain.ENDS_ALL))
async def test_the_terms_decide_what_the_end_of_a_series_costs(
    house: House,
    sending: Sending,
    monkeypatch: pytest.MonkeyPatch,
    reason: str,
    percent: int,
    fee: int,
) -> None:
    _, held = await paid(house, delivered=1)
    accepted = policies.terms(datetime.now(UTC).date())
    stricter = replace(accepted, deductions={**accepted.deductions, reason: percent})
    monkeypatch.setattr(policies, "terms", lambda *_: stricter)
    for _ in range(2):
        await house.given(series_released(held, reason))
        await house.run_errands("pay-refund")
    back = 7 * UNIT - fee
    assert await balances(house) == {1000: 8 * UNIT - back, 4000: -UNIT, 4100: -fee}
    assert (await invoice(house))["status"] == "refunded"
    assert [amount for _, amount in sending.sent] == ([back] if back else [])
    by = "SELECT count(*) FROM refund WHERE terms = 'halcyon-default/1'"
    assert await house.count(by) == bool(back)


async def test_a_stopped_plan_gives_back_all_that_was_not_delivered(
    house: House, desk: RefundDesk
) -> None:
    _, held = await paid(house, delivered=3)
    await house.given(series_released(held, "plan_stopped"))
    await house.run_errands("refund-payment")
    assert await balances(house) == {1000: 3 * UNIT, 4000: -3 * UNIT}
    assert (await invoice(house))["status"] == "refunded"
    (fact,) = await house.stated()
    assert (type(fact).__name__, fact.minor_units) == ("PaymentRefunded", 5 * UNIT)


async def test_money_for_a_delivered_session_makes_a_new_receipt(
    house: House, desk: RefundDesk
) -> None:
    _, held = await paid(house, delivered=1)
    bill = str(domain.superbill_id(UUID(held.sessions[0].session_id)))

    def goodwill(minor_units: int, code: str = "USD") -> rpc.RequestGoodwillRefundRequest:
        money = nouns.Money(currency_code=code, minor_units=minor_units)
        return rpc.RequestGoodwillRefundRequest(
            request_id=str(uuid4()), superbill_id=bill, amount=money
        )

    for wrong in (goodwill(UNIT + 1), goodwill(1000, "EUR")):
        with pytest.raises(Invalid) as refused:
            await house.call(desk.RequestGoodwillRefund, wrong)
        assert refused.value.reason == "REFUND_ABOVE_PAID"
    request = goodwill(10000)
    await house.call(desk.RequestGoodwillRefund, request)
    await house.run_errands("pay-refund")
    assert await balances(house) == {1000: 350000, 2000: -7 * UNIT, 4000: -35000}
    rows = await house.db.fetch("SELECT version, paid_minor_units FROM superbill ORDER BY 1")
    assert [tuple(row) for row in rows] == [(1, UNIT), (2, 35000)]
    request.amount.minor_units = 9999
    with pytest.raises(AlreadyExists):
        await house.call(desk.RequestGoodwillRefund, request)


async def test_nothing_is_there_for_another_clinic(house: House, desk: RefundDesk) -> None:
    invoice_id, _ = await paid(house)
    asked = (await house.call(desk.RequestRefund, asking(invoice_id))).refund
    calls: list[tuple[Any, Any, str]] = [
        (desk.RequestRefund, asking(invoice_id), "INVOICE_NOT_FOUND"),
        (desk.GetRefund, rpc.GetRefundRequest(refund_id=asked.refund_id), "REFUND_NOT_FOUND"),
        (desk.GetRefund, rpc.GetRefundRequest(refund_id=str(uuid4())), "REFUND_NOT_FOUND"),
        (desk.ListRefunds, rpc.ListRefundsRequest(clinic_id=str(CLINIC)), "NO_SUCH_CLINIC"),
    ]
    for method, request, reason in calls:
        with pytest.raises(NotFound) as refused:
            await house.call(method, request, STRANGER)
        assert refused.value.reason == reason
    listed = await house.call(desk.ListRefunds, rpc.ListRefundsRequest(clinic_id=str(CLINIC)))
    assert [one.refund_id for one in listed.refunds] == [asked.refund_id]


async def test_an_approval_is_not_for_anyone_elses_clinic(house: House, desk: RefundDesk) -> None:
    invoice_id, _ = await paid(house)
    asked = (await house.call(desk.RequestRefund, asking(invoice_id, 0))).refund
    with pytest.raises(NotFound):
        request = rpc.ApproveRefundRequest(refund_id=asked.refund_id)
        await house.call(desk.ApproveRefund, request, STRANGER)


def stamp(at: datetime) -> Timestamp:
    made = Timestamp()
    made.FromDatetime(at)
    return made


START = datetime(2026, 12, 1, 16, tzinfo=UTC)


def absence(invoice_id: str, session_id: str, **changes: Any) -> rpc.ChargeMissedSessionRequest:
    about = {"missed": states.MISSED_REASON_NO_SHOW, "session_start_time": stamp(START)}
    return rpc.ChargeMissedSessionRequest(
        invoice_id=invoice_id, session_id=session_id, **{**about, **changes}
    )


async def test_a_no_show_forfeits_the_session_and_can_be_taken_back(
    house: House, desk: RefundDesk
) -> None:
    invoice_id, held = await paid(house)
    session = held.sessions[0].session_id
    for _ in range(2):
        request = absence(invoice_id, session)
        fee = (await house.call(desk.ChargeMissedSession, request)).fee
    assert (fee.amount.minor_units, fee.settled_by) == (UNIT, "forfeit")
    assert await balances(house) == {1000: 8 * UNIT, 2000: -7 * UNIT, 4100: -UNIT}
    back = rpc.ReverseMissedSessionFeeRequest(session_id=session)
    for _ in range(2):
        await house.call(desk.ReverseMissedSessionFee, back)
    assert await balances(house) == {1000: 8 * UNIT, 2000: -8 * UNIT}
    assert (await invoice(house))["forfeited_count"] == 0


async def test_a_late_cancellation_is_owed_and_remembered_kindly(
    house: House, desk: RefundDesk
) -> None:
    invoice_id, held = await paid(house)
    late = absence(
        invoice_id,
        held.sessions[0].session_id,
        missed=states.MISSED_REASON_CANCELLED,
        notice_time=stamp(START - timedelta(hours=30)),
    )
    fee = (await house.call(desk.ChargeMissedSession, late)).fee
    assert (fee.amount.minor_units, fee.settled_by, fee.notice_minutes) == (5000, "owed", 1800)
    assert (await balances(house))[1100] == 5000
    waived = absence(invoice_id, held.sessions[1].session_id, waiver="illness")
    fee = (await house.call(desk.ChargeMissedSession, waived)).fee
    assert (fee.amount.minor_units, fee.waiver) == (0, "illness")
    with pytest.raises(NotAllowed) as refused:
        unknown = absence(invoice_id, held.sessions[2].session_id, waiver="bored")
        await house.call(desk.ChargeMissedSession, unknown)
    assert refused.value.reason == "WAIVER_UNKNOWN"
    for _ in range(3):
        await house.meet("remind-of-balance", UUID(invoice_id))
    assert await house.count("SELECT count(*) FROM due WHERE name = 'remind-of-balance'") == 1
    await house.meet("remind-of-balance", UUID(invoice_id))
    rows = await house.db.fetch("SELECT number, minor_units FROM reminder ORDER BY number")
    assert [tuple(row) for row in rows] == [(1, 5000), (2, 5000), (3, 5000)]


async def test_a_clinic_chooses_its_terms(house: House, desk: RefundDesk) -> None:
    invoice_id, held = await paid(house)
    request = rpc.UpdateClinicTermsRequest(clinic_id=str(CLINIC), terms_name="halcyon-claw-back")
    assert (await house.call(desk.UpdateClinicTerms, request)).terms == "halcyon-claw-back/1"
    late = absence(
        invoice_id,
        held.sessions[0].session_id,
        missed=states.MISSED_REASON_CANCELLED,
        notice_time=stamp(START - timedelta(hours=71)),
    )
    fee = (await house.call(desk.ChargeMissedSession, late)).fee
    assert (fee.amount.minor_units, fee.waiver) == (0, "grace")
    late.session_id = held.sessions[1].session_id
    fee = (await house.call(desk.ChargeMissedSession, late)).fee
    assert (fee.amount.minor_units, fee.terms) == (15000, "halcyon-claw-back/1")
    wrong = rpc.UpdateClinicTermsRequest(clinic_id=str(CLINIC), terms_name="no-such")
    with pytest.raises(Invalid) as refused:
        await house.call(desk.UpdateClinicTerms, wrong)
    assert refused.value.reason == "INVALID_TERMS"
