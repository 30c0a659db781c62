"""One trace from end to end, at no cost when it is not kept, and never a payload in it."""

import io
import json
import logging
import timeit
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from opentelemetry import trace
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from chassis import logs, names, telemetry, traceparent
from chassis.config import Settings
from chassis.testing import eventually
from chassis.tests.edge import Edge, running_edge
from chassis.traces import read_spans


@pytest.fixture(name="edge")
async def _edge(tmp_path: Path) -> AsyncIterator[Edge]:
    async with running_edge(tmp_path) as edge:
        yield edge


TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SAMPLED, UNSAMPLED = f"00-{TRACE}-{SPAN}-01", f"00-{TRACE}-{SPAN}-00"
SUBJECT = "halcyon.referral.events.v1.ReferralAccepted"


class Recording:
    """What a test records."""

    def __init__(self, ratio: float = 1.0, **changes: Any) -> None:
        self.exporter, self.reader = InMemorySpanExporter(), InMemoryMetricReader()
        settings = Settings(database_url="", nats_url="", jwks="", trace_ratio=ratio, **changes)
        telemetry.start(settings, "echo", exporters=[self.exporter], readers=[self.reader])

    def spans(self) -> list[ReadableSpan]:
        telemetry.stop()
        return list(self.exporter.get_finished_spans())

    def metrics(self) -> list[Any]:
        data = self.reader.get_metrics_data()
        assert data is not None
        return list(data.resource_metrics[0].scope_metrics[0].metrics)

    def measured(self, calls: int) -> Callable[[], Awaitable[bool]]:
        async def so_many() -> bool:
            (duration,) = self.metrics()
            assert duration.name == "rpc.server.call.duration"
            return bool(sum(point.count for point in duration.data.data_points) == calls)

        return so_many


@pytest.fixture(autouse=True)
def _ends() -> Iterator[None]:
    yield
    telemetry.stop()


