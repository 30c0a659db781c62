"""Paying in parts: a deposit confirms the series, instalments follow, and are tried again."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from chassis.ids import named
from chassis.refusal import NotFound
from services.billing.domain.decision import NOTHING, Decision, PaymentRequested, stating
from services.billing.domain.invoice import (
    Invoice,
    Method,
    Payment,
    PaymentStatus,
    Purpose,
    Status,
)
from services.billing.domain.money import Money
from services.billing.domain.paying import (
    Last,
    asked_for,
    called_off,
    invalid_payment,
    must_be_open,
    same_payment,
)
from services.billing.domain.pricing import Term

_TRY, _APART = 100, 1000
"""Instalments are no tries at the whole price: their numbers lie apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanPolicy:
    """How a series may be paid in parts."""

    name: str
    version: int
    first: date
    last: date | None
    deposit_percent: int
    most_instalments: int
    most_days_between: int
    retry_days: tuple[int, ...]
    """Days after an instalment failed on which it is asked for again; then it is left to people."""
    source: str

    @property
    def label(self) -> str:
        """Name and version, as decisions record it."""
        return f"{self.name}/{self.version}"

    @property
    def term(self) -> Term:
        """When it is in force."""
        return Term(self.first, self.last)


@dataclass(frozen=True, slots=True)
class PlanAsked:
    """A deposit now, and the rest in so many parts, so many days apart."""

    request_id: UUID
    deposit: Money
    instalments: int
    days_between: int
    policy: PlanPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class Instalment:
    """A part of the price that falls due later; its id is the key of its first payment."""

    payment_id: UUID
    invoice_id: UUID
    attempt: int
    number: int
    amount: Money
    due_time: datetime
    policy: str
    tries: int = 1
    """Which try at it this is."""

    @property
    def key(self) -> UUID:
        """The key of its newest payment: one that was declined stays so under its own key."""
        return instalment_key(self.payment_id, self.tries)


def instalment_key(payment_id: UUID, number: int) -> UUID:
    """The payment of a try at an instalment, which is named by its first."""
    return payment_id if number == 1 else named(payment_id, f"try/{number}")


def plan_policy(policies: Sequence[PlanPolicy], day: date) -> PlanPolicy:
    """The newest policy of a day."""
    found = [policy for policy in policies if policy.term.covers(day)]
    if not found:
        raise NotFound("POLICY_NOT_FOUND", "No plan policy is in force on that day.")
    return max(found, key=lambda policy: policy.version)


def start_plan(
    invoice: Invoice,
    last: Last,
    asked: PlanAsked,
    earlier: Payment | None,
    now: datetime,
) -> tuple[Decision, tuple[Instalment, ...]]:
    """A deposit is asked for instead of the whole; the series is confirmed when it has come."""
    if earlier is not None:
        return same_payment(earlier, asked.deposit, Method.ONLINE), ()
    must_be_open(invoice)
    _check(asked, invoice.total)
    again = stating(invoice._replace(status=Status.ISSUED, attempt=invoice.attempt + 1), now)
    deposit = asked_for(again, asked.request_id, asked.deposit, now)
    deposit = deposit._replace(purpose=Purpose.DEPOSIT)
    decision = Decision(
        invoice=again,
        payment=deposit,
        earlier=called_off(last, now),
        events=(PaymentRequested(again, deposit),),
    )
    return decision, tuple(_instalments(again, asked, now))


def not_yet_due(plan: Sequence[Instalment], now: datetime) -> int:
    """Minor units of a plan that fall due later."""
    return sum(one.amount.minor_units for one in plan if one.due_time > now)


def ask_instalment(  # noqa: PLR0913 - an instalment, its plan, and what it is taken from
    invoice: Invoice,
    instalment: Instalment,
    known: Payment | None,
    now: datetime,
    *,
    plan: Sequence[Instalment] = (),
    card: str = "",
) -> Decision:
    """Due: at most what is owed by today, and nothing under a plan that has been replaced.

    From the card on file when there is one, else the payer is asked.
    """
    later = not_yet_due([one for one in plan if one.number > instalment.number], now)
    owed = min(instalment.amount.minor_units, invoice.outstanding - later)
    if known is not None or invoice.attempt != instalment.attempt or owed <= 0:
        return NOTHING
    payment = Payment(
        payment_id=instalment.key,
        invoice_id=invoice.invoice_id,
        attempt=instalment.attempt * _APART + instalment.number + (instalment.tries - 1) * _TRY,
        amount=Money(owed, instalment.amount.currency_code),
        purpose=Purpose.INSTALMENT,
        card=card,
        request_time=now,
        update_time=now,
    )
    return Decision(payment=payment)


def was_declined(payment: Payment) -> bool:
    """Whether it is an instalment that will not come under this key."""
    return payment.purpose is Purpose.INSTALMENT and payment.status is PaymentStatus.FAILED


def ask_later(
    instalment: Instalment, policies: Sequence[PlanPolicy], now: datetime
) -> tuple[Instalment, datetime | None]:
    """The next try and its moment, by the policy that the plan was made with; None when enough."""
    days = next(one.retry_days for one in policies if one.label == instalment.policy)
    if instalment.tries > len(days):
        return instalment, None
    moment = now + timedelta(days=days[instalment.tries - 1])
    return replace(instalment, tries=instalment.tries + 1), moment


def _check(asked: PlanAsked, total: Money) -> None:
    policy = asked.policy
    least = -(-total.minor_units * policy.deposit_percent // 100)
    parts, days = policy.most_instalments, policy.most_days_between
    if asked.deposit.currency_code != total.currency_code:
        raise invalid_payment("deposit.currency_code", f"must be {total.currency_code}")
    if not least <= asked.deposit.minor_units < total.minor_units:
        wanted = f"must be from {least} to {total.minor_units - 1} minor units"
        raise invalid_payment("deposit.minor_units", wanted)
    if not 1 <= asked.instalments <= parts:
        raise invalid_payment("instalment_count", f"must be from 1 to {parts}")
    if not 1 <= asked.days_between <= days:
        raise invalid_payment("days_between", f"must be from 1 to {days}")
    if asked.instalments > total.minor_units - asked.deposit.minor_units:
        raise invalid_payment("instalment_count", "leaves nothing for an instalment")


def _instalments(invoice: Invoice, asked: PlanAsked, now: datetime) -> Sequence[Instalment]:
    left = Money(invoice.total.minor_units - asked.deposit.minor_units, invoice.total.currency_code)
    return [
        Instalment(
            payment_id=named(invoice.invoice_id, f"instalment/{invoice.attempt}/{number}"),
            invoice_id=invoice.invoice_id,
            attempt=invoice.attempt,
            number=number,
            amount=left.part(number, asked.instalments),
            due_time=now + number * timedelta(days=asked.days_between),
            policy=asked.policy.label,
        )
        for number in range(1, asked.instalments + 1)
    ]
