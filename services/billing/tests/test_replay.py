"""A database rebuilt from what was heard and asked has the same journal, entry by entry.

The gateway is silent at other moments the second time, so no silence may decide how money ends.
"""

import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any
from uuid import UUID, uuid5

import pytest
from google.protobuf.message import Message

from chassis.embedded import Servers
from chassis.refusal import Busy, Refusal
from chassis.testing import House, open_house, somebody
from halcyon.billing.v1 import ledger_service_pb2 as ledger
from halcyon.billing.v1 import payment_service_pb2 as till
from halcyon.billing.v1 import refund_pb2 as states
from halcyon.billing.v1 import refund_service_pb2 as rpc
from services.billing import domain, gateway
from services.billing.api import Ledger, Payments, RefundDesk
from services.billing.domain import Charge, Collected, Declined, Refunded
from services.billing.gateway import GatewayAway, Simulator
from services.billing.tests.examples import (
    SERIES,
    fee_incurred,
    infusion_completed,
    series_held,
    series_released,
)
from services.billing.tests.journal import balances
from services.billing.tests.test_disputes import told
from services.billing.tests.test_ledger import usd
from services.billing.tests.test_packages import buying
from services.billing.tests.test_refunds import absence

_ENTRIES = "SELECT entry_id, accounts, amounts FROM journal_entry ORDER BY entry_id"
_NEGATIVE = """
SELECT count(*) FROM invoice
WHERE delivered_count + refunded_count + forfeited_count > session_count
"""
_DEFERRED = """
SELECT coalesce(sum(unit_minor_units
    * (session_count - delivered_count - refunded_count - forfeited_count)), 0)::bigint
FROM invoice WHERE status = 'paid'
"""
_INSTALMENT = "SELECT payment_id FROM instalment WHERE number = $1"
ERRANDS = ("keep-card", "collect-payment", "reconcile-payment", "refund-payment", "pay-refund")
Step = Callable[[House, bool], Awaitable[None]]


class Moody(Simulator):
    """The key alone decides what is answered; whether an answer comes at all, the dice do.

    Every verb agrees about a key, as the port demands: a silence is met by `find`, and a gateway
    that declined to one and collected to the other would end a payment by the fall of the dice.
    """

    def __init__(self, dice: random.Random) -> None:
        super().__init__()
        self.dice = dice

    async def collect(self, charge: Charge) -> Collected | Declined:
        self._maybe_silent()
        return self._decided(charge)

    async def find(self, charge: Charge) -> Collected | Declined:
        self._maybe_silent()
        return self._decided(charge)

    async def cancel(self, charge: Charge) -> Collected | Declined:
        self._maybe_silent()
        return self._decided(charge)

    async def refund(self, charge: Charge) -> Refunded | Declined:
        self._maybe_silent()
        closed = (charge.key or charge.payment_id).int % 4 == 0
        return Declined("closed_card") if closed else Refunded()

    @staticmethod
    def _decided(charge: Charge) -> Collected | Declined:
        return Declined("card_declined") if charge.payment_id.int % 5 == 0 else Collected()

    def _maybe_silent(self) -> None:
        if self.dice.random() < 0.3:
            raise GatewayAway


def hearing(fact: Message) -> Step:
    async def hear(house: House, twice: bool) -> None:
        for _ in range(1 + twice):
            await house.given(fact)

    return hear


def asking(method: str, request: Message, person: str = "one") -> Step:
    async def ask(house: House, twice: bool) -> None:
        caller = somebody()
        object.__setattr__(caller, "subject", person)
        for _ in range(1 + twice):
            desk = next(one for one in (RefundDesk, Payments, Ledger) if hasattr(one, method))
            try:
                await house.call(getattr(desk(house.db), method), request, caller)
            except Refusal:
                return

    return ask


async def errands(house: House, twice: bool) -> None:
    """Until the gateway has answered about everything that waits for it."""
    for name in ERRANDS:
        for _ in range(200):
            if not await house.count("SELECT count(*) FROM errand WHERE name = $1", name):
                break
            with suppress(Busy):
                await house.run_errands(name)
        else:
            raise AssertionError(name)


def history(dice: random.Random) -> list[Step]:
    """Three series of one clinic, and everything that may happen to their money.

    The first is paid in parts from a card on file, a package covers the second.
    """
    ids = random.Random(dice.random())
    held = [series_held(UUID(int=ids.getrandbits(128)), sessions=4) for _ in range(3)]
    steps = [*_in_parts(held[0]), *_prepaid(held[1]), hearing(held[2]), errands]
    for number in range(36):
        one = dice.choice(held)
        steps += [dice.choice(_happenings(one, number, dice)), errands]
    return steps


def _in_parts(held: Any) -> list[Step]:
    about = {"invoice_id": _invoice(held), "request_id": str(uuid5(SERIES, held.series_id))}
    plan = till.StartPaymentPlanRequest(
        **about, deposit=usd(60000), instalment_count=3, days_between=14
    )
    card = till.SaveCardRequest(**about, token="pm_card_1", consent="card-on-file/1")
    return [hearing(held), asking("SaveCard", card), asking("StartPaymentPlan", plan)]


