"""The papers of a gRPC port, which are looked at with each handshake."""

from collections.abc import Callable
from typing import TypeAlias, cast

import grpc
import structlog

from chassis.papers import Papers

Fetcher: TypeAlias = Callable[[], grpc.ServerCertificateConfiguration]

log = structlog.get_logger()


def credentials(papers: Papers) -> grpc.ServerCredentials:
    """For a port whose callers must show papers of the same authority."""
    shown = _Shown(papers)
    return grpc.dynamic_ssl_server_credentials(shown.first, cast(Fetcher, shown), True)


class _Shown:
    """gRPC asks before every handshake; the answer is None while nothing has changed.

    A certificate that came before its key, or a file that is half there, changes nothing yet.
    """

    def __init__(self, papers: Papers) -> None:
        self._papers = papers
        self._stamp = papers.stamp
        self.first = self._read()

    def __call__(self) -> grpc.ServerCertificateConfiguration | None:
        try:
            if (stamp := self._papers.stamp) == self._stamp:
                return None
            fresh = self._read()
        except (OSError, ValueError) as error:
            log.warning("papers.unreadable", error_class=type(error).__qualname__)
            return None
        self._stamp = stamp
        log.info("papers.renewed")
        return fresh

    def _read(self) -> grpc.ServerCertificateConfiguration:
        papers = self._papers
        papers.dialling()
        pair = papers.key.read_bytes(), papers.certificate.read_bytes()
        return grpc.ssl_server_certificate_configuration([pair], papers.authority.read_bytes())
