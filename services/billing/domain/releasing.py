"""A series given back: nothing more is collected for it, and what was not delivered goes back."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.billing.domain.decision import NOTHING, Decision
from services.billing.domain.giving_back import give_back_rest
from services.billing.domain.invoice import Invoice, Payment, PaymentStatus, Status, invoice_id
from services.billing.domain.journal import Rule, post
from services.billing.domain.money import Money
from services.billing.domain.quoting import RefundQuote
from services.billing.domain.sending_back import Asking

ENDS_ALL = frozenset({"referral_cancelled", "plan_stopped"})
"""What ends a series for good; the terms say what each of them costs."""
_MONEY_GOES_BACK = ENDS_ALL | {"paid_too_late"}
_NOBODY_YET = UUID(int=0)
_OUR_OWN_NEWS = "payment_failed"
"""Scheduling's answer to a payment that failed; it does not touch a payment asked for since."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A series that was given back, and why."""

    series_id: UUID
    series_revision: int
    referral_id: UUID
    clinic_id: UUID
    reason: str


def release(  # noqa: PLR0913 - the news, and all that is known of its series
    news: Release,
    known: Invoice | None,
    payment: Payment | None,
    now: datetime,
    *,
    unsent: bool,
    by: Asking | None = None,
    keeping: RefundQuote | None = None,
) -> Decision:
    """Void what is unpaid, give back what is paid and undelivered; older news changes nothing.

    `payment` is the invoice's last one; `unsent` says that no gateway can have heard of it.
    `by` names the payments of one that was paid in parts or over the desk, or of which the terms
    keep something: `keeping`.
    """
    if known is None:
        return Decision(invoice=_never_issued(news, now))
    if news.series_revision <= known.series_revision:
        return NOTHING
    invoice = known._replace(series_revision=news.series_revision)
    match known.status:
        case Status.ISSUED if payment and news.reason != _OUR_OWN_NEWS:
            return _void(invoice, payment, now, unsent=unsent)
        case Status.PAYMENT_FAILED if news.reason in ENDS_ALL:
            return Decision(invoice=invoice._replace(status=Status.VOID, update_time=now))
        case Status.PAID if by is not None and _goes_back(invoice, news):
            return give_back_rest(invoice, news.reason, by, now, keeping)
        case Status.PAID if payment and _goes_back(invoice, news):
            return _give_back(invoice, payment, now)
        case _:
            return Decision(invoice=invoice)


def may_cost(news: Release, invoice: Invoice | None) -> bool:
    """Whether the terms are asked what it costs."""
    if invoice is None or news.series_revision <= invoice.series_revision:
        return False
    paid = invoice.status is Status.PAID and invoice.free_count > 0 and not invoice.disputed
    return paid and news.reason in ENDS_ALL


def ends_cover(news: Release, decided: Decision) -> bool:
    """Whether sessions promised from a package are free again."""
    invoice = decided.invoice
    if invoice is None:
        return False
    return invoice.status is Status.VOID or news.reason in _MONEY_GOES_BACK


def _goes_back(invoice: Invoice, news: Release) -> bool:
    """Money that a bank holds is not given back a second time: the dispute decides first."""
    return bool(invoice.undelivered) and not invoice.disputed and news.reason in _MONEY_GOES_BACK


def _never_issued(news: Release, now: datetime) -> Invoice:
    """Released before we heard that it was held: the older news will find the series closed."""
    return Invoice(
        invoice_id=invoice_id(news.series_id),
        status=Status.VOID,
        series_id=news.series_id,
        series_revision=news.series_revision,
        referral_id=news.referral_id,
        patient_id=_NOBODY_YET,
        clinic_id=news.clinic_id,
        attempt=0,
        unit_price=Money(0),
        infusion_minutes=0,
        session_count=0,
        issue_time=now,
        update_time=now,
    )


def _void(invoice: Invoice, payment: Payment, now: datetime, *, unsent: bool) -> Decision:
    status = PaymentStatus.CANCELLED if unsent else PaymentStatus.CANCELLING
    return Decision(
        invoice=invoice._replace(status=Status.VOID, update_time=now),
        payment=payment._replace(status=status, update_time=now),
    )


def _give_back(invoice: Invoice, payment: Payment, now: datetime) -> Decision:
    amount = invoice.undelivered.minor_units
    return Decision(
        invoice=invoice._replace(
            status=Status.REFUND_PENDING, turn=invoice.turn + 1, update_time=now
        ),
        payment=payment._replace(
            status=PaymentStatus.REFUND_PENDING, refund=amount, update_time=now
        ),
        entries=(post(Rule.REFUND, payment.payment_id, invoice, amount, now),),
    )
