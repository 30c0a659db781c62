"""Bytes that were a message: flipped, cut, grown, spliced, nested."""

import random
from collections.abc import Callable, Sequence

_JUNK = (b"\xff", b"\x00", b"\x0a\xff\xff\xff\xff\x0f", b"\xc0\x80", b"\xf8\x07\x01", b"\x0b\x0c")


def mutated(data: bytes, others: Sequence[bytes], dice: random.Random) -> bytes:
    """One to four small disasters."""
    for _ in range(dice.randint(1, 4)):
        data = dice.choice(_DISASTERS)(data, others, dice)
    return data[:200_000]


def _flip(data: bytes, _others: Sequence[bytes], dice: random.Random) -> bytes:
    if not data:
        return data
    at = dice.randrange(len(data))
    return data[:at] + bytes([data[at] ^ (1 << dice.randrange(8))]) + data[at + 1 :]


def _cut(data: bytes, _others: Sequence[bytes], dice: random.Random) -> bytes:
    return data[: dice.randrange(len(data) + 1)]


def _drop(data: bytes, _others: Sequence[bytes], dice: random.Random) -> bytes:
    at = dice.randrange(len(data) + 1)
    return data[:at] + data[at + dice.randint(1, 9) :]


def _insert(data: bytes, _others: Sequence[bytes], dice: random.Random) -> bytes:
    at = dice.randrange(len(data) + 1)
    return data[:at] + dice.choice((*_JUNK, dice.randbytes(dice.randint(1, 12)))) + data[at:]


def _splice(data: bytes, others: Sequence[bytes], dice: random.Random) -> bytes:
    other = dice.choice(others) if others else b""
    return data[: dice.randrange(len(data) + 1)] + other[dice.randrange(len(other) + 1) :]


def _twice(data: bytes, _others: Sequence[bytes], _dice: random.Random) -> bytes:
    return data + data


def _nest(data: bytes, _others: Sequence[bytes], dice: random.Random) -> bytes:
    """Length-delimited in length-delimited, deeper than any parser should follow."""
    data = data[:64]
    for _ in range(dice.choice((3, 60, 300))):
        size, prefix = len(data), b"\x0a"
        while size > 127:
            prefix, size = prefix + bytes([size & 127 | 128]), size >> 7
        data = prefix + bytes([size]) + data
    return data


_DISASTERS: tuple[Callable[[bytes, Sequence[bytes], random.Random], bytes], ...] = (
    _flip,
    _flip,
    _cut,
    _drop,
    _insert,
    _splice,
    _twice,
    _nest,
)
