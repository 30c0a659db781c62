"""One piece of work in its trace: entered, perhaps failed, left."""

from contextvars import Token
from types import TracebackType
from typing import Self

from google.protobuf.message import Message
from opentelemetry import context as contexts
from opentelemetry.context import Context
from opentelemetry.trace import Span, StatusCode, set_span_in_context

from chassis.names import Attribute

_REFERRAL: Attribute = "halcyon.referral_id"


def concern(span: Span, fact: Message) -> None:
    """Name the flow of a fact on the work it is part of, so that it is found by the referral."""
    if span.is_recording() and (referral := getattr(fact, "referral_id", "")):
        span.set_attribute(_REFERRAL, referral)


class Work:
    """One piece of work in its trace; a failure is told by its class, never by its text."""

    __slots__ = ("_context", "_judged", "_span", "_token")

    def __init__(self, span: Span, within: Context | None = None) -> None:
        """`within` is what goes on from here; the span's own context unless another is carried."""
        self._span = span
        self._context = within or set_span_in_context(span, Context())
        self._judged = False
        self._token: Token[Context]

    def concern(self, fact: Message) -> None:
        """Say which flow it is part of."""
        concern(self._span, fact)

    def note(self, name: Attribute, value: str | int) -> None:
        """Say one more thing about the work."""
        self._span.set_attribute(name, value)

    def judge(self, error_type: str | None) -> None:
        """Say how it ended, in place of the exception that may pass through."""
        self._judged = True
        if error_type:
            self._span.set_attribute("error.type", error_type)
            self._span.set_status(StatusCode.ERROR)

    def __enter__(self) -> Self:
        self._token = contexts.attach(self._context)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind and not self._judged:
            self.judge(kind.__qualname__)
        self._span.end()
        contexts.detach(self._token)
