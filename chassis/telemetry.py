"""Traces and metrics: an unsampled trace costs its context and nothing else."""

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any, TypeAlias, cast

from opentelemetry import metrics, propagate, trace
from opentelemetry.context import Context
from opentelemetry.metrics import CallbackOptions, Observation
from opentelemetry.sdk.metrics.export import MetricReader
from opentelemetry.sdk.trace.export import SpanExporter
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import (
    Link,
    Span,
    SpanContext,
    SpanKind,
    set_span_in_context,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from chassis import logs
from chassis.config import Settings
from chassis.names import OBSERVED, Attributes, Observed, Recorded
from chassis.recorder import Recorder, recorder
from chassis.traceparent import Carried, parse, render, sampled
from chassis.work import Work

Measured: TypeAlias = tuple[float, Attributes]

_IDS = RandomIdGenerator()
_recorder = Recorder()


def start(
    settings: Settings,
    service: str,
    *,
    exporters: Iterable[SpanExporter] = (),
    readers: Iterable[MetricReader] = (),
) -> None:
    """Record from now on; only the W3C trace context is ever propagated, never baggage."""
    global _recorder  # noqa: PLW0603
    logs.start(settings.log_level, service)
    propagate.set_global_textmap(TraceContextTextMapPropagator())
    _recorder = recorder(settings, service, exporters, readers)


def stop() -> None:
    """Flush what is recorded and record no more."""
    global _recorder
    stopping, _recorder = _recorder, Recorder()
    stopping.stop()


def meter() -> metrics.Meter:
    """The SDK's meter; it keeps nothing unless somebody reads it."""
    return _recorder.meter


def record(name: Recorded, value: float, attributes: Attributes) -> None:
    """Add one measurement to a counter or a histogram."""
    if add := _recorder.instruments.get(name):
        add(value, _plain(attributes))


def measured() -> bool:
    """Whether anybody reads the measurements."""
    return bool(_recorder.instruments)


def observe(name: Observed, read: Callable[[], float | Sequence[Measured]]) -> None:
    """Read this gauge whenever measurements are collected."""

    def observations(_: CallbackOptions) -> Iterable[Observation]:
        found = read()
        for value, attributes in [(found, {})] if isinstance(found, int | float) else found:
            yield Observation(value, _plain(attributes))

    unit, description = OBSERVED[name]
    _recorder.meter.create_observable_gauge(name, [observations], unit, description)


def current_traceparent() -> str:
    """The current context as its header, with the sampling decision; '' when there is none."""
    return traceparent_of(trace.get_current_span())


def traceparent_of(span: Span) -> str:
    """A span's context as its header."""
    return span.header if isinstance(span, Carried) else render(span.get_span_context())


@lru_cache(maxsize=4096)
def context_from(header: str) -> Context:
    """The remote context a header carries, an empty one when it carries none; a flow repeats it."""
    if not (remote := parse(header)):
        return Context()
    told = header if header.startswith("00-") else ""
    return set_span_in_context(Carried(remote, told), Context())


def serving(method: str, header: str = "") -> Work:
    """Answer one call; a call without a context heads a trace."""
    attributes: Attributes = {"rpc.system.name": "grpc", "rpc.method": method}
    return working(method, header, SpanKind.SERVER, attributes)


def calling(method: str) -> Work:
    """Call another service within the current trace."""
    attributes: Attributes = {"rpc.system.name": "grpc", "rpc.method": method}
    return working(method, current_traceparent(), SpanKind.CLIENT, attributes)


def processing(subject: str, event_id: object, header: str, consumer: str) -> Work:
    """Handle one fact as a child of the work that stated it, linked to it as well."""
    if unrecorded := _unrecorded(header):
        return unrecorded  # Most facts: what is said about them is not even put together.
    attributes: Attributes = {
        "messaging.system": "nats",
        "messaging.operation.name": "process",
        "messaging.operation.type": "process",
        "messaging.destination.name": subject,
        "messaging.message.id": str(event_id),
        "messaging.consumer.group.name": consumer,
    }
    return _recorded(f"process {subject}", header, SpanKind.CONSUMER, attributes)


def sending(stream: str, headers: Sequence[str]) -> Work:
    """Publish one batch, linked to each sampled context that stated a fact in it."""
    links = [Link(cause) for header in filter(sampled, headers) if (cause := parse(header))]
    if not links:
        return Work(trace.INVALID_SPAN)
    attributes: Attributes = {
        "messaging.system": "nats",
        "messaging.operation.name": "send",
        "messaging.operation.type": "send",
        "messaging.destination.name": stream,
        "messaging.batch.message_count": len(headers),
    }
    return _open(f"send {stream}", Context(), SpanKind.PRODUCER, attributes, links)


def errand(name: str, entity_id: str, header: str) -> Work:
    """Run one errand in the trace that asked for it."""
    attributes: Attributes = {"halcyon.errand.name": name, "halcyon.entity_id": entity_id}
    return working(f"errand {name}", header, SpanKind.INTERNAL, attributes)


def deadline(name: str, entity_id: str) -> Work:
    """Meet one deadline: time has no cause, so it heads a trace of its own."""
    attributes: Attributes = {"halcyon.deadline.name": name, "halcyon.entity_id": entity_id}
    return working(f"deadline {name}", "", SpanKind.INTERNAL, attributes)


def working(name: str, header: str, kind: SpanKind, attributes: Attributes) -> Work:
    """Work under a remote context, or at the head of a trace when there is none."""
    return _unrecorded(header) or _recorded(name, header, kind, attributes)


def _recorded(name: str, header: str, kind: SpanKind, attributes: Attributes) -> Work:
    if not (carried := context_from(header)):
        return _heading(name, kind, attributes)
    cause = trace.get_current_span(carried).get_span_context()
    links = [Link(cause)] if kind is SpanKind.CONSUMER else []
    return _open(name, carried, kind, attributes, links)


def _unrecorded(header: str) -> Work | None:
    """Work in a trace that its head decided not to keep."""
    carried = context_from(header)
    return Work(trace.INVALID_SPAN, carried) if carried and not sampled(header) else None


def _heading(name: str, kind: SpanKind, attributes: Attributes) -> Work:
    trace_id = _IDS.generate_trace_id()
    if _recorder.keeps(trace_id):
        return _open(name, Context(), kind, attributes)
    return Work(Carried(SpanContext(trace_id, _IDS.generate_span_id(), False)))


def _open(
    name: str,
    parent: Context,
    kind: SpanKind,
    attributes: Attributes,
    links: Sequence[Link] = (),
) -> Work:
    return Work(_recorder.tracer.start_span(name, parent, kind, _plain(attributes), links))


def _plain(attributes: Attributes) -> dict[str, Any]:
    return cast("dict[str, Any]", attributes)
