"""A service of the tests' own, made at run time: one method of each kind."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import grpc
from buf.validate import validate_pb2
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.descriptor_pb2 import FieldDescriptorProto as Field
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status

from chassis.auth import caller
from halcyon.options.v1.options_pb2 import Requirement, Role, requires

SERVICE = "halcyon.echo.v1.EchoService"
_WORD = ".halcyon.echo.v1.Word"


def _file() -> descriptor_pb2.FileDescriptorProto:
    file = descriptor_pb2.FileDescriptorProto(
        name="halcyon/echo/v1/echo_service.proto",
        package="halcyon.echo.v1",
        syntax="proto3",
        dependency=["buf/validate/validate.proto", "halcyon/options/v1/options.proto"],
    )
    word = file.message_type.add(name="Word")
    text = word.field.add(name="text", number=1, type=Field.TYPE_STRING, label=1)
    text.options.Extensions[validate_pb2.field].string.max_len = 20
    word.field.add(name="inner", number=2, type=Field.TYPE_MESSAGE, label=1, type_name=_WORD)
    word.field.add(name="many", number=3, type=Field.TYPE_MESSAGE, label=3, type_name=_WORD)
    service = file.service.add(name="EchoService")
    for name, asks, replies in METHODS:
        method = service.method.add(name=name, input_type=_WORD, output_type=_WORD)
        method.client_streaming, method.server_streaming = asks, replies
        if name != "Closed":
            requirement = Requirement(roles=[Role.ROLE_NURSE, Role.ROLE_PRESCRIBER])
            if name == "Repeat":
                requirement.roles.append(Role.ROLE_SERVICE)
            method.options.Extensions[requires].CopyFrom(requirement)
    return file


METHODS = (
    ("Say", False, False),
    ("Repeat", False, True),
    ("Gather", True, False),
    ("Chat", True, True),
    ("Closed", False, False),
)
descriptor_pool.Default().Add(_file())
Word: Any = message_factory.GetMessageClass(
    descriptor_pool.Default().FindMessageTypeByName("halcyon.echo.v1.Word")
)


class Echo:
    """Answers with what it hears, or does what `acts` says for that word."""

    def __init__(self) -> None:
        self.acts: dict[str, Callable[[], Any]] = {}
        self.heard: list[str] = []

    async def say(self, request: Any, context: Any) -> Any:
        self.heard.append(request.text)
        if act := self.acts.get(request.text):
            result = act()
            if asyncio.iscoroutine(result):
                await result
        return Word(text=f"{caller().subject}:{request.text[:10]}")

    async def repeat(self, request: Any, context: Any) -> AsyncIterator[Any]:
        yield await self.say(request, context)
        if request.text == "forever":
            await asyncio.Event().wait()
        yield Word(text="again")

    async def gather(self, requests: AsyncIterator[Any], context: Any) -> Any:
        return Word(text=",".join([request.text async for request in requests]))

    async def chat(self, requests: AsyncIterator[Any], context: Any) -> AsyncIterator[Any]:
        async for request in requests:
            yield await self.say(request, context)

    def add_to(self, server: grpc.aio.Server) -> None:
        kinds = {"request_deserializer": Word.FromString, "response_serializer": _serialised}
        handlers = {
            "Say": grpc.unary_unary_rpc_method_handler(self.say, **kinds),
            "Repeat": grpc.unary_stream_rpc_method_handler(self.repeat, **kinds),
            "Gather": grpc.stream_unary_rpc_method_handler(self.gather, **kinds),
            "Chat": grpc.stream_stream_rpc_method_handler(self.chat, **kinds),
            "Closed": grpc.unary_unary_rpc_method_handler(self.say, **kinds),
        }
        generic = grpc.method_handlers_generic_handler(SERVICE, handlers)
        server.add_generic_rpc_handlers((generic,))


class Client:
    """Calls the echo service with a token; raw bytes go as they are."""

    def __init__(self, channel: grpc.aio.Channel, token: str = "") -> None:
        self._channel = channel
        self._metadata: tuple[tuple[str, str], ...] = ()
        if token:
            self._metadata = (("authorization", f"Bearer {token}"),)

    def say(self, request: Any = "hello", method: str = "Say", **options: Any) -> Any:
        call = self._channel.unary_unary(f"/{SERVICE}/{method}", _serialised, Word.FromString)
        return call(_word(request), metadata=self._metadata, **options)

    def repeat(self, request: Any) -> Any:
        call = self._channel.unary_stream(f"/{SERVICE}/Repeat", _serialised, Word.FromString)
        return call(_word(request), metadata=self._metadata)

    def gather(self, *requests: Any) -> Any:
        call = self._channel.stream_unary(f"/{SERVICE}/Gather", _serialised, Word.FromString)
        return call(iter([_word(request) for request in requests]), metadata=self._metadata)

    def chat(self, *requests: Any) -> Any:
        call = self._channel.stream_stream(f"/{SERVICE}/Chat", _serialised, Word.FromString)
        return call(iter([_word(request) for request in requests]), metadata=self._metadata)


def _word(request: Any) -> Any:
    return Word(text=request) if isinstance(request, str) else request


def _serialised(message: Any) -> bytes:
    return message if isinstance(message, bytes) else bytes(message.SerializeToString())


class Refused:
    """A refused call, its details unpacked."""

    def __init__(self, fault: grpc.aio.AioRpcError) -> None:
        self.code = fault.code()
        self.message = fault.details()
        self.info, self.bad, self.retry = ErrorInfo(), BadRequest(), RetryInfo()
        status = Status.FromString(dict(fault.trailing_metadata())["grpc-status-details-bin"])
        assert status.code == self.code.value[0]
        assert status.message == self.message
        for detail in status.details:
            for known in (self.info, self.bad, self.retry):
                detail.Unpack(known)


async def refused(call: Any) -> Refused:
    """The refusal that the call must end in."""
    try:
        if hasattr(call, "__aiter__"):
            async for _ in call:
                pass
        else:
            await call
    except grpc.aio.AioRpcError as fault:
        return Refused(fault)
    raise AssertionError("The call was answered.")
