"""The SDK against a tiny server: what it sends, what it repeats, what it raises."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any, cast
from uuid import uuid4

import grpc
import pytest
from grpc import StatusCode
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, use_span

from chassis import errors as chassis_errors
from chassis.refusal import (
    AlreadyExists,
    Busy,
    Denied,
    Invalid,
    NotAllowed,
    NotFound,
    Refusal,
    Violation,
)
from clients import sdk
from clients.sdk.calls import is_safe
from halcyon.billing.v1 import billing_service_pb2 as billing
from halcyon.billing.v1 import billing_service_pb2_grpc as billing_grpc
from halcyon.referral.v1 import referral_pb2
from halcyon.referral.v1 import referral_service_pb2 as rpc
from halcyon.referral.v1 import referral_service_pb2_grpc as grpc_rpc

ID = str(uuid4())


class Fake:
    """Fails as told, then answers; remembers every call."""

    def __init__(self, *faults: StatusCode | Refusal) -> None:
        self.faults = list(faults)
        self.calls: list[dict[str, Any]] = []
        self.watched_from: list[int] = []
        self.changes: list[list[int | StatusCode]] = []
        self.left: list[float] = []

    def __getattr__(self, name: str) -> Any:
        return None

    async def _enter(self, context: Any) -> None:
        self.calls.append(dict(context.invocation_metadata()))
        self.left.append(context.time_remaining())
        if self.faults:
            fault = self.faults.pop(0)
            if isinstance(fault, StatusCode):
                await context.abort(fault, "no")
                return
            status = chassis_errors.status_of(fault, "halcyon.referral")
            details = (("grpc-status-details-bin", status.SerializeToString()),)
            await context.abort(chassis_errors.code_of(fault), fault.message, details)

    async def GetReferral(self, request: Any, context: Any) -> Any:  # noqa: N802
        await self._enter(context)
        return rpc.GetReferralResponse(referral=referral_pb2.Referral(referral_id=ID))

    async def GetInvoice(self, request: Any, context: Any) -> Any:  # noqa: N802
        await self._enter(context)
        await asyncio.sleep(5)
        return billing.GetInvoiceResponse()

    async def WatchReferral(self, request: Any, context: Any) -> Any:  # noqa: N802
        self.watched_from.append(request.after_revision)
        for step in self.changes.pop(0):
            if isinstance(step, StatusCode):
                await context.abort(step, "cut")
                return
            yield rpc.WatchReferralResponse(change=referral_pb2.ReferralChange(revision=step))


@asynccontextmanager
async def serving(fake: Fake, **options: Any) -> AsyncIterator[sdk.Halcyon]:
    server = grpc.aio.server()
    grpc_rpc.add_ReferralServiceServicer_to_server(cast(Any, fake), server)
    billing_grpc.add_BillingServiceServicer_to_server(cast(Any, fake), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    address = f"127.0.0.1:{port}"
    network = {"referral": address, "billing": address}
    async with sdk.Halcyon(network, options.pop("token", "t0ken"), **options) as client:
        yield client
    await server.stop(None)


async def get(client: sdk.Halcyon) -> referral_pb2.Referral:
    return (await client.referral.GetReferral(rpc.GetReferralRequest(referral_id=ID))).referral


@pytest.mark.parametrize(
    ("refusal", "kind"),
    [
        (NotFound("REFERRAL_NOT_FOUND", "No."), sdk.NotFound),
        (NotAllowed("REFERRAL_CLOSED", "No."), sdk.FailedPrecondition),
        (AlreadyExists("DUPLICATE_REFERRAL", "No."), sdk.AlreadyExists),
        (Denied("ROLE_REQUIRED", "No.", {"roles": "nurse"}), sdk.PermissionDenied),
        (chassis_errors.Unauthenticated("TOKEN_EXPIRED", "No."), sdk.Unauthenticated),
        (chassis_errors.TooLate("DEADLINE_EXCEEDED", "No."), sdk.DeadlineExceeded),
    ],
)
async def test_a_refusal_arrives_as_its_own_kind(refusal: Any, kind: type) -> None:
    fake = Fake(refusal)
    async with serving(fake) as client:
        with pytest.raises(sdk.HalcyonError) as caught:
            await get(client)
    assert type(caught.value) is kind
    assert caught.value.reason == refusal.reason
    assert caught.value.metadata == dict(refusal.metadata)
    assert caught.value.domain == "halcyon.referral"
    assert len(fake.calls) == 1


async def test_every_violation_arrives() -> None:
    faults = (Violation("patient.birth_date", "is in the future"), Violation("referrer.npi", "no"))
    fake = Fake(Invalid("INVALID_REFERRAL", "The referral is wrong.", faults))
    async with serving(fake) as client:
        with pytest.raises(sdk.InvalidArgument) as caught:
            await get(client)
    assert [(v.field, v.description) for v in caught.value.violations] == [
        ("patient.birth_date", "is in the future"),
        ("referrer.npi", "no"),
    ]


@pytest.mark.parametrize(
    "code", [StatusCode.UNAVAILABLE, StatusCode.ABORTED, StatusCode.RESOURCE_EXHAUSTED]
)
async def test_a_safe_call_is_tried_again(code: StatusCode) -> None:
    fake = Fake(code, code)
    async with serving(fake) as client:
        assert (await get(client)).referral_id == ID
    assert len(fake.calls) == 3


async def test_retries_end_with_the_deadline() -> None:
    fake = Fake(*[StatusCode.UNAVAILABLE] * 200)
    async with serving(fake, timeout=1) as client:
        with pytest.raises(sdk.Unavailable):
            await get(client)
    assert len(fake.calls) > 2
    assert 0 < fake.left[-1] < fake.left[0] <= 1.01  # gRPC counts in hundredths, rounded up


async def test_retries_share_one_deadline_and_wait_as_asked() -> None:
    fake = Fake(*[Busy("DATABASE_UNAVAILABLE", "Later.")] * 20)
    async with serving(fake, timeout=1.5) as client:
        with pytest.raises(sdk.Unavailable) as caught:
            await get(client)
    assert caught.value.retry_after is not None
    assert len(fake.calls) == 2
    assert fake.left[1] < 0.6 < fake.left[0]


async def test_an_unsafe_call_is_never_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clients.sdk.calls.is_safe", lambda _: False)
    fake = Fake(StatusCode.UNAVAILABLE)
    async with serving(fake) as client:
        with pytest.raises(sdk.Unavailable):
            await get(client)
    assert len(fake.calls) == 1


async def test_a_wrong_call_is_never_repeated() -> None:
    fake = Fake(StatusCode.INTERNAL)
    async with serving(fake) as client:
        with pytest.raises(sdk.HalcyonError) as caught:
            await get(client)
    assert caught.value.reason == "INTERNAL"
    assert len(fake.calls) == 1


def test_what_is_safe_is_read_from_the_contract() -> None:
    assert is_safe("halcyon.referral.v1.ReferralService.CreateReferral")
    assert is_safe("halcyon.billing.v1.BillingService.GetInvoice")
    assert not is_safe("halcyon.unknown.v1.Service.Method")
    assert not is_safe("grpc.health.v1.Health.Check")


async def test_a_call_has_a_deadline_by_default() -> None:
    async with serving(Fake(), timeout=0.3) as client:
        with pytest.raises(sdk.DeadlineExceeded):
            await client.billing.GetInvoice(billing.GetInvoiceRequest(invoice_id=ID))


async def test_a_call_carries_the_token_and_the_trace() -> None:
    fake = Fake()
    span = NonRecordingSpan(SpanContext(0xABC, 0xDEF, False, TraceFlags(1)))
    async with serving(fake, token=lambda: "fresh") as client:
        with use_span(span):
            await get(client)
        await get(client)
    assert fake.calls[0]["authorization"] == "Bearer fresh"
    assert fake.calls[0]["traceparent"] == f"00-{0xABC:032x}-{0xDEF:016x}-01"
    assert "traceparent" not in fake.calls[1]


async def test_watching_resumes_after_the_last_change_seen() -> None:
    fake = Fake()
    fake.changes = [[1, 2, StatusCode.UNAVAILABLE], [StatusCode.UNAVAILABLE], [3, 4]]
    async with serving(fake) as client:
        seen = [change.revision async for change in client.watch(ID)]
    assert seen == [1, 2, 3, 4]
    assert fake.watched_from == [0, 2, 2]


async def test_watching_what_is_not_there_is_an_error() -> None:
    fake = Fake()
    fake.changes = [[StatusCode.NOT_FOUND]]
    async with serving(fake) as client:
        with pytest.raises(sdk.NotFound):
            await anext(client.watch(ID))


async def test_watching_can_stop_at_any_time() -> None:
    fake = Fake()
    fake.changes = [[1, 2, 3]]
    async with serving(fake) as client, aclosing(client.watch(ID)) as changes:
        assert (await anext(changes)).revision == 1
