"""Measurements for Prometheus to scrape, on a port of their own."""

from threading import Thread
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics.export import MetricReader
from prometheus_client import make_wsgi_app, start_http_server
from prometheus_client.core import REGISTRY
from prometheus_client.exposition import ThreadingWSGIServer

from chassis.papers import Papers, guard

_PATIENCE = 10.0


def scraped(listen: str, papers: Papers | None = None) -> MetricReader:
    """A reader that is read over HTTP at host:port, for as long as the process lives."""
    guard(listen, papers)
    host, _, port = listen.rpartition(":")
    reader = PrometheusMetricReader()
    if papers is None:
        start_http_server(int(port), host, registry=REGISTRY)
        return reader
    app = make_wsgi_app(REGISTRY)
    server = make_server(host, int(port), app, _Guarded, _Silent)
    server.papers = papers
    Thread(target=server.serve_forever, daemon=True).start()
    return reader


class _Guarded(ThreadingWSGIServer):
    """Who reads shows papers, in a thread of its own: one who says nothing keeps nobody waiting."""

    papers: Papers

    def finish_request(self, request: Any, client_address: Any) -> None:
        """With the papers as they are now."""
        request.settimeout(_PATIENCE)
        with self.papers.answering().wrap_socket(request, server_side=True) as secured:
            super().finish_request(secured, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever is turned away is no news."""


class _Silent(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """A scrape is no news either."""
