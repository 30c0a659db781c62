"""Refusals become gRPC statuses, once: one table, one place, and no exception text goes out."""

import traceback
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any
from uuid import uuid4

import grpc
import structlog
from google.protobuf.any_pb2 import Any as Packed
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status
from grpc import StatusCode
from tenacity import retry, retry_if_exception, stop_after_attempt, wait_random_exponential

from chassis.calls import Answer, Call
from chassis.faults import is_conflict, is_unavailable
from chassis.refusal import AlreadyExists, Busy, Denied, Invalid, NotAllowed, NotFound, Refusal

log = structlog.get_logger()


class Unauthenticated(Refusal):
    """Nobody we know is calling."""


class TooLate(Refusal):
    """The time for an answer has run out."""


class Conflict(Refusal):
    """Others were faster, again and again; the same request may be sent again."""


class Full(Busy):
    """More calls are in hand than we can answer soon; the caller is told how long to stay away."""

    def __init__(self, retry_after: timedelta) -> None:
        super().__init__("TOO_BUSY", "Too many calls at once; try again a little later.")
        self.retry_after = retry_after


class Broken(Refusal):
    """Our fault: the caller is told an id to quote, and nothing else."""


_CODES: Mapping[type[Refusal], StatusCode] = {
    NotAllowed: StatusCode.FAILED_PRECONDITION,
    NotFound: StatusCode.NOT_FOUND,
    AlreadyExists: StatusCode.ALREADY_EXISTS,
    Denied: StatusCode.PERMISSION_DENIED,
    Invalid: StatusCode.INVALID_ARGUMENT,
    Busy: StatusCode.UNAVAILABLE,
    Full: StatusCode.RESOURCE_EXHAUSTED,
    Unauthenticated: StatusCode.UNAUTHENTICATED,
    TooLate: StatusCode.DEADLINE_EXCEEDED,
    Conflict: StatusCode.ABORTED,
    Broken: StatusCode.INTERNAL,
    Refusal: StatusCode.FAILED_PRECONDITION,
}
_DETAILS_KEY = "grpc-status-details-bin"
_RETRY_DELAY = Duration(seconds=1)
_SHOWN_VIOLATIONS, _SHOWN_PATH, _SHOWN_TEXT = 16, 100, 200


async def errors(call: Call, answer: Answer) -> Any:
    """Whatever goes wrong inside leaves as a status with machine-readable details."""
    try:
        return await answer(call)
    except grpc.aio.AbortError:
        call.status = call.context.code().name
        raise
    except Exception as fault:
        refusal = refusal_for(fault, call.method.name)
        code = code_of(refusal)
        call.status = code.name
        details = status_of(refusal, call.method.domain).SerializeToString()
        await call.context.abort(code, refusal.message, ((_DETAILS_KEY, details),))


async def retries(call: Call, answer: Answer) -> Any:
    """The loser of a race runs again, twice at most: its transaction left nothing behind."""
    try:
        return await answer(call)
    except Exception as fault:
        if not (call.method.unary and is_conflict(fault)):
            raise
    return await _again(call, answer)


@retry(
    stop=stop_after_attempt(2),
    wait=wait_random_exponential(multiplier=0.02, max=0.2),
    retry=retry_if_exception(is_conflict),
    reraise=True,
)
async def _again(call: Call, answer: Answer) -> Any:
    return await answer(call)


def code_of(refusal: Refusal) -> StatusCode:
    """The status code of the nearest kind of refusal in the table."""
    return next(_CODES[kind] for kind in type(refusal).__mro__ if kind in _CODES)


def status_of(refusal: Refusal, domain: str) -> Status:
    """The status with its details; what would not fit in a header is left out."""
    number: int = code_of(refusal).value[0]
    status = Status(code=number, message=refusal.message)
    for detail in _details(refusal, domain):
        packed = Packed()
        packed.Pack(detail)
        status.details.append(packed)
    return status


def refusal_for(fault: Exception, method: str) -> Refusal:
    """A refusal as it is; anything else as one that says nothing of its text."""
    if isinstance(fault, Refusal):
        return fault
    if is_conflict(fault):
        return Conflict("CONFLICT", "Another request changed the same thing; try again.")
    if is_unavailable(fault):
        return Busy("DATABASE_UNAVAILABLE", "The database is out of reach; try again.")
    error_id = str(uuid4())
    log.error(
        "call.failed",
        error_id=error_id,
        rpc_method=method,
        error_type=type(fault).__qualname__,
        frames=[f"{f.filename}:{f.lineno}" for f in traceback.extract_tb(fault.__traceback__)],
    )
    return Broken("INTERNAL", "Internal error.", {"error_id": error_id})


def _details(refusal: Refusal, domain: str) -> Iterator[Message]:
    yield ErrorInfo(reason=refusal.reason, domain=domain, metadata=dict(refusal.metadata))
    if isinstance(refusal, Invalid) and refusal.violations:
        yield BadRequest(
            field_violations=[
                BadRequest.FieldViolation(
                    field=violation.field[:_SHOWN_PATH],
                    description=violation.description[:_SHOWN_TEXT],
                )
                for violation in refusal.violations[:_SHOWN_VIOLATIONS]
            ]
        )
    if isinstance(refusal, Busy | Conflict):
        yield RetryInfo(retry_delay=_retry_delay(refusal))


def _retry_delay(refusal: Refusal) -> Duration:
    """Each crowd is sent away for times of their own, so that it does not come back as one."""
    if not isinstance(refusal, Full):
        return _RETRY_DELAY
    delay = Duration()
    delay.FromTimedelta(refusal.retry_after)
    return delay
