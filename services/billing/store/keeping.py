"""What stands beside an invoice becomes rows; a part of a refund on its way has its errand."""

from chassis.database import Tx
from chassis.plans import made
from services.billing import domain
from services.billing.domain import PartStatus
from services.billing.store.ledger_rows import DisputeRow, FeeRow, PartRow, RefundRow

PAY_REFUND = "pay-refund"


def keep(tx: Tx, one: domain.Kept) -> None:
    """Each kind in its tables."""
    match one:
        case domain.Refund():
            _keep_refund(tx, one)
        case domain.Fee():
            tx.put(_fee_row(one))
        case domain.Dispute():
            tx.put(_dispute_row(one))


def _keep_refund(tx: Tx, refund: domain.Refund) -> None:
    tx.put(_refund_row(refund))
    for place, part in enumerate(refund.parts):
        tx.put(_part_row(part, place))
        match part.status:
            case PartStatus.PENDING:
                tx.errand(PAY_REFUND, part.part_id)
            case PartStatus.PAID | PartStatus.FAILED:
                tx.done(PAY_REFUND, part.part_id)


def _refund_row(refund: domain.Refund) -> RefundRow:
    return made(
        RefundRow,
        refund_id=refund.refund_id,
        invoice_id=refund.invoice_id,
        invoice_revision=refund.invoice_revision,
        invoice_turn=refund.invoice_turn,
        invoice_attempt=refund.invoice_attempt,
        clinic_id=refund.clinic_id,
        reason=refund.reason,
        session_count=refund.session_count,
        superbill_id=refund.superbill_id,
        minor_units=refund.amount.minor_units,
        currency_code=refund.amount.currency_code,
        kept_minor_units=refund.kept,
        set_off_minor_units=refund.set_off,
        terms=refund.terms,
        status=refund.status.value,
        requested_by=refund.requested_by,
        approved_by=refund.approved_by,
        request_time=refund.request_time,
        update_time=refund.update_time,
    )


def _part_row(part: domain.Part, place: int) -> PartRow:
    return made(
        PartRow,
        part_id=part.part_id,
        refund_id=part.refund_id,
        payment_id=part.payment_id,
        place=place,
        minor_units=part.minor_units,
        attempt=part.attempt,
        status=part.status.value,
        reason=part.reason,
    )


def _fee_row(fee: domain.Fee) -> FeeRow:
    return made(
        FeeRow,
        session_id=fee.session_id,
        invoice_id=fee.invoice_id,
        invoice_attempt=fee.invoice_attempt,
        clinic_id=fee.clinic_id,
        missed=fee.missed.value,
        notice_minutes=fee.notice_minutes,
        minor_units=fee.amount.minor_units,
        currency_code=fee.amount.currency_code,
        forfeits=fee.forfeits,
        waiver=fee.waiver,
        reverse_time=fee.reverse_time,
        terms=fee.terms,
        charge_time=fee.charge_time,
    )


def _dispute_row(dispute: domain.Dispute) -> DisputeRow:
    return made(
        DisputeRow,
        dispute_id=dispute.dispute_id,
        invoice_id=dispute.invoice_id,
        payment_id=dispute.payment_id,
        clinic_id=dispute.clinic_id,
        minor_units=dispute.amount.minor_units,
        currency_code=dispute.amount.currency_code,
        fee_minor_units=dispute.fee,
        reason=dispute.reason,
        status=dispute.status.value,
        evidence_kinds=[one.kind for one in dispute.evidence],
        evidence_references=[str(one.reference) for one in dispute.evidence],
        respond_by=dispute.respond_by,
        open_time=dispute.open_time,
        update_time=dispute.update_time,
    )
