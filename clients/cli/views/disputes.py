"""A dispute in a few lines: what the bank holds, why, and what answers it."""

from collections.abc import Iterator

from rich.markup import escape

from clients.cli.views.words import dated, money, plain
from halcyon.billing.v1.refund_pb2 import DISPUTE_STATUS_NEEDS_RESPONSE, Dispute, DisputeStatus


def dispute(found: Dispute, referral_id: str = "") -> str:
    """Its line, and below it what belongs to it."""
    stands = plain(DisputeStatus.Name(found.status), "DISPUTE_STATUS_")
    first = f"dispute {found.dispute_id}: {money(found.amount)} {stands}"
    return "\n  ".join([first, *_about(found, referral_id)])


def _about(found: Dispute, referral_id: str) -> Iterator[str]:
    yield f"{escape(found.reason.replace('_', ' '))}: payment {found.payment_id}"
    if referral_id:
        yield f"referral {referral_id}"
    yield f"opened {dated(found.open_time)} UTC, fee {money(found.fee)}"
    if found.status == DISPUTE_STATUS_NEEDS_RESPONSE:
        wanted = ", ".join(found.wanted_evidence)
        yield f"wanted by {dated(found.respond_by_time)} UTC: {escape(wanted)}"
    for one in found.evidence:
        yield f"answered with {escape(one.kind)} {one.document_id}"
