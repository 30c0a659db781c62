"""A library may record what it likes; what leaves names no patient."""

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Link, Status, StatusCode

from chassis.scrubbing import Scrubbing

SECRET = "Jane Doe MRN 123"


def tracing():
    kept = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(Scrubbing(kept)))
    return provider.get_tracer("test"), kept


def test_unknown_attributes_events_and_texts_are_taken_out():
    tracer, kept = tracing()
    with tracer.start_as_current_span("first") as first:
        link = Link(first.get_span_context(), {"db.query.text": SECRET})
    with tracer.start_as_current_span("process", links=[link]) as span:
        span.set_attribute("rpc.method", "halcyon.x.v1.XService/GetX")
        span.set_attribute("db.query.parameter.name", SECRET)
        span.record_exception(ValueError(SECRET), {"patient": SECRET})
        span.set_status(Status(StatusCode.ERROR, SECRET))
    _, found = kept.get_finished_spans()
    assert SECRET not in found.to_json()
    assert dict(found.attributes) == {"rpc.method": "halcyon.x.v1.XService/GetX"}
    assert dict(found.events[0].attributes) == {"exception.type": "ValueError"}
    assert found.status.status_code is StatusCode.ERROR
    assert found.links[0].context == first.get_span_context()
    assert found.context == span.get_span_context()


def test_a_clean_span_passes_as_it_is():
    tracer, kept = tracing()
    with tracer.start_as_current_span("send", attributes={"messaging.system": "nats"}) as span:
        pass
    (found,) = kept.get_finished_spans()
    assert found.attributes == span.attributes
