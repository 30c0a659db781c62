"""The journal's own questions: statements, payouts, balances, breakage, the end of a period."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from chassis.mishaps import DatabaseFault
from chassis.refusal import AlreadyExists, Invalid, NotAllowed, NotFound
from chassis.testing import House, somebody
from halcyon.billing.v1 import billing_pb2 as nouns
from halcyon.billing.v1 import ledger_service_pb2 as rpc
from halcyon.billing.v1.refund_service_pb2 import ReverseMissedSessionFeeRequest
from services.billing import domain, gateway
from services.billing.api import Ledger, RefundDesk
from services.billing.gateway import Simulator
from services.billing.tests.examples import (
    CLINIC,
    OTHER_CLINIC,
    PATIENT,
    fee_incurred,
    infusion_completed,
    series_held,
    series_released,
)
from services.billing.tests.journal import balances

UNIT = 45000
STRANGER = somebody("cashier", clinics=frozenset({OTHER_CLINIC}))


@pytest.fixture(autouse=True)
def simulator(monkeypatch: pytest.MonkeyPatch) -> None:
    fresh = Simulator()
    monkeypatch.setattr(gateway, "chosen", lambda: fresh)


@pytest.fixture
def ledger(house: House) -> Ledger:
    return Ledger(house.db)


def usd(minor_units: int) -> nouns.Money:
    return nouns.Money(currency_code="USD", minor_units=minor_units)


async def paid(house: House, delivered: int = 0) -> str:
    held = series_held(sessions=4)
    await house.given(held)
    await house.run_errands("collect-payment")
    for number in range(1, delivered + 1):
        await house.given(infusion_completed(held, number))
    return str(domain.invoice_id(UUID(held.series_id)))


async def owing(house: House) -> str:
    """One session delivered that nobody has paid, and whose series ended."""
    held = series_held(sessions=4)
    await house.given(held)
    await house.given(infusion_completed(held, 1))
    await house.given(series_released(held, "hold_expired"))
    return str(domain.invoice_id(UUID(held.series_id)))


async def test_a_statement_is_what_the_journal_says(house: House, ledger: Ledger) -> None:
    first, second = await paid(house, 2), await owing(house)
    request = rpc.GetStatementRequest(patient_id=str(PATIENT))
    found = (await house.call(ledger.GetStatement, request)).statement
    assert [line.rule for line in found.lines] == [
        "sell_package", "deliver_session", "deliver_session", "deliver_unpaid",
    ]  # fmt: skip
    assert (found.owed, found.prepaid, found.paid) == (usd(UNIT), usd(2 * UNIT), usd(4 * UNIT))
    assert [(one.invoice_id, one.unused_count) for one in found.entitlements] == [
        (first, 2), (second, 3),
    ]  # fmt: skip
    assert [one.prepaid.minor_units for one in found.entitlements] == [2 * UNIT, 0]
    assert sum(line.owed_change.minor_units for line in found.lines) == UNIT
    assert sum(line.prepaid_change.minor_units for line in found.lines) == 2 * UNIT
    nothing = (await house.call(ledger.GetStatement, request, STRANGER)).statement
    assert not nothing.lines
    assert not nothing.entitlements


async def test_a_payout_is_posted_once(house: House, ledger: Ledger) -> None:
    await paid(house)
    request = rpc.RecordPayoutRequest(
        clinic_id=str(CLINIC), reference="po_1", gross=usd(4 * UNIT), fee_minor_units=5250
    )
    first = await house.call(ledger.RecordPayout, request)
    assert await house.call(ledger.RecordPayout, request) == first
    assert await balances(house) == {1010: 4 * UNIT - 5250, 2000: -4 * UNIT, 5000: 5250}
    request.fee_minor_units = 5251
    with pytest.raises(AlreadyExists):
        await house.call(ledger.RecordPayout, request)
    request.reference, request.fee_minor_units = "po_2", 4 * UNIT + 1
    with pytest.raises(Invalid):
        await house.call(ledger.RecordPayout, request)
    with pytest.raises(NotFound):
        await house.call(ledger.RecordPayout, request, STRANGER)


async def test_a_balance_is_paid_or_written_off_up_to_what_is_owed(
    house: House, ledger: Ledger
) -> None:
    invoice_id = await owing(house)
    too_much = rpc.RecordBalancePaymentRequest(
        request_id=str(uuid4()), invoice_id=invoice_id, amount=usd(UNIT + 1)
    )
    with pytest.raises(Invalid) as refused:
        await house.call(ledger.RecordBalancePayment, too_much)
    assert refused.value.reason == "ABOVE_BALANCE"
    payment = rpc.RecordBalancePaymentRequest(
        request_id=str(uuid4()), invoice_id=invoice_id, amount=usd(20000)
    )
    for _ in range(2):
        owed = (await house.call(ledger.RecordBalancePayment, payment)).owed
    assert owed == usd(UNIT - 20000)
    rest = rpc.WriteOffBalanceRequest(request_id=str(uuid4()), invoice_id=invoice_id, amount=owed)
    assert (await house.call(ledger.WriteOffBalance, rest)).owed == usd(0)
    assert await balances(house) == {1010: 20000, 4000: -UNIT, 5100: 25000}
    payment.amount.minor_units = 1
    with pytest.raises(AlreadyExists):
        await house.call(ledger.RecordBalancePayment, payment)


async def test_a_fee_that_was_paid_and_taken_back_is_given_back(
    house: House, ledger: Ledger
) -> None:
    held, fee = series_held(sessions=4), usd(5000)
    invoice_id = str(domain.invoice_id(UUID(held.series_id)))
    await house.given(held)
    await house.run_errands("collect-payment")
    await house.given(fee_incurred(held))
    at_desk = rpc.RecordBalancePaymentRequest(
        request_id=str(uuid4()), invoice_id=invoice_id, amount=fee
    )
    await house.call(ledger.RecordBalancePayment, at_desk)
    back = rpc.ReturnCreditRequest(request_id=str(uuid4()), invoice_id=invoice_id, amount=fee)
    with pytest.raises(Invalid) as refused:
        await house.call(ledger.ReturnCredit, back)
    assert refused.value.reason == "ABOVE_BALANCE"
    reverse = ReverseMissedSessionFeeRequest(session_id=held.sessions[0].session_id)
    await house.call(RefundDesk(house.db).ReverseMissedSessionFee, reverse)
    assert (await balances(house))[1100] == -5000, "a credit"
    with pytest.raises(NotFound):
        await house.call(ledger.ReturnCredit, back, STRANGER)
    for _ in range(2):
        assert (await house.call(ledger.ReturnCredit, back)).owed == usd(0)
    assert await balances(house) == {1000: 4 * UNIT, 2000: -4 * UNIT}
    back.request_id = str(uuid4())
    with pytest.raises(Invalid):
        await house.call(ledger.ReturnCredit, back)


async def test_a_session_of_an_open_invoice_is_paid_with_its_price(
    house: House, ledger: Ledger
) -> None:
    held = series_held(sessions=4)
    await house.given(held)
    await house.given(infusion_completed(held, 1))
    for kind, call in (
        (rpc.RecordBalancePaymentRequest, ledger.RecordBalancePayment),
        (rpc.WriteOffBalanceRequest, ledger.WriteOffBalance),
    ):
        invoice_id = str(domain.invoice_id(UUID(held.series_id)))
        asked = kind(request_id=str(uuid4()), invoice_id=invoice_id, amount=usd(1))
        with pytest.raises(Invalid):
            await house.call(call, asked)
    await house.run_errands("collect-payment")
    assert await balances(house) == {1000: 4 * UNIT, 2000: -3 * UNIT, 4000: -UNIT}


async def test_a_price_that_comes_after_its_sessions_were_paid_goes_back(
    house: House, ledger: Ledger
) -> None:
    held = series_held(sessions=4)
    await house.given(held)
    await house.given(infusion_completed(held, 1))
    await house.given(series_released(held, "hold_expired"))
    asked = rpc.RecordBalancePaymentRequest(
        request_id=str(uuid4()),
        invoice_id=str(domain.invoice_id(UUID(held.series_id))),
        amount=usd(UNIT),
    )
    await house.call(ledger.RecordBalancePayment, asked)
    await house.run_errands("collect-payment")
    await house.run_errands("refund-payment")
    assert await balances(house) == {1010: UNIT, 4000: -UNIT}
    assert await house.count("SELECT count(*) FROM payment WHERE status = 'refunded'") == 1


async def test_unused_sessions_expire_once(house: House, ledger: Ledger) -> None:
    await paid(house, 1)
    request = rpc.ExpirePackagesRequest(clinic_id=str(CLINIC))
    assert (await house.call(ledger.ExpirePackages, request)).expired_count == 0
    house.db.travel(timedelta(days=366))
    counts = [(await house.call(ledger.ExpirePackages, request)).expired_count for _ in range(2)]
    assert counts == [1, 0]
    assert await balances(house) == {1000: 4 * UNIT, 4000: -UNIT, 4200: -3 * UNIT}


def closing(until: datetime) -> rpc.ClosePeriodRequest:
    stamp = Timestamp()
    stamp.FromDatetime(until)
    return rpc.ClosePeriodRequest(clinic_id=str(CLINIC), until_time=stamp)


async def test_a_closed_period_takes_no_more_entries(house: House, ledger: Ledger) -> None:
    await paid(house, 1)
    until = datetime.now(UTC) + timedelta(hours=1)
    with pytest.raises(Invalid) as refused:
        await house.call(ledger.ClosePeriod, closing(until))
    assert refused.value.reason == "INVALID_PERIOD"
    house.db.travel(timedelta(hours=2))
    closed = [(await house.call(ledger.ClosePeriod, closing(until))).period for _ in range(2)]
    assert closed[0] == closed[1]
    assert sum(one.balance.minor_units for one in closed[0].balances) == 0
    with pytest.raises(NotAllowed) as backwards:
        await house.call(ledger.ClosePeriod, closing(until - timedelta(seconds=1)))
    assert backwards.value.reason == "PERIOD_CLOSED"
    await paid(house, 1)
    before = await balances(house)
    house.db.travel(timedelta(hours=-2))
    with pytest.raises(DatabaseFault) as late:
        await paid(house)
    assert late.value.sqlstate == "23001"
    assert await balances(house) == before
    request = rpc.ListClosedPeriodsRequest(clinic_id=str(CLINIC))
    assert list((await house.call(ledger.ListClosedPeriods, request)).periods) == [closed[0]]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE closed_period SET closed_by = 'x'",
        "DELETE FROM closed_period",
        "TRUNCATE closed_period",
    ],
)
async def test_a_closed_period_stays_closed(house: House, ledger: Ledger, change: str) -> None:
    await paid(house, 1)
    await house.call(ledger.ClosePeriod, closing(datetime.now(UTC) - timedelta(hours=1)))
    with pytest.raises(DatabaseFault) as refused:
        await house.as_owner(change)
    assert refused.value.sqlstate == "23001"
