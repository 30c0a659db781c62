"""The chain: each entry's hash covers the one before it; the verifier says what does not fit."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from json import dumps
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

GENESIS = bytes(32)
Kept = Mapping[str, Any]
_COVERED = (
    *("number", "clinic_id", "recorded_at", "agent", "roles", "action"),
    *("method", "outcome", "purpose", "about", "trace_id"),
)


@dataclass(frozen=True, slots=True)
class Anchor:
    """The head of one chain at one moment, signed, and kept where the database's owner is not."""

    service: str
    clinic_id: UUID
    seq: int
    hash: bytes
    signature: bytes

    @property
    def signed(self) -> bytes:
        """What the signature covers."""
        return f"{self.service}/{self.clinic_id}/{self.seq}/{self.hash.hex()}".encode()


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with a chain, and where."""

    clinic_id: UUID
    seq: int
    what: str


def link(before: bytes, seq: int, entry: Kept) -> bytes:
    """The hash of an entry at its place."""
    content = [seq, *(_plain(entry[name]) for name in _COVERED)]
    return sha256(before + dumps(content, ensure_ascii=False).encode()).digest()


def anchor(key: Ed25519PrivateKey, service: str, clinic_id: UUID, seq: int, head: bytes) -> Anchor:
    """A signed head."""
    bare = Anchor(service, clinic_id, seq, head, b"")
    return Anchor(service, clinic_id, seq, head, key.sign(bare.signed))


def verify(
    entries: Iterable[Kept], anchors: Sequence[Anchor], key: Ed25519PublicKey
) -> list[Finding]:
    """Edits, deletions, reorderings and truncations; nothing when all is as it was written."""
    chains: defaultdict[UUID, list[Kept]] = defaultdict(list)
    for entry in entries:
        chains[UUID(str(entry["clinic_id"]))].append(entry)
    for one in anchors:
        chains[one.clinic_id]
    found: list[Finding] = []
    for clinic_id, chain in chains.items():
        chain.sort(key=lambda entry: int(entry["seq"]))
        found += _breaks(clinic_id, chain)
        found += _unanchored(clinic_id, chain, anchors, key)
    return found


def _breaks(clinic_id: UUID, chain: Sequence[Kept]) -> Iterator[Finding]:
    before = GENESIS
    for expected, entry in enumerate(chain, 1):
        if entry["seq"] != expected:
            yield Finding(clinic_id, expected, "an entry is missing")
            return
        if link(before, expected, entry) != bytes(entry["hash"]):
            yield Finding(clinic_id, expected, "an entry was changed or moved")
            return
        before = bytes(entry["hash"])


def _unanchored(
    clinic_id: UUID, chain: Sequence[Kept], anchors: Sequence[Anchor], key: Ed25519PublicKey
) -> Iterator[Finding]:
    heads = {int(entry["seq"]): bytes(entry["hash"]) for entry in chain}
    for one in anchors:
        if one.clinic_id != clinic_id:
            continue
        try:
            key.verify(one.signature, one.signed)
        except InvalidSignature:
            yield Finding(clinic_id, one.seq, "an anchor is not signed by us")
            continue
        if one.seq not in heads:
            yield Finding(clinic_id, one.seq, "the chain was cut behind an anchor")
        elif heads[one.seq] != one.hash:
            yield Finding(clinic_id, one.seq, "the chain was written anew since an anchor")


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return value if isinstance(value, int | str) else str(value)