def _prepaid(held: Any) -> list[Step]:
    bought = buying(held, request_id=str(uuid5(SERIES, held.series_id)))
    schedule = uuid5(UUID(held.patient_id), f"package/{bought.request_id}")
    covered = till.ApplyPackageRequest(
        invoice_id=_invoice(held), package_invoice_id=str(domain.invoice_id(schedule))
    )
    sold = [asking("SellPackage", bought), errands]
    return [*sold, hearing(held), asking("ApplyPackage", covered)]


def _instalment(number: int) -> Step:
    async def falls_due(house: House, twice: bool) -> None:
        (row,) = await house.db.fetch(_INSTALMENT, number)
        for _ in range(1 + twice):
            await house.meet("collect-instalment", row[0])

    return falls_due


def _invoice(held: Any) -> str:
    return str(domain.invoice_id(UUID(held.series_id)))


def _balances(invoice_id: str, request: UUID, dice: random.Random) -> list[Step]:
    """Fees come about, are taken from the card or paid at the desk, forgiven, or given back."""
    once, some = str(request), usd(dice.choice([2500, 5000]))
    charge = till.ChargeBalanceRequest(invoice_id=invoice_id, request_id=once)
    cleared: dict[str, Callable[..., Message]] = {
        "RecordBalancePayment": ledger.RecordBalancePaymentRequest,
        "WriteOffBalance": ledger.WriteOffBalanceRequest,
        "ReturnCredit": ledger.ReturnCreditRequest,
    }
    return [asking("ChargeBalance", charge)] + [
        asking(method, request_of(invoice_id=invoice_id, request_id=once, amount=some))
        for method, request_of in cleared.items()
    ]


def _happenings(one: Any, number: int, dice: random.Random) -> list[Step]:
    invoice = domain.invoice_id(UUID(one.series_id))
    payment, request = domain.payment_id(invoice, 1), uuid5(invoice, f"request/{number}")
    session = one.sessions[dice.randint(0, 3)].session_id
    bill = str(domain.superbill_id(UUID(session)))
    refund = str(domain.refund_id(invoice, request))
    whole = rpc.RequestRefundRequest(
        request_id=str(request), invoice_id=str(invoice), reason="patient_request",
        session_count=dice.randint(0, 2),
    )  # fmt: skip
    small = rpc.RequestGoodwillRefundRequest(
        request_id=str(request), superbill_id=bill,
        amount=usd(dice.randint(1, 20000)),
    )  # fmt: skip
    dispute = str(domain.dispute_id(payment, "dp_1"))
    outcome = dice.choice([states.DISPUTE_STATUS_WON, states.DISPUTE_STATUS_LOST])

    async def refund_by_two(house: House, twice: bool) -> None:
        await asking("RequestRefund", whole)(house, twice)
        approval = rpc.ApproveRefundRequest(refund_id=refund)
        await asking("ApproveRefund", approval, "two")(house, twice)

    return [
        *_balances(str(invoice), request, dice),
        _instalment(dice.randint(1, 3)),
        hearing(fee_incurred(one, dice.randint(1, 4))),
        hearing(infusion_completed(one, dice.randint(1, 4))),
        hearing(infusion_completed(one, dice.randint(1, 4), minutes=120, revision=3)),
        hearing(series_released(one, "referral_cancelled", revision=number + 2)),
        refund_by_two,
        asking("RequestGoodwillRefund", small),
        asking("ChargeMissedSession", absence(str(invoice), session)),
        asking("ReverseMissedSessionFee", rpc.ReverseMissedSessionFeeRequest(session_id=session)),
        asking("RecordDispute", told(str(payment), 45000)),
        asking("DecideDispute", rpc.DecideDisputeRequest(dispute_id=dispute, outcome=outcome)),
    ]


@pytest.mark.parametrize("seed", range(8))
async def test_everything_heard_again_makes_the_same_journal(
    servers: Servers, house: House, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    steps = history(random.Random(seed))
    first, second = Moody(random.Random(seed)), Moody(random.Random(seed + 1000))
    monkeypatch.setattr(gateway, "chosen", lambda: first)
    for step in steps:
        await step(house, False)
        assert sum((await balances(house)).values()) == 0
        assert -(await balances(house)).get(2000, 0) == await house.count(_DEFERRED)
        assert await house.count(_NEGATIVE) == 0
    monkeypatch.setattr(gateway, "chosen", lambda: second)
    async with open_house(servers, "billing") as empty:
        for step in steps:
            await step(empty, True)
        kept, made = await house.db.fetch(_ENTRIES), await empty.db.fetch(_ENTRIES)
        assert [tuple(row) for row in made] == [tuple(row) for row in kept]
        assert len(kept) > 4
        assert await balances(empty) == await balances(house)
