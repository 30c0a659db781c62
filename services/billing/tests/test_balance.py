"""A balance taken apart: who pays what first, what is due today, what can be let go."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid5

import pytest

from services.billing import domain
from services.billing.domain import Debt, Invoice, Money, Purpose, Rule, Status
from services.billing.tests.examples import NOW, SERIES, need

UNIT = 45000


def invoice(**changes: int | Status) -> Invoice:
    """Four sessions, half of their price paid by a deposit."""
    issued = domain.issue_for(need(session_count=4), None, Money(UNIT), NOW).invoice
    assert issued
    sold = {"status": Status.PAID, "outstanding": 2 * UNIT, **changes}
    return issued._replace(**sold)  # type: ignore[arg-type]


PLAN = [
    domain.Instalment(
        payment_id=uuid5(SERIES, f"instalment/{number}"),
        invoice_id=invoice().invoice_id,
        attempt=1,
        number=number,
        amount=Money(UNIT),
        due_time=NOW + number * timedelta(days=14),
        policy="payment-plan/1",
    )
    for number in (1, 2)
]


def posted(*told: tuple[Rule, int]) -> list[domain.Entry]:
    causes = [uuid5(SERIES, str(number)) for number in range(len(told))]
    return [
        domain.post(rule, cause, invoice(), amount, NOW)
        for cause, (rule, amount) in zip(causes, told, strict=True)
    ]


CREDIT, FEE = (Rule.SELL_ON_CREDIT, 90000), (Rule.CHARGE_FEE, 5000)


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ([], Debt()),
        ([CREDIT], Debt(90000)),
        ([CREDIT, FEE], Debt(95000, fees=5000)),
        ([CREDIT, FEE, (Rule.PAY_INSTALMENT, 45000)], Debt(50000, fees=5000)),
        ([CREDIT, FEE, (Rule.PAY_BALANCE, 4000)], Debt(91000, fees=1000)),
        ([CREDIT, FEE, (Rule.TAKE_BALANCE, 6000)], Debt(89000)),
        ([CREDIT, (Rule.PAY_BALANCE, 5000), FEE], Debt(90000, fees=5000)),
        ([CREDIT, (Rule.CHARGE_ITEM, 700), FEE], Debt(95700, fees=5700)),
        ([CREDIT, FEE, (Rule.WRITE_OFF, 8000)], Debt(87000, forgiven=3000, waived=5000)),
        ([CREDIT, FEE, (Rule.WRITE_OFF, 2000)], Debt(93000, fees=3000, waived=2000)),
    ],
)
def test_fees_are_paid_before_sessions_and_instalments_pay_none(
    told: list[tuple[Rule, int]], found: Debt
) -> None:
    assert domain.debt(posted(*told)) == found


@pytest.mark.parametrize(
    ("days", "due"),
    [(0, 5000), (13, 5000), (14, 50000), (27, 50000), (28, 95000), (400, 95000)],
)
def test_an_instalment_is_due_from_its_moment_on(days: int, due: int) -> None:
    moment = NOW + timedelta(days=days)
    owed = domain.payable(invoice(), Debt(95000, fees=5000))
    assert domain.due(invoice(), owed, PLAN, [], moment) == Money(due)


def test_what_is_on_its_way_is_not_asked_for_twice() -> None:
    asked = domain.ask_instalment(invoice(), PLAN[0], None, PLAN[0].due_time, plan=PLAN).payment
    assert asked
    owed = domain.payable(invoice(), Debt(95000, fees=5000))
    moment = PLAN[0].due_time
    for status, due in (("pending", 5000), ("unknown", 5000), ("failed", 50000)):
        known = asked._replace(status=domain.PaymentStatus(status))
        assert domain.due(invoice(), owed, PLAN, [known], moment) == Money(due)
    assert asked.purpose is Purpose.INSTALMENT


@pytest.mark.parametrize(
    ("changes", "owed", "payable", "forgivable"),
    [
        ({}, 90000, 90000, 0),
        ({"delivered_count": 3}, 90000, 90000, 45000),
        ({"delivered_count": 4}, 90000, 90000, 90000),
        ({"delivered_count": 3, "outstanding": 45000}, 50000, 50000, 5000),
        ({"status": Status.ISSUED, "outstanding": 0, "receivable": 45000}, 50000, 5000, 5000),
        ({"status": Status.VOID, "outstanding": 0, "receivable": 45000}, 50000, 50000, 50000),
    ],
)
def test_sessions_to_come_are_not_written_off_nor_an_open_price_paid_apart(
    changes: dict[str, int | Status], owed: int, payable: int, forgivable: int
) -> None:
    about = invoice(**changes)
    assert domain.payable(about, Debt(owed)) == Money(payable)
    assert domain.forgivable(about, Debt(owed)) == Money(forgivable)


@pytest.mark.parametrize(("tries", "days"), [(1, 3), (2, 7), (3, None)])
def test_a_declined_instalment_is_tried_again_as_its_policy_says(
    tries: int, days: int | None
) -> None:
    one = replace(PLAN[0], tries=tries)
    policy = domain.PlanPolicy(
        name="payment-plan", version=1, first=NOW.date(), last=None, deposit_percent=20,
        most_instalments=6, most_days_between=31, retry_days=(3, 7), source="a test",
    )  # fmt: skip
    again, moment = domain.ask_later(one, [policy], NOW)
    assert moment == (NOW + timedelta(days=days) if days else None)
    assert (again.key != one.key) is bool(days)
