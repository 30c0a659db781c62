"""Money that makes no sense gets a typed error, and nothing is posted."""

import struct
from typing import Any
from uuid import uuid4

import asyncpg
import grpc
import pytest

from clients.network import Network
from clients.network.seed import DENVER, SEATTLE
from clients.sdk.errors import FailedPrecondition, InvalidArgument, NotFound
from halcyon.billing.v1.billing_pb2 import Invoice, Money
from halcyon.billing.v1.billing_service_pb2 import GetInvoiceRequest
from halcyon.billing.v1.payment_pb2 import PAYMENT_METHOD_CASH
from halcyon.billing.v1.payment_service_pb2 import (
    RecordDeskPaymentRequest,
    StartPaymentPlanRequest,
)
from tests.flows import NPI, application, submit

pytestmark = pytest.mark.xdist_group("network")

METHOD = "/halcyon.billing.v1.PaymentService/RecordDeskPayment"


async def paid_invoice(network: Network) -> Invoice:
    async with network.client("referrer", npi=NPI) as doctor:
        referral_id = await submit(doctor, application(1, SEATTLE, uuid4()))
    network.settle()
    async with network.client("cashier") as clerk:
        request = GetInvoiceRequest(referral_id=referral_id)
        return (await clerk.billing.GetInvoice(request)).invoice


async def posted(network: Network) -> int:
    line = await asyncpg.connect(network.database_url("billing"))
    try:
        return int(
            await line.fetchval(
                "SELECT (SELECT count(*) FROM journal_entry) + (SELECT count(*) FROM payment)"
            )
        )
    finally:
        await line.close()


def cash(invoice: Invoice, minor_units: int, currency_code: str = "USD") -> Any:
    return RecordDeskPaymentRequest(
        request_id=str(uuid4()),
        invoice_id=invoice.invoice_id,
        method=PAYMENT_METHOD_CASH,
        amount=Money(currency_code=currency_code, minor_units=minor_units),
    )


async def test_money_that_makes_no_sense_posts_nothing(network: Network) -> None:
    invoice = await paid_invoice(network)
    before = await posted(network)
    async with network.client("cashier") as clerk:
        for minor_units, currency_code, field in (
            (-1, "USD", "amount"),
            (0, "USD", "amount"),
            (100, "usd", "amount.currency_code"),
            (100, "", "amount.currency_code"),
        ):
            with pytest.raises(InvalidArgument) as refused:
                await clerk.payments.RecordDeskPayment(cash(invoice, minor_units, currency_code))
            assert [one.field for one in refused.value.violations] == [field]
        with pytest.raises(FailedPrecondition) as paid_already:
            await clerk.payments.RecordDeskPayment(cash(invoice, invoice.total.minor_units))
        assert paid_already.value.reason == "WRONG_STATE"
        plan = StartPaymentPlanRequest(
            request_id=str(uuid4()),
            invoice_id=invoice.invoice_id,
            deposit=Money(currency_code="USD", minor_units=-5),
            instalment_count=0,
            days_between=-1,
        )
        with pytest.raises(InvalidArgument) as refused_plan:
            await clerk.payments.StartPaymentPlan(plan)
        fields = {one.field for one in refused_plan.value.violations}
        assert fields == {"deposit", "instalment_count", "days_between"}
    assert await posted(network) == before


async def test_a_fraction_of_a_cent_cannot_be_said(network: Network) -> None:
    invoice = await paid_invoice(network)
    before = await posted(network)
    whole = cash(invoice, 0)
    whole.amount.ClearField("minor_units")
    fraction = b"\x11" + struct.pack("<d", 0.5)
    amount = whole.amount.SerializeToString() + fraction
    whole.ClearField("amount")
    data = whole.SerializeToString() + b"\x22" + bytes([len(amount)]) + amount
    metadata = [("authorization", f"Bearer {network.token('cashier')}")]
    async with grpc.aio.insecure_channel(network.addresses["billing"]) as channel:
        call: Any = channel.unary_unary(METHOD)
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await call(data, metadata=metadata, timeout=20)
    assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert await posted(network) == before


async def test_another_clinics_invoice_does_not_exist(network: Network) -> None:
    invoice = await paid_invoice(network)
    before = await posted(network)
    stranger = network.client("cashier", clinics=[str(DENVER.clinic_id)])
    async with stranger:
        with pytest.raises(NotFound) as refused:
            await stranger.payments.RecordDeskPayment(cash(invoice, 100))
        assert refused.value.reason == "INVOICE_NOT_FOUND"
    async with network.client("nurse") as nurse:
        with pytest.raises(Exception, match="ROLE_REQUIRED"):
            await nurse.payments.RecordDeskPayment(cash(invoice, 100))
    assert await posted(network) == before
