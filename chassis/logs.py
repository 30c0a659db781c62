"""Logs as JSON lines that say who and which, never what: no payload, no exception text."""

import logging
import sys

import structlog
from opentelemetry import trace
from opentelemetry.trace import format_span_id, format_trace_id
from structlog.typing import EventDict, WrappedLogger


def start(level: str, service: str) -> None:
    """Send our own lines and every library's to standard error in one form."""
    threshold = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _Service(service),
            _add_trace,
            _name_only,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    logging.basicConfig(handlers=[_Library()], level=max(threshold, logging.WARNING), force=True)


class _Service:
    def __init__(self, name: str) -> None:
        self._name = name

    def __call__(self, _: WrappedLogger, __: str, event: EventDict) -> EventDict:
        event["service"] = self._name
        return event


def _add_trace(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        event["trace_id"] = format_trace_id(context.trace_id)
        event["span_id"] = format_span_id(context.span_id)
    return event


def _name_only(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """An exception is logged by its class: its text may hold a value."""
    fault = event.pop("exc_info", None)
    if fault is True:
        fault = sys.exc_info()[1]
    if isinstance(fault, BaseException):
        event["error_type"] = type(fault).__qualname__
    return event


class _Library(logging.Handler):
    """A library's line keeps its template and loses its arguments."""

    def emit(self, record: logging.LogRecord) -> None:
        about: dict[str, str] = {"logger": record.name}
        if record.exc_info and record.exc_info[0]:
            about["error_type"] = record.exc_info[0].__qualname__
        structlog.get_logger().log(record.levelno, str(record.msg), **about)
