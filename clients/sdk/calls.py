"""What every call carries and how often it is tried: token, trace, deadline, safe retries."""

import time
from collections.abc import Callable
from functools import cache
from typing import Any, TypeAlias

import grpc
from google.protobuf.descriptor_pb2 import MethodOptions
from google.protobuf.descriptor_pool import Default
from grpc import StatusCode
from grpc.aio import AioRpcError, ClientCallDetails, Metadata
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception,
    stop_before_delay,
    wait_random_exponential,
)

from clients.sdk.errors import HalcyonError, typed

Token: TypeAlias = str | Callable[[], str]

_SAFE = {MethodOptions.NO_SIDE_EFFECTS, MethodOptions.IDEMPOTENT}
_PASSING = {
    StatusCode.UNAVAILABLE,
    StatusCode.ABORTED,
    StatusCode.RESOURCE_EXHAUSTED,
    StatusCode.CANCELLED,  # by a server that leaves: our own cancelling is no answer
}
_BACKOFF = wait_random_exponential(multiplier=0.05, max=2)
_TRACE = TraceContextTextMapPropagator()


class Carrying:
    """Adds the bearer token and the current trace, if there is one, to a call."""

    def __init__(self, token: Token) -> None:
        self._token = token

    def carried(self, details: ClientCallDetails, timeout: float | None) -> ClientCallDetails:
        """The same call with what it must carry."""
        metadata = Metadata(*(details.metadata or ()))
        token = self._token if isinstance(self._token, str) else self._token()
        metadata["authorization"] = f"Bearer {token}"
        trace: dict[str, str] = {}
        _TRACE.inject(trace)
        for name, value in trace.items():
            if metadata.get(name) is None:
                metadata[name] = value
        return ClientCallDetails(
            details.method, timeout, metadata, details.credentials, details.wait_for_ready
        )


class Unary(grpc.aio.UnaryUnaryClientInterceptor):
    """One deadline bounds all attempts; only calls that are safe to repeat are repeated."""

    def __init__(self, carrying: Carrying, timeout: float) -> None:
        self._carrying, self._timeout = carrying, timeout

    async def intercept_unary_unary(
        self, continuation: Any, client_call_details: ClientCallDetails, request: Any
    ) -> Any:
        """The finished call, or a typed error."""
        budget = client_call_details.timeout or self._timeout
        until = time.monotonic() + budget

        async def attempt() -> Any:
            left = max(until - time.monotonic(), 0.001)
            call = await continuation(self._carrying.carried(client_call_details, left), request)
            try:
                await call
            except AioRpcError as fault:
                raise typed(fault) from None
            return call

        return await _retrying(is_safe(_name(client_call_details.method)), budget)(attempt)


class Streaming(grpc.aio.UnaryStreamClientInterceptor):
    """A stream has no deadline of its own: it lasts as long as it is read."""

    def __init__(self, carrying: Carrying) -> None:
        self._carrying = carrying

    async def intercept_unary_stream(
        self, continuation: Any, client_call_details: ClientCallDetails, request: Any
    ) -> Any:
        """The call as begun."""
        timeout = client_call_details.timeout
        return await continuation(self._carrying.carried(client_call_details, timeout), request)


class BothWays(grpc.aio.StreamStreamClientInterceptor):
    """A stream of requests and answers lasts as long as both sides wish."""

    def __init__(self, carrying: Carrying) -> None:
        self._carrying = carrying

    async def intercept_stream_stream(
        self, continuation: Any, client_call_details: ClientCallDetails, request_iterator: Any
    ) -> Any:
        """The call as begun."""
        timeout = client_call_details.timeout
        carried = self._carrying.carried(client_call_details, timeout)
        return await continuation(carried, request_iterator)


@cache
def is_safe(method: str) -> bool:
    """Whether the contract says that the call may be sent again."""
    try:
        options = Default().FindMethodByName(method).GetOptions()
    except KeyError:
        return False
    return bool(options.idempotency_level in _SAFE)


def is_passing(fault: BaseException) -> bool:
    """Whether the same call may succeed a little later."""
    return isinstance(fault, AioRpcError) and fault.code() in _PASSING


def wait(state: RetryCallState) -> float:
    """A random, growing pause, and not less than the service asked for."""
    fault = state.outcome.exception() if state.outcome else None
    asked = fault.retry_after if isinstance(fault, HalcyonError) else None
    return max(_BACKOFF(state), asked.total_seconds() if asked else 0)


def _retrying(safe: bool, budget: float) -> AsyncRetrying:
    return AsyncRetrying(
        retry=retry_if_exception(lambda fault: safe and is_passing(fault)),
        stop=stop_before_delay(budget),
        wait=wait,
        reraise=True,
    )


def _name(method: str | bytes) -> str:
    path = method.decode() if isinstance(method, bytes) else method
    return path.removeprefix("/").replace("/", ".")
