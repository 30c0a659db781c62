"""Finished spans as JSON lines in a file, and back."""

import json
from collections.abc import Sequence
from io import FileIO
from pathlib import Path
from typing import Any, TypeAlias

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.trace import SpanContext

SpanLine: TypeAlias = dict[str, Any]

_SUFFIX = ".jsonl"
_LIMIT = 64 * 1024 * 1024
_json = json.JSONEncoder(separators=(",", ":")).encode


class FileSpanExporter(SpanExporter):
    """Appends to one file per process; a full one makes room, so at most two are kept."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._file = self._open()

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """One line a span."""
        self._file.write("".join(map(_line, spans)).encode())
        if self._file.tell() > _LIMIT:
            self.shutdown()
            self._path.replace(self._path.with_suffix(f".old{_SUFFIX}"))
            self._file = self._open()
        return SpanExportResult.SUCCESS

    def shutdown(self) -> None:
        """Nothing more is written."""
        self._file.close()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:  # noqa: ARG002
        """Every export is written when it returns."""
        return True

    def _open(self) -> FileIO:
        return self._path.open("ab", buffering=0)


def read_spans(directory: Path) -> list[SpanLine]:
    """Every finished span of every process, oldest first; a line cut by a crash is no span."""
    lines = (
        line
        for path in directory.glob(f"*{_SUFFIX}")
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines()
    )
    spans = [span for line in lines if (span := _span(line))]
    return sorted(spans, key=lambda span: (span["start_unix_nano"], span["span_id"]))


def _span(line: str) -> SpanLine | None:
    try:
        span = json.loads(line)
    except ValueError:
        return None
    return span if isinstance(span, dict) else None


def _line(span: ReadableSpan) -> str:
    """Put together by hand: encoding a dict of it all held the event loop up half as long again."""
    attributes: Any = span.attributes
    parent = f"{span.parent.span_id:016x}" if span.parent else ""
    links = ",".join([f"{{{_ids(link.context)}}}" for link in span.links])
    return (
        f'{{{_ids(span.context)},"parent_span_id":"{parent}","name":{_json(span.name)},'
        f'"kind":"{span.kind.name}","service":{_json(span.resource.attributes["service.name"])},'
        f'"start_unix_nano":{span.start_time},"end_unix_nano":{span.end_time},'
        f'"attributes":{_json(attributes.copy())},"links":[{links}],'
        f'"status":"{span.status.status_code.name}"}}\n'
    )


def _ids(context: SpanContext) -> str:
    return f'"trace_id":"{context.trace_id:032x}","span_id":"{context.span_id:016x}"'
