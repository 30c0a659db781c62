"""The way in without the socket: the same edge and the same bytes, for attacks by the million."""

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf.descriptor import MethodDescriptor
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status

from chassis.config import Settings
from chassis.database import Database
from chassis.interceptors import Edge, middleware
from chassis.tokens import Tokens
from tests.hostile.grammar import MARK

_LEAKS = re.compile(rf"Traceback|SELECT |INSERT |asyncpg|sqlalchemy|/work|\.py\b|{MARK}")
_DETAILS = "grpc-status-details-bin"


@dataclass(frozen=True)
class Outcome:
    """What a caller learns."""

    code: grpc.StatusCode
    reason: str = ""
    told: str = ""
    replies: tuple[bytes, ...] = ()

    @property
    def leaks(self) -> list[str]:
        """What nobody outside may read, among what a refusal tells."""
        return _LEAKS.findall(self.told)


def refused(code: grpc.StatusCode, message: str, status: Status | None) -> Outcome:
    info = ErrorInfo()
    for detail in status.details if status else ():
        detail.Unpack(info)
    return Outcome(code, info.reason, f"{message} {status}")


class _Ended(Exception):
    """As grpc.aio ends a call that was aborted."""


class _Context:
    """As much of a call's context as our edge and our methods use."""

    def __init__(self, token: str) -> None:
        self._metadata = (("authorization", f"Bearer {token}"),)
        self.ended: tuple[grpc.StatusCode, str, Any] | None = None

    def invocation_metadata(self) -> Any:
        return self._metadata

    def time_remaining(self) -> float | None:
        return 10.0

    def code(self) -> grpc.StatusCode | None:
        return self.ended[0] if self.ended else None

    async def abort(self, code: grpc.StatusCode, message: str = "", metadata: Any = ()) -> None:
        self.ended = code, message, metadata
        raise _Ended

    def set_trailing_metadata(self, metadata: Any) -> None:
        pass


class Inside:
    """Every unary method behind its edge, as the server would call it."""

    def __init__(self, settings: Settings, answers: Callable[[Any], None], db: Database) -> None:
        self._known: dict[str, Any] = {}
        room = settings.max_calls, settings.max_streams
        self._edge = Edge(middleware(Tokens(settings), room, db))
        answers(self)

    def add_generic_rpc_handlers(self, handlers: Any) -> None:
        """Spoken twice by what grpc generates; the other word is enough."""

    def add_registered_method_handlers(self, service: str, handlers: dict[str, Any]) -> None:
        self._known |= {f"/{service}/{verb}": one for verb, one in handlers.items()}

    async def enter(self, method: MethodDescriptor, data: bytes, token: str) -> Outcome:
        path = f"/{method.containing_service.full_name}/{method.name}"
        handler = await self._edge.intercept_service(self._find, _Details(path, ()))
        assert handler
        context: Any = _Context(token)
        with suppress(_Ended):
            behaviour: Any = handler.unary_unary
            reply = await behaviour(data, context)
            return Outcome(grpc.StatusCode.OK, replies=(reply.SerializeToString(),))
        assert context.ended
        code, message, metadata = context.ended
        status = Status.FromString(dict(metadata)[_DETAILS]) if metadata else None
        return refused(code, message, status)

    async def _find(self, details: grpc.HandlerCallDetails) -> Any:
        return self._known[details.method]


@dataclass(frozen=True)
class _Details(grpc.HandlerCallDetails):
    """Which method is called."""

    method: str
    invocation_metadata: Any
