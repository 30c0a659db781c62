"""The edge as a caller meets it: four kinds of method, limits, health, reflection, the end."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from chassis import interceptors
from chassis.server import serve
from chassis.tests.echo import SERVICE, Client, Word, refused
from chassis.tests.edge import Edge, edge_settings, running_edge


@pytest.fixture(name="edge")
async def _edge(tmp_path: Path) -> AsyncIterator[Edge]:
    async with running_edge(tmp_path) as edge:
        yield edge


async def test_each_kind_of_method_is_answered(edge: Edge) -> None:
    assert (await edge.client.say("one")).text == "ada:one"
    assert [word.text async for word in edge.client.repeat("two")] == ["ada:two", "again"]
    assert (await edge.client.gather("three", "four")).text == "three,four"
    assert [word.text async for word in edge.client.chat("5", "6")] == ["ada:5", "ada:6"]


async def test_unknown_methods_are_unimplemented(edge: Edge) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await edge.client.say(method="Whisper")
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


@pytest.mark.parametrize("compression", [grpc.Compression.NoCompression, grpc.Compression.Gzip])
async def test_a_request_too_large_is_refused_also_when_compressed(
    edge: Edge, compression: grpc.Compression
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await edge.client.say("x" * 1024 * 1024, compression=compression)
    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


async def for_ever() -> None:
    await asyncio.Event().wait()


async def test_a_callers_deadline_cancels_the_work(edge: Edge) -> None:
    ended = asyncio.Event()

    async def slow() -> None:
        try:
            await for_ever()
        finally:
            ended.set()

    edge.echo.acts["slow"] = slow
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await edge.client.say("slow", timeout=0.1)
    assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    await asyncio.wait_for(ended.wait(), 2)


async def test_a_call_without_a_deadline_gets_one(
    edge: Edge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interceptors, "DEFAULT_SECONDS", 0.05)
    edge.echo.acts["slow"] = for_ever
    no = await refused(edge.client.say("slow"))
    assert (no.code, no.info.reason) == (grpc.StatusCode.DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED")


async def test_health_and_reflection_need_no_token(edge: Edge) -> None:
    stub: Any = health_pb2_grpc.HealthStub(edge.channel)
    for name in ("", SERVICE):
        reply = await stub.Check(health_pb2.HealthCheckRequest(service=name))
        assert reply.status == health_pb2.HealthCheckResponse.SERVING
    stub_of: Any = reflection_pb2_grpc.ServerReflectionStub
    reflecting = stub_of(edge.channel)
    asked = [reflection_pb2.ServerReflectionRequest(list_services="")]
    replies = [reply async for reply in reflecting.ServerReflectionInfo(iter(asked))]
    assert SERVICE in {service.name for service in replies[0].list_services_response.service}


async def test_draining_says_so_and_finishes_what_was_begun(edge: Edge) -> None:
    server = await serve(edge_settings(edge.issuer), edge.echo.add_to, [SERVICE])
    begun, free = asyncio.Event(), asyncio.Event()

    async def linger() -> None:
        begun.set()
        await free.wait()

    edge.echo.acts["linger"] = linger
    async with grpc.aio.insecure_channel(server.address) as channel:
        health: Any = health_pb2_grpc.HealthStub(channel)
        watch = health.Watch(health_pb2.HealthCheckRequest(service=SERVICE))
        assert (await watch.read()).status == health_pb2.HealthCheckResponse.SERVING
        call = Client(channel, edge.token).say(Word(text="linger"))
        waiting = asyncio.ensure_future(call)
        await begun.wait()
        draining = asyncio.ensure_future(server.drain(20))
        assert (await watch.read()).status == health_pb2.HealthCheckResponse.NOT_SERVING
        watch.cancel()
        free.set()
        assert (await waiting).text == "ada:linger"
        await draining
