"""What staff do with refunds once they are asked for, as calls of the SDK."""

from uuid import uuid4

from clients import accounts
from clients.sdk import Halcyon
from halcyon.billing.v1 import refund_service_pb2 as rpc
from halcyon.billing.v1.billing_pb2 import Money
from halcyon.billing.v1.refund_pb2 import Refund


async def refunds_of(clerk: Halcyon, clinic_id: str) -> list[Refund]:
    """Every refund of a clinic, the oldest first."""
    found, request = list[Refund](), rpc.ListRefundsRequest(clinic_id=clinic_id)
    while True:
        page = await clerk.refunds.ListRefunds(request)
        found += page.refunds
        if not page.next_page_token:
            return found
        request.page_token = page.next_page_token


async def refund_of(clerk: Halcyon, refund_id: str) -> Refund:
    """One refund as it stands."""
    return (await clerk.refunds.GetRefund(rpc.GetRefundRequest(refund_id=refund_id))).refund


async def approve(second: Halcyon, refund_id: str) -> Refund:
    """A second person agrees."""
    request = rpc.ApproveRefundRequest(refund_id=refund_id)
    return (await second.refunds.ApproveRefund(request)).refund


async def reject(second: Halcyon, refund_id: str) -> Refund:
    """A second person does not agree."""
    request = rpc.RejectRefundRequest(refund_id=refund_id)
    return (await second.refunds.RejectRefund(request)).refund


async def retry(clerk: Halcyon, refund_id: str, payment_id: str) -> Refund:
    """A part that failed is sent once more."""
    request = rpc.RetryRefundRequest(refund_id=refund_id, payment_id=payment_id)
    return (await clerk.refunds.RetryRefund(request)).refund


async def pay_by_hand(clerk: Halcyon, refund_id: str, payment_id: str) -> Refund:
    """A part that failed was given back by cheque or cash."""
    request = rpc.PayRefundByHandRequest(refund_id=refund_id, payment_id=payment_id)
    return (await clerk.refunds.PayRefundByHand(request)).refund


async def goodwill(clerk: Halcyon, superbill_id: str, amount: Money) -> Refund:
    """Money goes back for a session that was delivered."""
    request = rpc.RequestGoodwillRefundRequest(
        request_id=str(uuid4()), superbill_id=superbill_id, amount=amount
    )
    return (await clerk.refunds.RequestGoodwillRefund(request)).refund


async def answered(clerk: Halcyon, refund: Refund) -> Refund:
    """The refund once the gateway has answered, or as it was when it takes its time."""
    try:
        return await accounts.settled(clerk, refund.refund_id)
    except TimeoutError:
        return refund
