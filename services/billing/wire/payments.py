"""Payments and plans in the contract's words."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from halcyon.billing.v1 import payment_pb2 as nouns
from halcyon.billing.v1 import payment_service_pb2 as rpc
from services.billing import domain
from services.billing.domain import Method, Money, PaymentStatus, Purpose, book
from services.billing.wire.besides import amount
from services.billing.wire.replies import money
from services.billing.wire.stated import time

_STATUSES = {one: nouns.PaymentStatus.Value(f"PAYMENT_STATUS_{one.name}") for one in PaymentStatus}
_METHODS: Mapping["nouns.PaymentMethod.ValueType", Method] = {
    nouns.PAYMENT_METHOD_ONLINE: Method.ONLINE,
    nouns.PAYMENT_METHOD_CASH: Method.CASH,
    nouns.PAYMENT_METHOD_CARD_TERMINAL: Method.CARD_TERMINAL,
}
_METHOD_NUMBERS = {method: number for number, method in _METHODS.items()}
_PURPOSES = {one: nouns.PaymentPurpose.Value(f"PAYMENT_PURPOSE_{one.name}") for one in Purpose}


def payment(found: domain.Payment) -> nouns.Payment:
    """A payment as callers see it."""
    return nouns.Payment(
        payment_id=str(found.payment_id),
        invoice_id=str(found.invoice_id),
        status=_STATUSES[found.status],
        method=_METHOD_NUMBERS[found.method],
        purpose=_PURPOSES[found.purpose],
        amount=money(found.amount),
        refund=money(Money(found.refund, found.amount.currency_code)),
        reason=found.reason,
        gateway_reference=found.reference,
        payer_action=found.action,
        request_time=time(found.request_time),
        update_time=time(found.update_time),
    )


def plan(invoice: domain.Invoice, found: Sequence[domain.Instalment]) -> nouns.PaymentPlan:
    """A plan as callers see it."""
    return nouns.PaymentPlan(
        invoice_id=str(invoice.invoice_id),
        outstanding=money(Money(invoice.outstanding, invoice.unit_price.currency_code)),
        instalments=[
            nouns.Instalment(
                payment_id=str(one.payment_id),
                number=one.number,
                amount=money(one.amount),
                due_time=time(one.due_time),
            )
            for one in found
        ],
        policy=found[0].policy if found else "",
    )


def at_desk(request: rpc.RecordDeskPaymentRequest) -> domain.AtDesk:
    """What was taken over the desk."""
    method = _METHODS[request.method]
    return domain.AtDesk(UUID(request.request_id), method, amount(request.amount))


def plan_asked(request: rpc.StartPaymentPlanRequest, policy: domain.PlanPolicy) -> domain.PlanAsked:
    """How it is to be paid."""
    return domain.PlanAsked(
        request_id=UUID(request.request_id),
        deposit=amount(request.deposit),
        instalments=request.instalment_count,
        days_between=request.days_between,
        policy=policy,
    )


def package_wanted(request: rpc.SellPackageRequest) -> tuple[UUID, str, book.Care]:
    """Where, which, and for what care."""
    care = book.Care(condition=request.indication_code, minutes=request.infusion_minutes)
    return UUID(request.clinic_id), request.package, care


def sale(
    request: rpc.SellPackageRequest, package: book.Package, single: domain.Money
) -> domain.Sale:
    """Who buys it."""
    return domain.Sale(
        request_id=UUID(request.request_id),
        package=package,
        single_price=single,
        patient_id=UUID(request.patient_id),
        referral_id=UUID(request.referral_id),
        clinic_id=UUID(request.clinic_id),
        infusion_minutes=request.infusion_minutes,
        diagnosis=request.indication_code,
    )
