"""Nothing leaves in a span but what the registry of names knows: no text, no payload."""

from collections.abc import Sequence

from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.trace import Link, Status
from opentelemetry.util.types import Attributes

from chassis.names import ATTRIBUTES

_SAFE = ATTRIBUTES | {"exception.type"}


class Scrubbing(SpanExporter):
    """Stands before an exporter; a span that is clean, as ours are, passes as it is."""

    def __init__(self, onward: SpanExporter) -> None:
        self._onward = onward

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """What a library recorded loses its unknown attributes and its texts."""
        return self._onward.export([one if _clean(one) else _scrubbed(one) for one in spans])

    def shutdown(self) -> None:
        """With the exporter behind it."""
        self._onward.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """With the exporter behind it."""
        return self._onward.force_flush(timeout_millis)


def _clean(span: ReadableSpan) -> bool:
    return (
        not span.events
        and not span.status.description
        and _SAFE.issuperset(span.attributes or ())
        and not any(link.attributes for link in span.links)
    )


def _scrubbed(span: ReadableSpan) -> ReadableSpan:
    return ReadableSpan(
        name=span.name,
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes=_known(span.attributes),
        events=[Event(one.name, _known(one.attributes), one.timestamp) for one in span.events],
        links=[Link(one.context, _known(one.attributes)) for one in span.links],
        kind=span.kind,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def _known(attributes: Attributes) -> Attributes:
    return {name: value for name, value in (attributes or {}).items() if name in _SAFE}
