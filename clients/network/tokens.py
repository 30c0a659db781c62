"""Tokens of the development issuer, minted afresh before they grow old."""

import time
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

from chassis.issuer import Issuer

_LIFE = timedelta(hours=1)


class Minting:
    """Called for a token, gives one with at least half its life before it."""

    def __init__(
        self,
        directory: Path,
        roles: Iterable[str],
        *,
        clinics: Iterable[str] = ("*",),
        npi: str | None = None,
        subject: str = "",
    ) -> None:
        self._issuer = Issuer(directory)
        self._roles, self._clinics = tuple(roles), tuple(clinics)
        self._npi, self._subject = npi, subject or "-".join((*self._roles, "dev"))
        self._token, self._old_at = "", 0.0

    def __call__(self) -> str:
        """A token that is good for half an hour at least."""
        if time.monotonic() >= self._old_at:
            self._old_at = time.monotonic() + _LIFE.total_seconds() / 2
            self._token = self.mint()
        return self._token

    def mint(self, ttl: timedelta = _LIFE) -> str:
        """A new token."""
        return self._issuer.mint(self._subject, self._roles, self._clinics, self._npi, ttl)
