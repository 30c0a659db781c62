"""A token issuer for development and tests: one Ed25519 key in a private file."""

import json
import sys
import time
from collections.abc import Iterable
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from jwt.algorithms import OKPAlgorithm

from chassis import files

DEFAULT_ISSUER = "https://issuer.halcyon.test"
DEFAULT_AUDIENCE = "halcyon"

_HOUR = timedelta(hours=1)


class Issuer:
    """Mints tokens that services with the same JWKS file believe."""

    def __init__(
        self, directory: Path, issuer: str = DEFAULT_ISSUER, audience: str = DEFAULT_AUDIENCE
    ) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._key = kept(directory / "issuer.key")
        self._issuer, self._audience = issuer, audience
        self._public: dict[str, Any] = OKPAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        self._kid = sha256(self._public["x"].encode()).hexdigest()[:16]
        self.jwks_file = directory / "jwks.json"
        content = json.dumps(self.jwks()).encode()
        if not self.jwks_file.exists() or self.jwks_file.read_bytes() != content:
            files.write(self.jwks_file, content, 0o644)

    def jwks(self) -> dict[str, Any]:
        """The public half, as services read it."""
        return {"keys": [{**self._public, "kid": self._kid, "use": "sig", "alg": "EdDSA"}]}

    def mint(
        self,
        subject: str,
        roles: Iterable[str],
        clinics: Iterable[UUID | str] = ("*",),
        npi: str | None = None,
        ttl: timedelta = _HOUR,
    ) -> str:
        """A token for that subject, in force from now."""
        now = int(time.time())
        claims: dict[str, Any] = {
            "sub": subject,
            "iss": self._issuer,
            "aud": self._audience,
            "iat": now,
            "nbf": now,
            "exp": now + int(ttl.total_seconds()),
            "roles": sorted(roles),
            "clinics": [str(clinic) for clinic in clinics],
        }
        if npi is not None:
            claims["npi"] = npi
        return jwt.encode(claims, self._key, algorithm="EdDSA", headers={"kid": self._kid})


def kept(path: Path) -> Ed25519PrivateKey:
    """The key in the file; of two processes that begin together, one key is kept."""
    if not path.exists():
        fresh = Ed25519PrivateKey.generate()
        pem = fresh.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        files.write(path, pem, replace=False)
    key = load_pem_private_key(path.read_bytes(), None)
    if not isinstance(key, Ed25519PrivateKey):
        raise TypeError(f"{path} holds no Ed25519 key.")
    return key


def main() -> None:
    """`python -m chassis.issuer FOLDER`: a key and its JWKS, made the first time."""
    Issuer(Path(sys.argv[1]))


if __name__ == "__main__":
    main()
