"""Where spans and measurements go: a file, a collector, a test, or nowhere."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from uuid import uuid4

from opentelemetry import metrics, trace
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricReader, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, TraceIdRatioBased

from chassis.config import Settings
from chassis.names import RECORDED, Recorded
from chassis.scraping import scraped
from chassis.scrubbing import Scrubbing
from chassis.traces import FileSpanExporter

Add: TypeAlias = Callable[[float, dict[str, Any]], None]

_NAME = "halcyon"
_QUEUE = 16_384
_DELAY_MS = 200


@dataclass(frozen=True, slots=True)
class Recorder:
    """What records; this default keeps nothing."""

    tracer: trace.Tracer = field(default_factory=trace.NoOpTracer)
    meter: metrics.Meter = field(default_factory=lambda: metrics.NoOpMeter(_NAME))
    instruments: Mapping[Recorded, Add] = field(default_factory=dict)
    providers: tuple[TracerProvider | MeterProvider, ...] = ()
    bound: int = 0

    def keeps(self, trace_id: int) -> bool:
        """The decision at the head of a trace, made before a span exists."""
        return trace_id & TraceIdRatioBased.TRACE_ID_LIMIT < self.bound

    def stop(self) -> None:
        """Flush what is recorded."""
        for provider in self.providers:
            provider.shutdown()


def recorder(
    settings: Settings,
    service: str,
    exporters: Iterable[SpanExporter],
    readers: Iterable[MetricReader],
) -> Recorder:
    """A recorder to where the settings say, and to the given exporters and readers as well."""
    this = {
        "service.name": service,
        "service.namespace": _NAME,
        "service.instance.id": f"{uuid4()}",
    }
    resource = Resource.create(this)
    spans = TracerProvider(resource=resource, sampler=ALWAYS_ON)
    for processor in (*map(_in_batches, exporters), *_span_processors(settings)):
        spans.add_span_processor(processor)
    read_by = [*readers, *_metric_readers(settings)]
    measurements = MeterProvider(read_by, resource=resource) if read_by else None
    meter = measurements.get_meter(_NAME) if measurements else metrics.NoOpMeter(_NAME)
    return Recorder(
        tracer=spans.get_tracer(_NAME),
        meter=meter,
        instruments=dict(_instruments(meter)) if measurements else {},
        providers=(spans, measurements) if measurements else (spans,),
        bound=TraceIdRatioBased.get_bound_for_rate(settings.trace_ratio),
    )


def _span_processors(settings: Settings) -> Iterator[SpanProcessor]:
    """A line is written at once: to hand a span to another thread costs more than to write it."""
    if settings.trace_file:
        yield SimpleSpanProcessor(Scrubbing(FileSpanExporter(settings.trace_file)))
    if settings.otlp_endpoint:
        yield _in_batches(OTLPSpanExporter(f"{settings.otlp_endpoint.rstrip('/')}/v1/traces"))


def _in_batches(exporter: SpanExporter) -> SpanProcessor:
    scrubbing = Scrubbing(exporter)
    return BatchSpanProcessor(scrubbing, max_queue_size=_QUEUE, schedule_delay_millis=_DELAY_MS)


def _metric_readers(settings: Settings) -> Iterator[MetricReader]:
    """Read where they are, or sent with the spans: once, or every sum would be twice the truth."""
    if settings.metrics_listen:
        yield scraped(settings.metrics_listen, settings.papers)
    elif settings.otlp_endpoint:
        exporter = OTLPMetricExporter(f"{settings.otlp_endpoint.rstrip('/')}/v1/metrics")
        yield PeriodicExportingMetricReader(exporter)


def _instruments(meter: metrics.Meter) -> Iterator[tuple[Recorded, Add]]:
    for name, (unit, description) in RECORDED.items():
        if unit == "s":
            yield name, meter.create_histogram(name, unit, description).record
        else:
            yield name, meter.create_counter(name, unit, description).add
