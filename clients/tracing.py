"""The trace that a person at a terminal begins: sampled, and kept beside the services' spans."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter
from opentelemetry.trace import (
    INVALID_SPAN,
    Tracer,
    format_trace_id,
    get_current_span,
    use_span,
)

from chassis.traces import FileSpanExporter

SERVICE = "terminal"


@contextmanager
def tracing(directory: Path | None) -> Iterator[Tracer]:
    """A tracer whose spans are kept in the folder, or sent to HALCYON_OTLP_ENDPOINT.

    What is called within carries its trace.
    """
    provider = TracerProvider(resource=Resource.create({"service.name": SERVICE}))
    if exporter := _exporter(directory):
        provider.add_span_processor(SimpleSpanProcessor(exporter))
    try:
        yield provider.get_tracer("halcyon")
    finally:
        provider.shutdown()


@contextmanager
def untraced() -> Iterator[None]:
    """Looking on is no part of the flow: calls made within carry no trace."""
    with use_span(INVALID_SPAN):
        yield


def current_trace_id() -> str:
    """The trace in progress, as 32 hexadecimal digits."""
    return format_trace_id(get_current_span().get_span_context().trace_id)


def _exporter(directory: Path | None) -> SpanExporter | None:
    if directory:
        return FileSpanExporter(directory / f"{SERVICE}.jsonl")
    endpoint = os.environ.get("HALCYON_OTLP_ENDPOINT", "").rstrip("/")
    return OTLPSpanExporter(f"{endpoint}/v1/traces") if endpoint else None
