"""Paying at the desk, or in parts: a deposit confirms the series, instalments follow."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID, uuid5

from chassis.refusal import AlreadyExists, Invalid, NotAllowed, NotFound, Violation
from services.billing.domain.collecting import AT_GATEWAY
from services.billing.domain.decision import (
    NOTHING,
    Decision,
    PaymentCollected,
    PaymentRequested,
    stating,
)
from services.billing.domain.invoice import (
    Invoice,
    Method,
    Payment,
    PaymentStatus,
    Purpose,
    Status,
)
from services.billing.domain.journal import Entry, Rule, post
from services.billing.domain.money import Money
from services.billing.domain.pricing import Term

_APART = 1000
"""Instalments are no tries at the whole price: their numbers lie apart."""
_OPEN = (Status.ISSUED, Status.PAYMENT_FAILED)
_SOLD = {Method.CASH: Rule.SELL_FOR_CASH, Method.CARD_TERMINAL: Rule.SELL_PACKAGE}


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
class Last:
    """The payment that an invoice asked for last, and whether a gateway may have heard of it."""

    payment: Payment
    unsent: bool


@dataclass(frozen=True, slots=True)
class AtDesk:
    """Money that somebody took in their hand, or with the card terminal."""

    request_id: UUID
    method: Method
    amount: Money


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
    """A part of the price that falls due later; its id is the key of its payment."""

    payment_id: UUID
    invoice_id: UUID
    attempt: int
    number: int
    amount: Money
    due_time: datetime
    policy: str


def plan_policy(policies: Sequence[PlanPolicy], day: date) -> PlanPolicy:
    """The newest policy of a day."""
    found = [policy for policy in policies if policy.term.covers(day)]
    if not found:
        raise NotFound("POLICY_NOT_FOUND", "No plan policy is in force on that day.")
    return max(found, key=lambda policy: policy.version)


def pay_at_desk(
    invoice: Invoice, last: Last, paid: AtDesk, earlier: Payment | None, now: datetime
) -> Decision:
    """The whole price at once; what was asked for online is called off."""
    if earlier is not None:
        return _same(earlier, paid.amount, paid.method)
    must_be_open(invoice)
    if paid.amount != invoice.total:
        total = invoice.total
        wanted = f"must be {total.minor_units} minor units of {total.currency_code}"
        raise _invalid("amount", wanted)
    settled = stating(
        replace(invoice, status=Status.PAID, attempt=invoice.attempt + 1, receivable=0), now
    )
    payment = replace(
        _payment(settled, paid.request_id, paid.amount, now),
        status=PaymentStatus.COLLECTED,
        method=paid.method,
    )
    return Decision(
        invoice=settled,
        payment=payment,
        earlier=called_off(last, now),
        entries=_sold(_SOLD[paid.method], payment, invoice, now),
        events=(PaymentCollected(settled, payment),),
    )


def start_plan(
    invoice: Invoice,
    last: Last,
    asked: PlanAsked,
    earlier: Payment | None,
    now: datetime,
) -> tuple[Decision, tuple[Instalment, ...]]:
    """A deposit is asked for instead of the whole; the series is confirmed when it has come."""
    if earlier is not None:
        return _same(earlier, asked.deposit, Method.ONLINE), ()
    must_be_open(invoice)
    _check(asked, invoice.total)
    again = stating(replace(invoice, status=Status.ISSUED, attempt=invoice.attempt + 1), now)
    deposit = _payment(again, asked.request_id, asked.deposit, now)
    deposit = replace(deposit, purpose=Purpose.DEPOSIT)
    decision = Decision(
        invoice=again,
        payment=deposit,
        earlier=called_off(last, now),
        events=(PaymentRequested(again, deposit),),
    )
    return decision, tuple(_instalments(again, asked, now))


def ask_instalment(
    invoice: Invoice,
    instalment: Instalment,
    known: Payment | None,
    now: datetime,
    card: str = "",
) -> Decision:
    """Due: at most what is still owed, and nothing under a plan that has been replaced.

    From the card on file when there is one, else the payer is asked.
    """
    owed = min(instalment.amount.minor_units, invoice.outstanding)
    if known is not None or invoice.attempt != instalment.attempt or not owed:
        return NOTHING
    payment = Payment(
        payment_id=instalment.payment_id,
        invoice_id=invoice.invoice_id,
        attempt=instalment.attempt * _APART + instalment.number,
        amount=Money(owed, instalment.amount.currency_code),
        purpose=Purpose.INSTALMENT,
        card=card,
        request_time=now,
        update_time=now,
    )
    return Decision(payment=payment)


def must_be_open(invoice: Invoice) -> None:
    """What is paid or void takes no money."""
    if invoice.status not in _OPEN:
        status = {"status": invoice.status.upper()}
        raise NotAllowed("WRONG_STATE", "Only an unpaid invoice can be paid.", status)


def _check(asked: PlanAsked, total: Money) -> None:
    policy = asked.policy
    least = -(-total.minor_units * policy.deposit_percent // 100)
    parts, days = policy.most_instalments, policy.most_days_between
    if asked.deposit.currency_code != total.currency_code:
        raise _invalid("deposit.currency_code", f"must be {total.currency_code}")
    if not least <= asked.deposit.minor_units < total.minor_units:
        wanted = f"must be from {least} to {total.minor_units - 1} minor units"
        raise _invalid("deposit.minor_units", wanted)
    if not 1 <= asked.instalments <= parts:
        raise _invalid("instalment_count", f"must be from 1 to {parts}")
    if not 1 <= asked.days_between <= days:
        raise _invalid("days_between", f"must be from 1 to {days}")
    if asked.instalments > total.minor_units - asked.deposit.minor_units:
        raise _invalid("instalment_count", "leaves nothing for an instalment")


def _instalments(invoice: Invoice, asked: PlanAsked, now: datetime) -> Sequence[Instalment]:
    left = Money(invoice.total.minor_units - asked.deposit.minor_units, invoice.total.currency_code)
    return [
        Instalment(
            payment_id=uuid5(invoice.invoice_id, f"instalment/{invoice.attempt}/{number}"),
            invoice_id=invoice.invoice_id,
            attempt=invoice.attempt,
            number=number,
            amount=left.part(number, asked.instalments),
            due_time=now + number * timedelta(days=asked.days_between),
            policy=asked.policy.label,
        )
        for number in range(1, asked.instalments + 1)
    ]


def _payment(invoice: Invoice, request_id: UUID, amount: Money, now: datetime) -> Payment:
    return Payment(
        payment_id=invoice.payment_id,
        invoice_id=invoice.invoice_id,
        attempt=invoice.attempt,
        amount=amount,
        request_id=request_id,
        request_time=now,
        update_time=now,
    )


def _sold(rule: Rule, payment: Payment, invoice: Invoice, now: datetime) -> tuple[Entry, ...]:
    amount = payment.amount.minor_units
    entries = (post(rule, payment.payment_id, invoice, amount, now),)
    if owed := invoice.receivable:
        return *entries, post(Rule.SETTLE_RECEIVABLE, payment.payment_id, invoice, owed, now)
    return entries


def called_off(last: Last, now: datetime) -> Payment | None:
    """What is at the gateway still; only it knows whether the money was taken."""
    if last.payment.status not in AT_GATEWAY:
        return None
    status = PaymentStatus.CANCELLED if last.unsent else PaymentStatus.CANCELLING
    return replace(last.payment, status=status, update_time=now)


def _same(earlier: Payment, amount: Money, method: Method) -> Decision:
    if (earlier.amount, earlier.method) != (amount, method):
        raise AlreadyExists("REQUEST_ID_REUSED", "This request id was used for another payment.")
    return NOTHING


def _invalid(field: str, wanted: str) -> Invalid:
    return Invalid("INVALID_PAYMENT", "The payment breaks a rule.", (Violation(field, wanted),))
