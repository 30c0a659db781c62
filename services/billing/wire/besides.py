"""Refunds, fees and disputes in the contract's words."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID

from google.protobuf.timestamp_pb2 import Timestamp

from halcyon.billing.v1 import billing_pb2 as nouns
from halcyon.billing.v1 import refund_pb2 as rpc
from halcyon.billing.v1 import refund_service_pb2 as asked
from services.billing import domain
from services.billing.domain import Money
from services.billing.wire.replies import money
from services.billing.wire.stated import time

_REFUNDS: Mapping[domain.RefundStatus, "rpc.RefundStatus.ValueType"] = {
    domain.RefundStatus.REQUESTED: rpc.REFUND_STATUS_REQUESTED,
    domain.RefundStatus.PENDING: rpc.REFUND_STATUS_PENDING,
    domain.RefundStatus.PAID: rpc.REFUND_STATUS_PAID,
    domain.RefundStatus.FAILED: rpc.REFUND_STATUS_FAILED,
    domain.RefundStatus.REJECTED: rpc.REFUND_STATUS_REJECTED,
}
_DISPUTES: Mapping[domain.DisputeStatus, "rpc.DisputeStatus.ValueType"] = {
    domain.DisputeStatus.NEEDS_RESPONSE: rpc.DISPUTE_STATUS_NEEDS_RESPONSE,
    domain.DisputeStatus.UNDER_REVIEW: rpc.DISPUTE_STATUS_UNDER_REVIEW,
    domain.DisputeStatus.WON: rpc.DISPUTE_STATUS_WON,
    domain.DisputeStatus.LOST: rpc.DISPUTE_STATUS_LOST,
}
_MISSED: Mapping["rpc.MissedReason.ValueType", domain.Missed] = {
    rpc.MISSED_REASON_CANCELLED: domain.Missed.CANCELLED,
    rpc.MISSED_REASON_NO_SHOW: domain.Missed.NO_SHOW,
}
_MISSED_NUMBERS = {missed: number for number, missed in _MISSED.items()}


def refund_quote(found: domain.RefundQuote) -> rpc.RefundQuote:
    """What would go back."""
    return rpc.RefundQuote(
        invoice_revision=found.invoice_revision,
        reason=found.reason,
        session_count=found.session_count,
        value=money(found.value),
        clawed_back=money(found.clawed_back),
        fee=money(found.fee),
        set_off=money(found.set_off),
        amount=money(found.amount),
        terms=found.terms,
    )


def refund(found: domain.Refund) -> rpc.Refund:
    """A refund as callers see it."""
    code = found.amount.currency_code
    return rpc.Refund(
        refund_id=str(found.refund_id),
        invoice_id=str(found.invoice_id),
        status=_REFUNDS[found.status],
        reason=found.reason,
        session_count=found.session_count,
        superbill_id=str(found.superbill_id) if found.superbill_id else "",
        amount=money(found.amount),
        kept=money(Money(found.kept, code)),
        set_off=money(Money(found.set_off, code)),
        terms=found.terms,
        requested_by=found.requested_by,
        approved_by=found.approved_by,
        parts=[
            rpc.RefundPart(
                payment_id=str(part.payment_id),
                amount=money(Money(part.minor_units, code)),
                status=part.status,
                reason=part.reason,
            )
            for part in found.parts
        ],
        request_time=time(found.request_time),
        update_time=time(found.update_time),
    )


def fee(found: domain.Fee) -> rpc.MissedSessionFee:
    """A decision about a missed session as callers see it."""
    return rpc.MissedSessionFee(
        session_id=str(found.session_id),
        invoice_id=str(found.invoice_id),
        missed=_MISSED_NUMBERS[found.missed],
        notice_minutes=found.notice_minutes,
        amount=money(found.amount),
        settled_by="forfeit" if found.forfeits else "owed",
        waiver=found.waiver,
        reverse_time=time(found.reverse_time) if found.reverse_time else None,
        terms=found.terms,
        charge_time=time(found.charge_time),
    )


def dispute(found: domain.Dispute, terms: domain.Terms) -> rpc.Dispute:
    """A dispute as callers see it."""
    return rpc.Dispute(
        dispute_id=str(found.dispute_id),
        invoice_id=str(found.invoice_id),
        payment_id=str(found.payment_id),
        status=_DISPUTES[found.status],
        reason=found.reason,
        amount=money(found.amount),
        fee=money(Money(found.fee, found.amount.currency_code)),
        wanted_evidence=sorted(domain.wanted_evidence(found.reason, terms)),
        evidence=[
            rpc.DisputeEvidence(kind=one.kind, document_id=str(one.reference))
            for one in found.evidence
        ],
        respond_by_time=time(found.respond_by),
        open_time=time(found.open_time),
        update_time=time(found.update_time),
    )


def amount(message: nouns.Money) -> Money:
    """An amount that a caller names."""
    return Money(message.minor_units, message.currency_code)


def missed(request: asked.ChargeMissedSessionRequest) -> domain.Missed:
    """Why a session did not happen."""
    return _MISSED[request.missed]


def notice(request: asked.ChargeMissedSessionRequest) -> tuple[datetime, datetime]:
    """From when the patient told us to when the session was to start."""
    start = moment(request.session_start_time)
    return (moment(request.notice_time) if request.HasField("notice_time") else start), start


def chargeback(request: asked.RecordDisputeRequest) -> domain.Chargeback:
    """What the processor told us."""
    return domain.Chargeback(
        payment_id=UUID(request.payment_id),
        reference=request.reference,
        reason=request.reason,
        amount=amount(request.amount),
        fee=request.fee_minor_units,
        respond_by=moment(request.respond_by_time),
    )


def evidence(request: asked.SubmitDisputeEvidenceRequest) -> tuple[domain.Evidence, ...]:
    """The documents of an answer."""
    return tuple([domain.Evidence(one.kind, UUID(one.document_id)) for one in request.evidence])


def outcome(request: asked.DecideDisputeRequest) -> domain.DisputeStatus:
    """The bank's word."""
    return next(status for status, number in _DISPUTES.items() if number == request.outcome)


def clinic_terms(request: asked.UpdateClinicTermsRequest) -> tuple[UUID, str]:
    """Which terms a clinic chooses."""
    return UUID(request.clinic_id), request.terms_name


def moment(stamp: Timestamp) -> datetime:
    """A moment that a caller names, exact to the microsecond."""
    return datetime.fromtimestamp(stamp.seconds, UTC) + timedelta(microseconds=stamp.nanos // 1000)
