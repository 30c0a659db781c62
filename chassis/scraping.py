"""Measurements for Prometheus to scrape, on a port of their own."""

from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics.export import MetricReader
from prometheus_client import start_http_server
from prometheus_client.core import REGISTRY


def scraped(listen: str) -> MetricReader:
    """A reader that is read over HTTP at host:port, for as long as the process lives."""
    host, _, port = listen.rpartition(":")
    reader = PrometheusMetricReader()
    start_http_server(int(port), host or "127.0.0.1", registry=REGISTRY)
    return reader
