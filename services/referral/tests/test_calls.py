"""The same calls over the wire: the contract, the token and the statuses."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.rpc.error_details_pb2 import ErrorInfo
from grpc_status import rpc_status

from chassis.config import Settings
from chassis.issuer import Issuer
from chassis.server import serve
from chassis.testing import House
from halcyon.referral.v1 import referral_pb2 as noun
from halcyon.referral.v1 import referral_service_pb2 as rpc
from halcyon.referral.v1.referral_service_pb2_grpc import (
    ReferralServiceStub,
    add_ReferralServiceServicer_to_server,
)
from services.referral import api
from services.referral.tests import examples as eg
from services.referral.tests.test_api import unwatched


@pytest.fixture
def issuer(tmp_path: Path) -> Issuer:
    return Issuer(tmp_path)


@pytest.fixture
async def stub(house: House, issuer: Issuer) -> AsyncIterator[Any]:
    await house.given(eg.clinic(eg.CHICAGO))
    settings = Settings(database_url="", nats_url="", jwks=str(issuer.jwks_file))
    servicer = api.Referrals(house.db)
    server = await serve(
        settings, lambda it: add_ReferralServiceServicer_to_server(servicer, it), []
    )
    async with grpc.aio.insecure_channel(server.address) as channel:
        yield ReferralServiceStub(channel)
    await server.drain(0)
    await unwatched(servicer)


def bearer(issuer: Issuer, role: str, npi: str | None = None) -> list[tuple[str, str]]:
    return [("authorization", f"Bearer {issuer.mint('ada', [role], npi=npi)}")]


def reason(refused: grpc.aio.AioRpcError) -> str:
    status = rpc_status.from_call(refused)
    info = ErrorInfo()
    status.details[0].Unpack(info)
    assert info.domain == "halcyon.referral"
    return str(info.reason)


async def test_the_loop_over_the_wire(house: House, stub: Any, issuer: Issuer) -> None:
    doctor = bearer(issuer, "referrer", eg.DOCTOR_NPI)
    made = (await stub.CreateReferral(eg.asked(), metadata=doctor)).referral
    story = eg.Story(made.referral_id, eg.CHICAGO)
    watch = stub.WatchReferral(
        rpc.WatchReferralRequest(referral_id=made.referral_id), metadata=doctor
    )
    async with asyncio.timeout(10):
        lines = aiter(watch)
        assert [(await anext(lines)).change.revision for _ in range(2)] == [1, 2]
        await house.given(*story.until_scheduled())
        await house.given(story.infused(1, 1))
        rest = [one.change async for one in lines]
    assert [one.revision for one in rest] == list(range(3, 12))
    assert rest[-1].status == noun.REFERRAL_STATUS_COMPLETED


async def test_a_watch_can_be_broken_off(stub: Any, issuer: Issuer) -> None:
    doctor = bearer(issuer, "referrer", eg.DOCTOR_NPI)
    made = (await stub.CreateReferral(eg.asked(), metadata=doctor)).referral
    request = rpc.WatchReferralRequest(referral_id=made.referral_id, after_revision=2)
    watch = stub.WatchReferral(request, metadata=doctor, timeout=0.3)
    with pytest.raises(grpc.aio.AioRpcError) as late:
        await watch.read()
    assert late.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED


async def test_refusals_have_a_status_and_a_reason(stub: Any, issuer: Issuer) -> None:
    doctor = bearer(issuer, "referrer", eg.DOCTOR_NPI)
    await stub.CreateReferral(eg.asked(), metadata=doctor)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await stub.CreateReferral(eg.asked(), metadata=doctor)
    assert refused.value.code() is grpc.StatusCode.ALREADY_EXISTS
    assert reason(refused.value) == "DUPLICATE_REFERRAL"
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await stub.CreateReferral(
            eg.asked(clinical=eg.summary(indication_code="nothing")), metadata=doctor
        )
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await stub.RouteReferral(
            rpc.RouteReferralRequest(referral_id=str(eg.BOSTON), clinic_id=str(eg.BOSTON)),
            metadata=doctor,
        )
    assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED


async def test_many_at_once_for_one_patient_make_one_referral(
    house: House, stub: Any, issuer: Issuer
) -> None:
    """The losers run again, see the winner, and are told of it."""
    doctor = bearer(issuer, "referrer", eg.DOCTOR_NPI)
    request = eg.asked()
    replies = await asyncio.gather(
        *(stub.CreateReferral(request, metadata=doctor) for _ in range(6))
    )
    assert len({reply.referral.referral_id for reply in replies}) == 1
    others = await asyncio.gather(
        *(
            stub.CreateReferral(eg.asked(patient=eg.somebody_else(1)), metadata=doctor)
            for _ in "ab"
        ),
        return_exceptions=True,
    )
    refused = [one for one in others if isinstance(one, grpc.aio.AioRpcError)]
    assert [reason(one) for one in refused] == ["DUPLICATE_REFERRAL"]
    assert await house.count("SELECT count(*) FROM referral") == 2
