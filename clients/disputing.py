"""What staff do when a bank takes money back, as calls of the SDK."""

from collections.abc import Iterable

from clients.sdk import Halcyon
from halcyon.billing.v1 import refund_service_pb2 as rpc
from halcyon.billing.v1.payment_pb2 import Payment
from halcyon.billing.v1.payment_service_pb2 import GetPaymentRequest
from halcyon.billing.v1.refund_pb2 import Dispute, DisputeEvidence, DisputeStatus


async def disputes_of(clerk: Halcyon, clinic_id: str) -> list[Dispute]:
    """Every dispute of a clinic, the most pressing first."""
    found, request = list[Dispute](), rpc.ListDisputesRequest(clinic_id=clinic_id)
    while True:
        page = await clerk.refunds.ListDisputes(request)
        found += page.disputes
        if not page.next_page_token:
            return found
        request.page_token = page.next_page_token


async def payment_of(clerk: Halcyon, payment_id: str) -> Payment:
    """One payment."""
    request = GetPaymentRequest(payment_id=payment_id)
    return (await clerk.payments.GetPayment(request)).payment


async def record(clerk: Halcyon, request: rpc.RecordDisputeRequest) -> Dispute:
    """A bank has taken money back; the same reference again is the same dispute."""
    return (await clerk.refunds.RecordDispute(request)).dispute


async def answer(clerk: Halcyon, dispute_id: str, evidence: Iterable[DisputeEvidence]) -> Dispute:
    """The bank is told which documents answer it."""
    request = rpc.SubmitDisputeEvidenceRequest(dispute_id=dispute_id, evidence=evidence)
    return (await clerk.refunds.SubmitDisputeEvidence(request)).dispute


async def decide(clerk: Halcyon, dispute_id: str, outcome: "DisputeStatus.ValueType") -> Dispute:
    """The bank has decided."""
    request = rpc.DecideDisputeRequest(dispute_id=dispute_id, outcome=outcome)
    return (await clerk.refunds.DecideDispute(request)).dispute