def _attributes(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


@pytest.mark.parametrize("header", [SAMPLED, UNSAMPLED])
def test_the_decision_of_the_head_is_carried(header: str) -> None:
    recording = Recording()
    with telemetry.processing(SUBJECT, "e1", header, "intake"):
        carried = telemetry.current_traceparent()
    assert carried[:36] == f"00-{TRACE}-"
    assert carried[-2:] == header[-2:]
    assert len(recording.spans()) == (header is SAMPLED)
    assert telemetry.current_traceparent() == ""


@pytest.mark.parametrize(
    "header", ["", "x", f"ff-{TRACE}-{SPAN}-01", f"00-{'0' * 32}-{SPAN}-01", SAMPLED + "\n"]
)
def test_a_header_that_is_none_heads_a_new_trace(header: str) -> None:
    assert traceparent.parse(header) is None
    recording = Recording()
    with telemetry.serving("m", header):
        assert int(telemetry.current_traceparent()[-2:], 16) & 1
    (span,) = recording.spans()
    assert span.parent is None


@pytest.mark.parametrize(("ratio", "least", "most"), [(0.0, 0, 0), (1.0, 400, 400), (0.1, 10, 80)])
def test_the_head_decides_by_the_ratio(ratio: float, least: int, most: int) -> None:
    recording = Recording(ratio)
    for _ in range(400):
        with telemetry.serving("m"):
            assert len(telemetry.current_traceparent()) == 55
    assert least <= len(recording.spans()) <= most


def test_a_fact_is_handled_as_child_of_what_stated_it_and_linked_to_it() -> None:
    recording = Recording()
    with telemetry.processing(SUBJECT, "e1", SAMPLED, "intake"):
        pass
    (span,) = recording.spans()
    assert (span.name, span.kind) == (f"process {SUBJECT}", SpanKind.CONSUMER)
    assert span.parent is not None
    assert traceparent.render(span.parent) == SAMPLED
    assert [traceparent.render(link.context) for link in span.links] == [SAMPLED]
    assert _attributes(span)["messaging.message.id"] == "e1"


def test_a_batch_is_sent_in_one_span_linked_to_each_kept_cause() -> None:
    recording = Recording()
    with telemetry.sending("HALCYON", [SAMPLED, UNSAMPLED, "", SAMPLED]):
        pass
    with telemetry.sending("HALCYON", [UNSAMPLED, ""]):
        pass
    (span,) = recording.spans()
    assert (span.name, span.kind, len(span.links)) == ("send HALCYON", SpanKind.PRODUCER, 2)
    assert _attributes(span)["messaging.batch.message_count"] == 4


def test_a_failure_is_told_by_its_class_alone() -> None:
    recording = Recording()
    with pytest.raises(ValueError, match="Jane"), telemetry.errand("pay", "e1", SAMPLED):
        raise ValueError("patient Jane Doe")
    (span,) = recording.spans()
    assert span.status.status_code is StatusCode.ERROR
    assert _attributes(span)["error.type"] == "ValueError"
    assert "Jane" not in span.to_json()
    assert not span.events


def test_every_attribute_is_on_the_list() -> None:
    recording = Recording()
    works = (
        telemetry.serving("m"),
        telemetry.calling("m"),
        telemetry.processing(SUBJECT, "e", SAMPLED, "c"),
        telemetry.sending("S", [SAMPLED]),
        telemetry.errand("n", "e", SAMPLED),
        telemetry.deadline("n", "e"),
    )
    for work in works:
        with work:
            work.judge("Broken")
    spans = recording.spans()
    assert len(spans) == len(works)
    assert {name for span in spans for name in _attributes(span)} <= names.ATTRIBUTES


async def test_a_call_is_one_span_and_one_measurement(edge: Edge) -> None:
    recording = Recording()
    edge.echo.acts["boom"] = lambda: 1 / 0
    client = edge.client
    client._metadata += (("traceparent", SAMPLED), ("baggage", "patient.name=Jane"))
    assert (await client.say("hello")).text == "ada:hello"
    assert await client.say("boom").code()
    # A call is measured, and its span ended, just after its status has left.
    await eventually(recording.measured(2), every=0.001)
    good, bad = recording.spans()
    assert good.name == "halcyon.echo.v1.EchoService/Say"
    assert good.parent is not None
    assert traceparent.render(good.parent) == SAMPLED
    assert _attributes(good)["rpc.response.status_code"] == "OK"
    assert _attributes(bad)["error.type"] == "INTERNAL"
    assert bad.status.status_code is StatusCode.ERROR
    assert "Jane" not in f"{good.to_json()}{bad.to_json()}"


def test_counters_and_gauges_are_read() -> None:
    recording = Recording()
    telemetry.record("messaging.client.sent.messages", 3, {"messaging.system": "nats"})
    telemetry.observe("halcyon.outbox.age", lambda: 1.5)
    read = {metric.name: metric.data.data_points[0].value for metric in recording.metrics()}
    assert read == {"messaging.client.sent.messages": 3, "halcyon.outbox.age": 1.5}


def test_spans_survive_in_a_file(tmp_path: Path) -> None:
    Recording(trace_file=tmp_path / "traces" / "echo.jsonl")
    with telemetry.serving("outer"), telemetry.calling("inner"):
        pass
    telemetry.stop()
    with (tmp_path / "traces" / "echo.jsonl").open("a") as file:
        file.write('{"trace_id": "cut')
    outer, inner = read_spans(tmp_path / "traces")
    assert (outer["name"], outer["kind"], outer["service"]) == ("outer", "SERVER", "echo")
    assert (outer["parent_span_id"], inner["parent_span_id"]) == ("", outer["span_id"])
    assert inner["trace_id"] == outer["trace_id"]
    assert outer["end_unix_nano"] >= outer["start_unix_nano"]


def test_without_a_start_contexts_are_still_carried() -> None:
    with telemetry.processing(SUBJECT, "e", SAMPLED, "c"):
        assert telemetry.current_traceparent() == SAMPLED
    span = trace.get_current_span(telemetry.context_from(UNSAMPLED))
    assert traceparent.render(span.get_span_context()) == UNSAMPLED


def test_an_unsampled_fact_costs_microseconds() -> None:
    Recording()

    def one() -> None:
        with telemetry.processing(SUBJECT, "e", UNSAMPLED, "c"):
            telemetry.current_traceparent()

    assert min(timeit.repeat(one, number=1000, repeat=5)) / 1000 < 50e-6


def test_logs_say_which_trace_and_never_the_text_of_a_fault(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out = io.StringIO()
    monkeypatch.setattr("sys.stderr", out)
    logs.start("INFO", "echo")
    with telemetry.processing(SUBJECT, "e", SAMPLED, "c"):
        try:
            raise ValueError("patient Jane Doe")
        except ValueError:
            structlog.get_logger().exception("fact.failed", subject=SUBJECT)
            logging.getLogger("grpc").exception("Unexpected [%s] raised", "Jane Doe")
    ours, theirs = (json.loads(line) for line in out.getvalue().splitlines())
    assert (ours["event"], ours["trace_id"], ours["service"]) == ("fact.failed", TRACE, "echo")
    assert (ours["error_type"], theirs["error_type"]) == ("ValueError", "ValueError")
    assert theirs["logger"] == "grpc"
    assert "Jane" not in out.getvalue()
