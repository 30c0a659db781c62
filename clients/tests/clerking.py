"""A clerk's daily work with money from the terminal; what came of it is asked of the service."""

import re
from uuid import uuid4

from clients import refunding
from clients.cli.views.words import money
from clients.network import Network
from clients.tests.running import Said
from halcyon.billing.v1.refund_pb2 import Refund, RefundStatus

ID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"


async def a_second_person_decides(said: Said, network: Network, referral_id: str) -> None:
    """A refund above the limit waits; one that the gateway cannot send is paid by hand."""
    waiting = said("refunds", "list", "seattle", "--status", "requested", "--referral", referral_id)
    assert referral_id in waiting
    asked = _id(waiting)
    assert "no such" in said("refunds", "list", "seattle", "--referral", str(uuid4()))
    assert "paid" in said("refunds", "approve", asked)
    agreed = await _refund(network, asked)
    assert agreed.status == RefundStatus.REFUND_STATUS_PAID
    assert agreed.approved_by == "medical_director-dev"
    whole = _bare(money(agreed.amount))
    much = _id(said("refunds", "goodwill", referral_id, "1", whole))
    refused = said("refunds", "approve", much, "--role", "cashier", fails=True)
    assert "SECOND_PERSON_REQUIRED" in refused
    assert "rejected" in said("refunds", "reject", much)
    assert (await _refund(network, much)).status == RefundStatus.REFUND_STATUS_REJECTED
    assert "cents" in said("refunds", "goodwill", referral_id, "1", "20", fails=True)
    stuck = _id(said("refunds", "goodwill", referral_id, "1", "20.07"))
    assert "failed" in said("refunds", "retry", stuck), "the simulator never gives 07 back"
    assert "20.07 USD paid" in said("refunds", "by-hand", stuck)
    assert (await _refund(network, stuck)).status == RefundStatus.REFUND_STATUS_PAID
    assert "no part" in said("refunds", "by-hand", stuck, fails=True)


def _id(told: str) -> str:
    return str(re.findall(ID, told)[0])


def _bare(amount: str) -> str:
    return amount.split(maxsplit=1)[0].replace(",", "")


async def _refund(network: Network, refund_id: str) -> Refund:
    async with network.client("cashier") as clerk:
        return await refunding.refund_of(clerk, refund_id)
