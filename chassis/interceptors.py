"""The way in: one wrapper a method, and one list of middleware, outermost first."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from functools import reduce
from typing import Any, TypeAlias, cast

import grpc
from google.protobuf import descriptor_pool
from google.protobuf.descriptor_pb2 import MethodOptions
from google.protobuf.message import Message

from chassis import sight, telemetry
from chassis.admission import admission
from chassis.audit.calls import Recorder, refused, seen
from chassis.audit.grants import emergencies
from chassis.auth import auth, roles_admitted
from chassis.calls import Answer, Call, Method, Middleware, within
from chassis.database import Database
from chassis.errors import TooLate, errors, retries
from chassis.masking import shown
from chassis.names import Attributes
from chassis.principal import caller
from chassis.tokens import Tokens
from chassis.validation import validation
from halcyon.options.v1.options_pb2 import (
    PURPOSE_OPERATIONS,
    PURPOSE_PAYMENT,
    PURPOSE_UNSPECIFIED,
    purpose,
)

Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"

DEFAULT_SECONDS = 30.0
_OURS = "/halcyon."
_OPERATIONS = "halcyon.operations.v1.OperationsService/"
_PURPOSES: Mapping[int, str] = {
    PURPOSE_UNSPECIFIED: "TREAT",
    PURPOSE_PAYMENT: "HPAYMT",
    PURPOSE_OPERATIONS: "HOPERAT",
}
_OUR_FAULTS = frozenset(
    {"UNKNOWN", "DEADLINE_EXCEEDED", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS"}
)


def middleware(
    tokens: Tokens, room: tuple[int, int], db: Database | None = None
) -> Sequence[Middleware]:
    """What every call goes through; where there is a database, it is told of there."""
    crowd = admission(*room)
    if db is None:
        return (observation, errors, crowd, auth(tokens), validation, deadlines, retries)
    record = Recorder(db)
    outside, inside = refused(db, record), seen(db, record)
    admitted = (observation, errors, crowd, outside, auth(tokens), emergencies(db), unbounded)
    return (*admitted, validation, deadlines, inside, retries)


class Edge(grpc.aio.ServerInterceptor):
    """Wraps our own methods, each once; health and reflection pass as they are."""

    def __init__(self, layers: Sequence[Middleware]) -> None:
        self._layers = layers
        self._handlers: dict[str, Handler] = {}

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable["Handler | None"]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> "Handler | None":
        """The wrapped handler of the method; None, and so UNIMPLEMENTED, when there is none."""
        path = handler_call_details.method
        if known := self._handlers.get(path):
            return known
        handler = await continuation(handler_call_details)
        if handler is None or not path.startswith(_OURS):
            return handler
        wrapped = self._handlers[path] = _wrapped(path, handler, self._layers)
        return wrapped


def _wrapped(path: str, handler: Handler, layers: Sequence[Middleware]) -> Handler:
    method = _method(path, handler)
    outermost = reduce(_around, reversed(layers), _behaviour(handler))

    async def enter(request: Any, context: Any) -> Any:
        call = Call(method, context, request, dict(context.invocation_metadata()))
        with sight.nothing():
            return await outermost(call)

    kinds = {
        (False, False): grpc.unary_unary_rpc_method_handler,
        (False, True): grpc.unary_stream_rpc_method_handler,
        (True, False): grpc.stream_unary_rpc_method_handler,
        (True, True): grpc.stream_stream_rpc_method_handler,
    }
    make = kinds[method.streams_requests, method.streams_replies]
    return make(enter, None, handler.response_serializer)


def _method(path: str, handler: Handler) -> Method:
    name = path.removeprefix("/")
    service, _, verb = name.partition("/")
    descriptor = descriptor_pool.Default().FindServiceByName(service).methods_by_name[verb]
    return Method(
        name=name,
        roles=roles_admitted(descriptor),
        parse=cast("Callable[[bytes], Message]", handler.request_deserializer),
        streams_requests=handler.request_streaming,
        streams_replies=handler.response_streaming,
        reads=descriptor.GetOptions().idempotency_level == MethodOptions.NO_SIDE_EFFECTS,
        purpose=_PURPOSES[descriptor.containing_service.GetOptions().Extensions[purpose]],
    )


def _around(inner: Answer, layer: Middleware) -> Answer:
    return lambda call: layer(call, inner)


def _behaviour(handler: Handler) -> Answer:
    behaviour: Any = (
        handler.unary_unary or handler.unary_stream or handler.stream_unary or handler.stream_stream
    )

    async def reply(call: Call) -> Any:
        return shown(await behaviour(call.request, call.context), caller().roles)

    async def replies(call: Call) -> None:
        stream = behaviour(call.request, call.context)
        if not isinstance(stream, AsyncGenerator):
            await stream
            return
        async with aclosing(stream):
            async for message in stream:
                await _tell(call, message)

    return replies if handler.response_streaming else reply


async def _tell(call: Call, message: Message) -> None:
    """What has nothing left for this caller is not told at all."""
    told = shown(message, caller().roles)
    if told is message or told.ByteSize():
        if call.witness:
            await call.witness(told)
        await call.context.write(told)


async def observation(call: Call, answer: Answer) -> Any:
    """One span and one measurement a call."""
    began = time.perf_counter()
    method = call.method.name
    with telemetry.serving(method, call.header("traceparent")) as work:
        try:
            return await answer(call)
        except asyncio.CancelledError:
            call.status = "DEADLINE_EXCEEDED" if _is_late(call) else "CANCELLED"
            raise
        finally:
            fault = call.status if call.status in _OUR_FAULTS else None
            work.note("rpc.response.status_code", call.status)
            work.judge(fault)
            about: Attributes = {
                "rpc.system.name": "grpc",
                "rpc.method": method,
                "rpc.response.status_code": call.status,
            }
            telemetry.record("rpc.server.call.duration", time.perf_counter() - began, about)


async def deadlines(call: Call, answer: Answer) -> Any:
    """A unary call without a deadline gets one; a stream lasts as long as its token."""
    if not call.method.unary or call.context.time_remaining() is not None:
        return await answer(call)
    late = TooLate("DEADLINE_EXCEEDED", "No answer in time.")
    return await within(DEFAULT_SECONDS, answer(call), late)


async def unbounded(call: Call, answer: Answer) -> Any:
    """Operators unstick the flows of every clinic; they are shown ids, states and times."""
    if not call.method.name.startswith(_OPERATIONS):
        return await answer(call)
    with sight.everything():
        return await answer(call)


def _is_late(call: Call) -> bool:
    remaining = call.context.time_remaining()
    return remaining is not None and remaining <= 0
