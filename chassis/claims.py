"""NATS identities: keys, and signed claims that say who they belong to and what they may do."""

import base64
import json
import os
from collections.abc import Mapping
from hashlib import sha256
from time import time
from typing import Any, NewType

import nkeys

Seed = NewType("Seed", str)
"""A private key; it is written to a file of ours or handed to its owner, nowhere else."""

_HEADER = {"typ": "JWT", "alg": "ed25519-nkey"}
_CREDENTIALS = """-----BEGIN NATS USER JWT-----
{jwt}
------END NATS USER JWT------

Keep this file secret: whoever has it is you.

-----BEGIN USER NKEY SEED-----
{seed}
------END USER NKEY SEED------
"""


def operator_seed() -> Seed:
    """The root of trust: it signs accounts."""
    return _seed(nkeys.PREFIX_BYTE_OPERATOR)


def account_seed() -> Seed:
    """An account: a space of subjects of its own; it signs users."""
    return _seed(nkeys.PREFIX_BYTE_ACCOUNT)


def user_seed() -> Seed:
    """A user: somebody who connects."""
    return _seed(nkeys.PREFIX_BYTE_USER)


def public(seed: Seed) -> str:
    """The key that everybody may know."""
    return str(_pair(seed).public_key.decode())


def signed(issuer: Seed, subject: str, name: str, nats: Mapping[str, Any]) -> str:
    """A claim about a public key, as the server reads it: a JWT of version 2."""
    about = {"iat": int(time()), "iss": public(issuer), "name": name, "sub": subject}
    claims: dict[str, Any] = {**about, "nats": {"version": 2, **nats}}
    digest = sha256(json.dumps(claims, sort_keys=True).encode()).digest()
    claims["jti"] = base64.b32encode(digest).decode().rstrip("=")
    body = f"{_packed(json.dumps(_HEADER).encode())}.{_packed(json.dumps(claims).encode())}"
    return f"{body}.{_packed(_pair(issuer).sign(body.encode()))}"


def credentials(jwt: str, seed: Seed) -> str:
    """A .creds file, as every NATS client reads it."""
    return _CREDENTIALS.format(jwt=jwt, seed=seed)


def read_credentials(text: str) -> tuple[str, Seed]:
    """The claim and the key in a .creds file."""
    lines = text.splitlines()
    jwt = lines[lines.index("-----BEGIN NATS USER JWT-----") + 1]
    return jwt, Seed(lines[lines.index("-----BEGIN USER NKEY SEED-----") + 1])


def proof(seed: Seed, nonce: str) -> str:
    """Signs what the server asks to have signed."""
    return _packed(_pair(seed).sign(nonce.encode()))


def _seed(prefix: int) -> Seed:
    return Seed(nkeys.encode_seed(os.urandom(32), prefix).decode())


def _pair(seed: Seed) -> Any:
    return nkeys.from_seed(seed.encode())


def _packed(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
