"""Identifiers at rest: sealed with a key of the patient's own, which a key of the clinic wraps."""

import base64
import hmac
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.keywrap import (
    InvalidUnwrap,
    aes_key_unwrap,
    aes_key_wrap,
)

from chassis.refusal import NotFound

_NONCE = 12


class VaultClosed(Exception):
    """No keys were given: nothing that must be sealed can be kept or read."""


class Sealed(NamedTuple):
    """What stands in a table instead of identifiers."""

    clinic_id: UUID
    """Whose key wraps the patient's."""
    version: int
    """Of the master key that the clinic's key is made from."""
    wrapped: bytes
    content: bytes


@dataclass(frozen=True)
class Vault:
    """The master keys by version, and the key of the blind index; they are never in a database."""

    masters: Mapping[int, bytes] = field(repr=False)
    index: bytes = field(repr=False)

    @property
    def version(self) -> int:
        """The newest master key, which seals what is sealed from now on."""
        return max(self.masters)

    def seal(self, clinic_id: UUID, about: str, content: bytes) -> Sealed:
        """Under a fresh key; `about` names the table and the row, and is no secret."""
        key = AESGCM.generate_key(256)
        nonce = secrets.token_bytes(_NONCE)
        sealed = nonce + AESGCM(key).encrypt(nonce, content, about.encode())
        wrapped = aes_key_wrap(self._clinic_key(self.version, clinic_id), key)
        return Sealed(clinic_id, self.version, wrapped, sealed)

    def open(self, about: str, sealed: Sealed) -> bytes:
        """The content; a shredded key, another row's content or a changed byte opens nothing."""
        try:
            wrapping = self._clinic_key(sealed.version, sealed.clinic_id)
            key = aes_key_unwrap(wrapping, sealed.wrapped)
            nonce, content = sealed.content[:_NONCE], sealed.content[_NONCE:]
            return AESGCM(key).decrypt(nonce, content, about.encode())
        except (InvalidUnwrap, InvalidTag, KeyError, ValueError):
            raise NotFound("IDENTIFIERS_GONE", "The identifiers cannot be read any more.") from None

    def rewrap(self, sealed: Sealed, clinic_id: UUID) -> Sealed:
        """The same content under the newest key, of this clinic: a rotation touches no content."""
        key = aes_key_unwrap(self._clinic_key(sealed.version, sealed.clinic_id), sealed.wrapped)
        wrapped = aes_key_wrap(self._clinic_key(self.version, clinic_id), key)
        return Sealed(clinic_id, self.version, wrapped, sealed.content)

    def blind(self, content: bytes) -> bytes:
        """Equal for equal content, and of no use to whoever lacks the key."""
        return hmac.digest(self.index, content, sha256)

    def _clinic_key(self, version: int, clinic_id: UUID) -> bytes:
        return _derived(self.masters[version], clinic_id)


_open: list[Vault] = []


def vault() -> Vault:
    """The vault of this process."""
    if not _open:
        raise VaultClosed
    return _open[-1]


def use(chosen: Vault) -> None:
    """The vault of this process, from here on."""
    _open[:] = [chosen]


def read(path: Path) -> Vault:
    """From a keyring file: {"masters": {"1": base64}, "index": base64}."""
    kept = json.loads(path.read_text())
    masters = {int(version): base64.b64decode(key) for version, key in kept["masters"].items()}
    found = Vault(masters, base64.b64decode(kept["index"]))
    if not masters or any(len(key) != 32 for key in (*masters.values(), found.index)):
        raise ValueError(f"{path} holds no keys of 32 bytes")
    return found


def fresh() -> Vault:
    """New keys."""
    return Vault({1: secrets.token_bytes(32)}, secrets.token_bytes(32))


def rotated(old: Vault) -> Vault:
    """The same with one more master key; the index keeps its key, or no patient would be found."""
    return Vault({**old.masters, old.version + 1: secrets.token_bytes(32)}, old.index)


def write(chosen: Vault, path: Path) -> None:
    """Private from its first byte, and whole or not at all."""
    masters = {str(version): _text(key) for version, key in chosen.masters.items()}
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps({"masters": masters, "index": _text(chosen.index)}))
    draft.replace(path)


def _text(key: bytes) -> str:
    return base64.b64encode(key).decode()


@lru_cache(4096)
def _derived(master: bytes, clinic_id: UUID) -> bytes:
    return HKDF(SHA256(), 32, None, b"halcyon/clinic/" + clinic_id.bytes).derive(master)
