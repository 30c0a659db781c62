"""Signed heads of the audit as lines of a file, and the key that signs them; knows no database."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from chassis.audit.chain import Anchor


def told(one: Anchor) -> str:
    """An anchor as a line."""
    return json.dumps(
        {
            "service": one.service,
            "clinic_id": str(one.clinic_id),
            "seq": one.seq,
            "hash": one.hash.hex(),
            "signature": one.signature.hex(),
        }
    )


def anchors(path: Path, service: str) -> list[Anchor]:
    """Every anchor in a file, of one service."""
    if not path.exists():
        return []
    found: list[Any] = [json.loads(line) for line in path.read_text().splitlines()]
    return [
        Anchor(
            one["service"],
            UUID(one["clinic_id"]),
            one["seq"],
            bytes.fromhex(one["hash"]),
            bytes.fromhex(one["signature"]),
        )
        for one in found
        if one["service"] == service
    ]


def private_key(path: Path) -> Ed25519PrivateKey:
    """The key that signs anchors; the database never sees it."""
    key = load_pem_private_key(path.read_bytes(), None)
    if not isinstance(key, Ed25519PrivateKey):
        raise TypeError(f"{path} holds no Ed25519 key.")
    return key
