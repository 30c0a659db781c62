"""The same calls over the wire: streams both ways, the contract's own limits, roles, latency."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import grpc
import pytest
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo
from grpc_status import rpc_status

from chassis.config import Settings
from chassis.issuer import Issuer
from chassis.server import serve
from chassis.testing import House
from halcyon.infusion.v1 import gate_calls_pb2 as gating
from halcyon.infusion.v1 import infusion_pb2 as nouns
from halcyon.infusion.v1 import infusion_service_pb2 as rpc
from halcyon.infusion.v1 import monitoring_calls_pb2 as calls
from halcyon.infusion.v1 import pump_calls_pb2 as pumping
from halcyon.infusion.v1.infusion_service_pb2_grpc import (
    InfusionServiceStub,
    add_InfusionServiceServicer_to_server,
)
from services.infusion.tests import examples as eg
from services.infusion.tests.ward import Ward


@pytest.fixture
async def ward(house: House) -> Ward:
    return Ward(house)


@pytest.fixture
def issuer(tmp_path: Path) -> Issuer:
    return Issuer(tmp_path)


@pytest.fixture
async def stub(ward: Ward, issuer: Issuer) -> AsyncIterator[Any]:
    settings = Settings(database_url="", nats_url="", jwks=str(issuer.jwks_file))
    server = await serve(
        settings, lambda it: add_InfusionServiceServicer_to_server(ward.api, it), []
    )
    async with grpc.aio.insecure_channel(server.address) as channel:
        yield InfusionServiceStub(channel)
    await server.drain(0)


def bearer(issuer: Issuer, *roles: str, clinic: Any = eg.BOSTON) -> list[tuple[str, str]]:
    return [("authorization", f"Bearer {issuer.mint('gateway', list(roles), [str(clinic)])}")]


def details(fault: grpc.aio.AioRpcError) -> tuple[str, set[str]]:
    info, bad = ErrorInfo(), BadRequest()
    status = rpc_status.from_call(fault)
    for detail in status.details if status else ():
        detail.Unpack(info)
        detail.Unpack(bad)
    return info.reason, {violation.field for violation in bad.field_violations}


def told(session_id: str, sequence: int, *readings: nouns.Vitals) -> calls.StreamVitalsRequest:
    return calls.StreamVitalsRequest(session_id=session_id, sequence=sequence, readings=readings)


async def test_a_gateway_is_answered_message_by_message(
    ward: Ward, stub: Any, issuer: Issuer
) -> None:
    case = await ward.expect()
    session_id = case.session_id(1)
    await ward.arrive(session_id)
    now = ward.now()
    messages = [
        told(session_id, 1, eg.reading(now), eg.reading(now - timedelta(seconds=1))),
        told(session_id, 2, eg.reading(now)),
        told(session_id, 3, eg.reading(now + timedelta(hours=1))),
        told(case.session_id(2), 4, eg.reading(now)),
        told(str(uuid4()), 5, eg.reading(now)),
        told(session_id, 6, eg.reading(now - timedelta(seconds=2))),
    ]
    stream = stub.StreamVitals(iter(messages), metadata=bearer(issuer, "nurse"))
    async with asyncio.timeout(10):
        answers = [answer async for answer in stream]
    assert [answer.sequence for answer in answers] == [1, 2, 3, 4, 5, 6]
    assert [answer.recorded_count for answer in answers] == [2, 0, 0, 0, 0, 1]
    assert [answer.refusal_reason for answer in answers] == [
        "", "", "INVALID_VITALS", "WRONG_STATE", "SESSION_NOT_FOUND", "",
    ]  # fmt: skip
    assert list(answers[2].refused_fields) == ["readings[0].measure_time"]
    assert await ward.house.count("SELECT count(*) FROM vitals") == 3


async def test_what_was_answered_is_durable_when_the_stream_breaks(
    ward: Ward, stub: Any, issuer: Issuer
) -> None:
    session_id = (await ward.expect()).session_id(1)
    await ward.arrive(session_id)
    now = ward.now()
    stream = stub.StreamVitals(metadata=bearer(issuer, "nurse"))
    async with asyncio.timeout(10):
        await stream.write(told(session_id, 1, eg.reading(now)))
        assert (await stream.read()).recorded_count == 1
        assert await ward.house.count("SELECT count(*) FROM vitals") == 1
        await stream.write(told(session_id, 2, eg.reading(now, oxygen_saturation=101)))
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            while await stream.read() is not grpc.aio.EOF:
                pass
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert details(refused.value) == ("INVALID_REQUEST", {"readings[0].oxygen_saturation"})
    assert await ward.house.count("SELECT count(*) FROM vitals") == 1


async def test_a_screen_hears_of_readings_alerts_and_moves_until_the_end(
    ward: Ward, stub: Any, issuer: Issuer
) -> None:
    session_id = (await ward.expect()).session_id(1)
    watch = stub.WatchSession(
        calls.WatchSessionRequest(session_id=session_id), metadata=bearer(issuer, "nurse")
    )
    seen: list[calls.WatchSessionResponse] = []

    async def until(kind: str, count: int = 1) -> Any:
        while len([one for one in seen if one.WhichOneof("news") == kind]) < count:
            seen.append(await watch.read())
        return getattr(seen[-1], kind)

    async with asyncio.timeout(20):
        assert (await until("session")).status == nouns.SESSION_STATUS_PLANNED
        await ward.running(session_id)
        await until("reading", 2)
        bad = eg.reading(ward.now(), systolic=185)
        await ward.record(session_id, bad)
        raised = await until("alert", 2)
        await ward.acknowledge(session_id, raised.alert_id)
        assert (await until("alert", 3)).acknowledged_by == "nurse one"
        await ward.stop(session_id)
        await ward.transfer(session_id)
        while (one := await watch.read()) is not grpc.aio.EOF:
            seen.append(one)
    assert seen[-1].session.status == nouns.SESSION_STATUS_TRANSFERRED
    readings = [one.reading for one in seen if one.WhichOneof("news") == "reading"]
    assert len(readings) == 3
    assert bad in readings


async def test_news_is_on_the_screen_in_time(ward: Ward, stub: Any, issuer: Issuer) -> None:
    """250 ms on an idle machine is the promise; a busy test machine is given a second."""
    session_id = (await ward.expect()).session_id(1)
    await ward.arrive(session_id)
    nurse = bearer(issuer, "nurse")
    watch = stub.WatchSession(calls.WatchSessionRequest(session_id=session_id), metadata=nurse)
    async with asyncio.timeout(20):
        assert (await watch.read()).HasField("session")
        for count in range(5):
            told_at = time.perf_counter()
            reading = eg.reading(ward.now(), heart_rate=60 + count)
            request = rpc.RecordVitalsRequest(session_id=session_id, readings=[reading])
            await stub.RecordVitals(request, metadata=nurse)
            assert (await watch.read()).reading == reading
            assert time.perf_counter() - told_at < 1


async def test_nobody_watches_or_feeds_a_strangers_session(
    ward: Ward, stub: Any, issuer: Issuer
) -> None:
    session_id = (await ward.expect()).session_id(1)
    await ward.arrive(session_id)
    stranger = bearer(issuer, "nurse", clinic=eg.CHICAGO)
    watch = stub.WatchSession(calls.WatchSessionRequest(session_id=session_id), metadata=stranger)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await watch.read()
    assert refused.value.code() is grpc.StatusCode.NOT_FOUND
    stream = stub.StreamVitals(
        iter([told(session_id, 1, eg.reading(ward.now()))]), metadata=stranger
    )
    (answer,) = [one async for one in stream]
    assert answer.refusal_reason == "SESSION_NOT_FOUND"
    assert await ward.house.count("SELECT count(*) FROM vitals") == 0


ABSURD = [
    {"oxygen_saturation": 101},
    {"oxygen_saturation": -1},
    {"heart_rate": 0},
    {"heart_rate": 301},
    {"systolic": 301},
    {"systolic": -120},
    {"diastolic": 5},
    {"moaas": 6},
    {"respiratory_rate": 0},
    {"rass": 5},
]


@pytest.mark.parametrize("changes", ABSURD, ids=str)
async def test_absurd_vital_signs_are_refused_by_the_contract(
    ward: Ward, stub: Any, issuer: Issuer, changes: dict[str, int]
) -> None:
    session_id = (await ward.expect()).session_id(1)
    await ward.arrive(session_id)
    request = rpc.RecordVitalsRequest(
        session_id=session_id, readings=[eg.reading(ward.now(), **changes)]
    )
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await stub.RecordVitals(request, metadata=bearer(issuer, "nurse"))
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert details(refused.value) == ("INVALID_REQUEST", {f"readings[0].{next(iter(changes))}"})
    assert await ward.house.count("SELECT count(*) FROM vitals") == 0


@pytest.mark.parametrize("amount", ["NaN", "-1", "1e3", "Infinity", "", "12345.1", "1.1234567"])
async def test_what_is_no_amount_is_refused_by_the_contract(
    ward: Ward, stub: Any, issuer: Issuer, amount: str
) -> None:
    session_id = (await ward.expect()).session_id(1)
    await ward.running(session_id)
    nurse = bearer(issuer, "nurse")
    request = pumping.ChangeRateRequest(session_id=session_id, rate_ml_per_h=amount)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await stub.ChangeRate(request, metadata=nurse)
    assert details(refused.value) == ("INVALID_REQUEST", {"rate_ml_per_h"})
    checklist = eg.checklist_request(session_id, ward.now())
    checklist.checklist.programme.dose_mg = amount
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await stub.RecordChecklist(checklist, metadata=nurse)
    assert details(refused.value) == ("INVALID_REQUEST", {"checklist.programme.dose_mg"})
    assert await ward.house.count("SELECT count(*) FROM pump_interval") == 1


async def test_a_zero_dose_and_a_day_that_is_none_are_typed_errors(
    ward: Ward, stub: Any, issuer: Issuer
) -> None:
    session_id = (await ward.expect()).session_id(1)
    await ward.arrive(session_id)
    nurse = bearer(issuer, "nurse")
    for field, spoil in (
        ("checklist.programme.dose_mg", lambda it: setattr(it.programme, "dose_mg", "0.0")),
        ("checklist.drug.expire_date", lambda it: setattr(it.drug, "expire_date", "2026-02-30")),
    ):  # fmt: skip
        request = eg.checklist_request(session_id, ward.now())
        spoil(request.checklist)
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await stub.RecordChecklist(request, metadata=nurse)
        assert details(refused.value) == ("INVALID_VALUE", {field})
    assert await ward.house.count("SELECT count(*) FROM start_form") == 0


async def test_only_a_prescriber_overrides(ward: Ward, stub: Any, issuer: Issuer) -> None:
    session_id = (await ward.expect()).session_id(1)
    await ward.arrive(session_id)
    request = gating.OverrideGateRequest(session_id=session_id)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await stub.OverrideGate(request, metadata=bearer(issuer, "nurse"))
    assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await stub.OverrideGate(request, metadata=bearer(issuer, "prescriber"))
    assert details(refused.value)[1] == {"gate", "items", "reason_code", "rationale"}
