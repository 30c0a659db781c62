"""The W3C trace context, in and out of its one header line."""

import re

from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags

_HEADER = re.compile(r"(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")
_ODD = frozenset("13579bdf")


class Carried(NonRecordingSpan):
    """Work that is recorded elsewhere or nowhere; it tells its header on, often."""

    def __init__(self, context: SpanContext, header: str = "") -> None:
        super().__init__(context)
        self.header = header or render(context)


def parse(header: str) -> SpanContext | None:
    """The remote context that a header carries, or None when it carries none."""
    if not (found := _HEADER.fullmatch(header)):
        return None
    trace_id, span_id, flags = found.groups()
    context = SpanContext(int(trace_id, 16), int(span_id, 16), True, TraceFlags(int(flags, 16)))
    return context if context.is_valid else None


def render(context: SpanContext) -> str:
    """The header line of a context, with its sampling decision."""
    if not context.is_valid:
        return ""
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"


def sampled(header: str) -> bool:
    """Whether the head of this trace decided to keep it; told without reading the rest."""
    return header != "" and header[-1] in _ODD
