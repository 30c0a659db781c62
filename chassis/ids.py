"""Ids as the database driver has them: an ordinary UUID, read, told and compared in a tenth."""

from hashlib import sha1
from typing import cast
from uuid import UUID

from asyncpg.pgproto.pgproto import UUID as QuickUUID  # noqa: N811


def uuid_of(text: str) -> UUID:
    """The id that a text is; ValueError when it is none."""
    return cast("UUID", QuickUUID(text))


def named(namespace: UUID, name: str) -> UUID:
    """The library's uuid5."""
    digest = bytearray(sha1(namespace.bytes + name.encode(), usedforsecurity=False).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x50
    digest[8] = digest[8] & 0x3F | 0x80
    return cast("UUID", QuickUUID(bytes(digest)))
