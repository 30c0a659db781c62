"""A refund in a few lines: what, where it stands, who asked and agreed, and every part."""

from collections.abc import Iterator

from rich.markup import escape

from clients.cli.views import money as sums
from clients.cli.views.words import moment, money
from halcyon.billing.v1.refund_pb2 import REFUND_STATUS_REJECTED, Refund


def refund(found: Refund, referral_id: str = "") -> str:
    """Its line, and below it what belongs to it."""
    return "\n  ".join([sums.refund(found), *_about(found, referral_id)])


def _about(found: Refund, referral_id: str) -> Iterator[str]:
    of = f" of referral {referral_id}" if referral_id else ""
    yield f"{escape(found.reason.replace('_', ' '))}: {_what(found)}{of}"
    yield f"asked {moment(found.request_time)} UTC by {escape(found.requested_by)}"
    if found.status == REFUND_STATUS_REJECTED:
        yield f"refused by {escape(found.approved_by)}"
        return
    if found.approved_by:
        yield f"agreed to by {escape(found.approved_by)}"
    for part in found.parts:
        why = f", {escape(part.reason)}" if part.status == "failed" else ""
        yield f"payment {part.payment_id}: {money(part.amount)} {part.status}{why}"


def _what(found: Refund) -> str:
    """What is given up for it, or was had."""
    if found.superbill_id:
        return "a delivered session"
    if not found.session_count:
        return "a whole payment"
    return f"{found.session_count} unused session{'s' if found.session_count > 1 else ''}"
