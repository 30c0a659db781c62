"""Bearer tokens: verified once against the issuer's keys, then remembered until expiry."""

import asyncio
import json
import time
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import jwt

from chassis.config import Settings
from chassis.errors import Unauthenticated
from chassis.principal import Principal, principal_of
from chassis.refusal import Busy

LEEWAY_SECONDS = 30.0
_ALGORITHMS = frozenset({"EdDSA", "RS256", "ES256"})
_CLAIMS = ["sub", "iss", "aud", "exp", "nbf", "iat"]
_REMEMBERED = 4096
_FETCH_TIMEOUT = 5.0


class Tokens:
    """Who holds a token; a token seen before costs one look-up."""

    def __init__(self, settings: Settings) -> None:
        self._keys = Keys(settings.jwks)
        self._issuer = settings.issuer
        self._audience = settings.audience
        self._known: OrderedDict[str, Principal] = OrderedDict()

    async def principal(self, token: str) -> Principal:
        """The token's holder, or the reason why nobody is."""
        if principal := self._known.get(token):
            if seconds_left(principal) <= 0:
                del self._known[token]
                raise _expired()
            self._known.move_to_end(token)
            return principal
        principal = await self._verified(token)
        self._known[token] = principal
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return principal

    async def _verified(self, token: str) -> Principal:
        try:
            key = await self._keys.find(jwt.get_unverified_header(token).get("kid"))
            return principal_of(self._claims(token, key))
        except jwt.ExpiredSignatureError:
            raise _expired() from None
        except (jwt.PyJWTError, ValueError, TypeError):
            raise Unauthenticated("TOKEN_INVALID", "The token is not valid.") from None

    def _claims(self, token: str, key: jwt.PyJWK) -> dict[str, Any]:
        return jwt.decode(
            token,
            key,
            algorithms=[key.algorithm_name],
            audience=self._audience,
            issuer=self._issuer,
            leeway=LEEWAY_SECONDS,
            options={"require": _CLAIMS},
        )


class Keys:
    """The issuer's keys; an unknown one, or ten minutes, is a reason to read them again."""

    RETRY_SECONDS = 3.0
    STALE_SECONDS = 600.0

    def __init__(self, source: str) -> None:
        self._source = source
        self._keys: Mapping[str, jwt.PyJWK] = {}
        self._read_at = float("-inf")
        self._reading = asyncio.Lock()

    async def find(self, kid: object) -> jwt.PyJWK:
        """The key of that id; there is no default key."""
        async with self._reading:
            age = time.monotonic() - self._read_at
            unknown = kid not in self._keys and age > self.RETRY_SECONDS
            if unknown or age > self.STALE_SECONDS:
                await self._refresh()
        if key := self._keys.get(str(kid)):
            return key
        raise jwt.InvalidTokenError

    async def _refresh(self) -> None:
        """Keys that cannot be read now leave the ones at hand in use."""
        self._read_at = time.monotonic()
        try:
            self._keys = _parse(await asyncio.to_thread(_fetch, self._source))
        except (OSError, ValueError, jwt.PyJWTError):
            if not self._keys:
                self._read_at = float("-inf")
                raise Busy("KEYS_UNAVAILABLE", "Tokens cannot be checked now.") from None


def seconds_left(principal: Principal) -> float:
    """How long the token still admits its holder."""
    return principal.expires.timestamp() + LEEWAY_SECONDS - time.time()


def _expired() -> Unauthenticated:
    return Unauthenticated("TOKEN_EXPIRED", "The token has expired.")


def _fetch(source: str) -> bytes:
    if source.startswith(("https://", "http://")):
        with urlopen(source, timeout=_FETCH_TIMEOUT) as reply:  # noqa: S310
            return bytes(reply.read())
    return Path(source).read_bytes()


def _parse(document: bytes) -> Mapping[str, jwt.PyJWK]:
    keys = jwt.PyJWKSet.from_dict(json.loads(document)).keys
    return {key.key_id: key for key in keys if key.key_id and key.algorithm_name in _ALGORITHMS}
