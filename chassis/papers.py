"""What a process shows of itself and whom it believes: a certificate, its key, an authority.

They are files, and files are replaced while we run: whoever connects next meets the new ones.
"""

import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc

_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


@dataclass(frozen=True, slots=True)
class Papers:
    """Three files in PEM."""

    certificate: Path
    key: Path
    authority: Path

    def channel(self) -> grpc.ChannelCredentials:
        """For a call: as they are now."""
        key, certificate = self.key.read_bytes(), self.certificate.read_bytes()
        return grpc.ssl_channel_credentials(self.authority.read_bytes(), key, certificate)

    def dialling(self) -> ssl.SSLContext:
        """For one connection to a server, whose name must be in its certificate."""
        return self._context(trusting(self.authority))

    def answering(self) -> ssl.SSLContext:
        """For a port: each client meets the papers of that moment, and must show its own."""
        context = self._answering()
        context.sni_callback = self._renew
        return context

    def _renew(self, line: ssl.SSLObject, _name: str, _context: ssl.SSLContext) -> None:
        with suppress(OSError, ValueError):
            line.context = self._answering()

    def _answering(self) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=self.authority)
        context.verify_mode = ssl.CERT_REQUIRED
        return self._context(context)

    def _context(self, context: ssl.SSLContext) -> ssl.SSLContext:
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(self.certificate, self.key)
        return context

    @property
    def stamp(self) -> tuple[tuple[int, int], ...]:
        """Another one whenever a file is another one."""
        found = [path.stat() for path in (self.certificate, self.key, self.authority)]
        return tuple((one.st_mtime_ns, one.st_ino) for one in found)

    @staticmethod
    def of(named: Mapping[str, Any] | None, folder: Path = Path()) -> "Papers | None":
        """As a file of settings names them; what is not absolute is below the folder."""
        if not named:
            return None
        return Papers(*(folder / named[name] for name in ("certificate", "key", "authority")))

    def environment(self) -> dict[str, str]:
        """As the environment of a service names them."""
        return {f"HALCYON_TLS_{name.upper()}": path for name, path in self.named().items()}

    def named(self) -> dict[str, str]:
        """As a file of settings names them."""
        return {
            "certificate": str(self.certificate),
            "key": str(self.key),
            "authority": str(self.authority),
        }


class InTheClear(RuntimeError):
    """Without papers nobody listens beyond this machine."""


def guard(listen: str, papers: Papers | None) -> None:
    """Before a port is opened at host:port."""
    host = listen.rpartition(":")[0]
    if papers is None and host not in _LOOPBACK:
        raise InTheClear(f"{host} is not loopback: HALCYON_TLS_CERTIFICATE and its like are needed")


def trusting(authority: Path) -> ssl.SSLContext:
    """For one connection to a server that asks for no papers, but must show its own."""
    return ssl.create_default_context(cafile=authority)
