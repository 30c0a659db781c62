"""The way from a row to what stands beside an invoice."""

from collections.abc import Iterable
from uuid import UUID

from services.billing import domain
from services.billing.domain import Money, PartStatus
from services.billing.store.ledger_rows import DisputeRow, FeeRow, PartRow, RefundRow


def refund_of(row: RefundRow, parts: Iterable[PartRow]) -> domain.Refund:
    """The refund that rows stand for."""
    return domain.Refund(
        refund_id=row.refund_id,
        invoice_id=row.invoice_id,
        invoice_revision=row.invoice_revision,
        invoice_turn=row.invoice_turn,
        invoice_attempt=row.invoice_attempt,
        clinic_id=row.clinic_id,
        reason=row.reason,
        session_count=row.session_count,
        superbill_id=row.superbill_id,
        amount=Money(row.minor_units, row.currency_code),
        kept=row.kept_minor_units,
        set_off=row.set_off_minor_units,
        terms=row.terms,
        status=domain.RefundStatus(row.status),
        requested_by=row.requested_by,
        approved_by=row.approved_by,
        parts=tuple(map(_part_of, parts)),
        request_time=row.request_time,
        update_time=row.update_time,
    )


def _part_of(row: PartRow) -> domain.Part:
    return domain.Part(
        refund_id=row.refund_id,
        payment_id=row.payment_id,
        minor_units=row.minor_units,
        attempt=row.attempt,
        status=PartStatus(row.status),
        reason=row.reason,
    )


def fee_of(row: FeeRow) -> domain.Fee:
    """The fee a row stands for."""
    return domain.Fee(
        session_id=row.session_id,
        invoice_id=row.invoice_id,
        invoice_attempt=row.invoice_attempt,
        clinic_id=row.clinic_id,
        missed=domain.Missed(row.missed),
        notice_minutes=row.notice_minutes,
        amount=Money(row.minor_units, row.currency_code),
        forfeits=row.forfeits,
        waiver=row.waiver,
        reverse_time=row.reverse_time,
        terms=row.terms,
        charge_time=row.charge_time,
    )


def dispute_of(row: DisputeRow) -> domain.Dispute:
    """The dispute a row stands for."""
    pairs = zip(row.evidence_kinds, row.evidence_references, strict=True)
    return domain.Dispute(
        dispute_id=row.dispute_id,
        invoice_id=row.invoice_id,
        payment_id=row.payment_id,
        clinic_id=row.clinic_id,
        amount=Money(row.minor_units, row.currency_code),
        fee=row.fee_minor_units,
        reason=row.reason,
        status=domain.DisputeStatus(row.status),
        evidence=tuple(domain.Evidence(kind, UUID(reference)) for kind, reference in pairs),
        respond_by=row.respond_by,
        open_time=row.open_time,
        update_time=row.update_time,
    )
