"""What a call may end in: one exception per meaning, with the reason and every violation."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from google.protobuf.message import DecodeError, Message
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status
from grpc import StatusCode
from grpc.aio import AioRpcError, Metadata

_DETAILS_KEY = "grpc-status-details-bin"
Detail = TypeVar("Detail", bound=Message)


@dataclass(frozen=True, slots=True)
class Violation:
    """One fault of a request: which field, and what is wrong with it."""

    field: str
    description: str


class HalcyonError(AioRpcError):
    """A call that was refused or failed; an AioRpcError too, for code that knows only that."""

    def __init__(self, fault: AioRpcError) -> None:
        super().__init__(
            fault.code(),
            fault.initial_metadata() or Metadata(),
            fault.trailing_metadata() or Metadata(),
            fault.details(),
            fault.debug_error_string(),
        )
        self.message: str = fault.details() or fault.code().name
        status = _status(fault)
        info = next(_details(status, ErrorInfo), ErrorInfo())
        self.reason: str = info.reason or fault.code().name
        self.domain: str = info.domain
        self.metadata: dict[str, str] = dict(info.metadata)
        self.violations = tuple(
            Violation(found.field, found.description)
            for bad in _details(status, BadRequest)
            for found in bad.field_violations
        )
        wait = next(_details(status, RetryInfo), None)
        self.retry_after: timedelta | None = wait.retry_delay.ToTimedelta() if wait else None

    def __str__(self) -> str:
        return f"{self.reason}: {self.message}"

    __repr__ = __str__


class NotFound(HalcyonError):
    """No such thing, or not one that the caller may see."""


class InvalidArgument(HalcyonError):
    """The request is wrong; `violations` says where."""


class PermissionDenied(HalcyonError):
    """The caller lacks the role."""


class Unauthenticated(HalcyonError):
    """The token is missing, wrong or expired."""


class FailedPrecondition(HalcyonError):
    """Not in this state; `reason` says which rule."""


class AlreadyExists(HalcyonError):
    """It is there already, with other content."""


class Unavailable(HalcyonError):
    """The service is away; the call may be sent again."""


class DeadlineExceeded(HalcyonError):
    """No answer in time; what was asked may have happened."""


_KINDS: dict[StatusCode, type[HalcyonError]] = {
    StatusCode.NOT_FOUND: NotFound,
    StatusCode.INVALID_ARGUMENT: InvalidArgument,
    StatusCode.PERMISSION_DENIED: PermissionDenied,
    StatusCode.UNAUTHENTICATED: Unauthenticated,
    StatusCode.FAILED_PRECONDITION: FailedPrecondition,
    StatusCode.ALREADY_EXISTS: AlreadyExists,
    StatusCode.UNAVAILABLE: Unavailable,
    StatusCode.DEADLINE_EXCEEDED: DeadlineExceeded,
}


def typed(fault: AioRpcError) -> HalcyonError:
    """The exception that says what the status means."""
    if isinstance(fault, HalcyonError):
        return fault
    return _KINDS.get(fault.code(), HalcyonError)(fault)


def _status(fault: AioRpcError) -> Status:
    """The details as the service packed them; a proxy's broken ones count as none."""
    for key, value in fault.trailing_metadata() or ():
        if key == _DETAILS_KEY and isinstance(value, bytes):
            try:
                return Status.FromString(value)
            except DecodeError:
                break
    return Status()


def _details(status: Status, kind: type[Detail]) -> Iterator[Detail]:
    for packed in status.details:
        if packed.Is(kind.DESCRIPTOR):
            detail = kind()
            packed.Unpack(detail)
            yield detail
