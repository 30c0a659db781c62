"""What we tell everyone: pseudonymous, ids and amounts only."""

from datetime import UTC, datetime
from typing import TypedDict, assert_never

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from halcyon.billing.events.v1 import billing_events_pb2 as facts
from services.billing import domain

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class _About(TypedDict):
    invoice_id: str
    revision: int
    referral_id: str
    clinic_id: str


class _Amount(TypedDict):
    currency_code: str
    minor_units: int


class _Paying(_About):
    series_id: str
    payment_id: str


def fact(event: domain.Event) -> Message | None:
    """An event as the platform hears it; none that speaks of a series when there is no series."""
    if event.invoice.is_package and not isinstance(event, domain.SuperbillIssued):
        return _package_fact(event)
    match event:
        case domain.EstimateIssued(invoice):
            return facts.EstimateIssued(
                **_about(invoice),
                **_amount(invoice.total),
                estimate_id=str(invoice.estimate_id),
                series_id=str(invoice.series_id),
                issue_time=time(invoice.issue_time),
            )
        case domain.SuperbillIssued(invoice, superbill):
            return facts.SuperbillIssued(
                **_about(invoice),
                **_amount(superbill.amount),
                superbill_id=str(superbill.superbill_id),
                session_id=str(superbill.session_id),
                procedure_codes=superbill.procedure_codes,
                issue_time=time(superbill.issue_time),
            )
        case domain.SessionsGivenUp(invoice, count):
            return facts.SessionsGivenUp(
                **_about(invoice),
                series_id=str(invoice.series_id),
                given_up_count=count,
                kept_count=invoice.kept_count,
                give_up_time=time(invoice.update_time),
            )
        case domain.RefundPaid(invoice, payment, minor_units):
            return facts.PaymentRefunded(
                **_paying(invoice, payment),
                **_amount(domain.Money(minor_units, payment.amount.currency_code)),
                refund_time=time(invoice.update_time),
            )
        case _:
            return _payment_fact(event)


def _package_fact(event: domain.Event) -> Message | None:
    match event:
        case domain.PaymentCollected(invoice, payment):
            return facts.PackageSold(
                **_about(invoice),
                **_amount(invoice.total),
                session_count=invoice.session_count,
                collect_time=time(payment.update_time),
            )
        case _:
            return None


def time(moment: datetime) -> Timestamp:
    """A moment, exact to the microsecond."""
    since = moment - _EPOCH
    seconds = since.days * 86400 + since.seconds
    return Timestamp(seconds=seconds, nanos=since.microseconds * 1000)


def _payment_fact(
    event: domain.PaymentRequested
    | domain.PaymentCollected
    | domain.PaymentFailed
    | domain.PaymentRefunded,
) -> Message:
    payment, about = event.payment, _paying(event.invoice, event.payment)
    amount, when = _amount(payment.amount), time(payment.update_time)
    match event:
        case domain.PaymentRequested():
            return facts.PaymentRequested(**about, **amount, request_time=when)
        case domain.PaymentCollected():
            return facts.PaymentCollected(**about, **amount, collect_time=when)
        case domain.PaymentFailed():
            return facts.PaymentFailed(**about, reason=payment.reason, fail_time=when)
        case domain.PaymentRefunded():
            given_back = _amount(domain.Money(payment.refund, payment.amount.currency_code))
            return facts.PaymentRefunded(**about, **given_back, refund_time=when)
        case _:
            assert_never(event)


def _about(invoice: domain.Invoice) -> _About:
    return {
        "invoice_id": str(invoice.invoice_id),
        "revision": invoice.revision,
        "referral_id": str(invoice.referral_id),
        "clinic_id": str(invoice.clinic_id),
    }


def _paying(invoice: domain.Invoice, payment: domain.Payment) -> _Paying:
    return {
        **_about(invoice),
        "series_id": str(invoice.series_id),
        "payment_id": str(payment.payment_id),
    }


def _amount(money: domain.Money) -> _Amount:
    return {"currency_code": money.currency_code, "minor_units": money.minor_units}
