"""What is taken on one local day, kept small enough to read and write.

A day is one integer a unit: a bit for each seat, rooms first, then pumps, then nurses.
"""

from collections.abc import Iterable
from struct import Struct

_HEADER = Struct("<HHH")


class Day:
    """What is taken on one local day; unpacked when first asked, packed when written."""

    __slots__ = ("_packed", "_taken")

    def __init__(self, packed: bytes = b"") -> None:
        self._packed: bytes | None = packed
        self._taken: list[int] | None = None

    def units(self, count: int) -> list[int]:
        """The bits taken, unit by unit; not to be changed by the caller."""
        if self._taken is None:
            self._taken = _unpacked(self._packed or b"", count)
        return self._taken

    def mark(self, units: range, bits: int, count: int, *, taken: bool) -> None:
        """Take or give back these bits for these units."""
        day = self.units(count)
        self._packed = None
        for unit in units:
            day[unit] = day[unit] | bits if taken else day[unit] & ~bits

    def take(self, at: int, bits: int, masks: Iterable[int], count: int) -> None:
        """Take in each of the units from one on those of the bits that its mask lets through."""
        day = self.units(count)
        self._packed = None
        for unit, mask in enumerate(masks, at):
            day[unit] |= bits & mask

    def packed(self) -> bytes:
        """As bytes; the untaken ends of the day are left out."""
        if self._packed is None:
            self._packed = _packed(self._taken or [])
        return self._packed


def _unpacked(packed: bytes, count: int) -> list[int]:
    taken = [0] * count
    if packed:
        width, offset, used = _HEADER.unpack_from(packed)
        at = _HEADER.size
        for unit in range(offset, min(offset + used, count)):
            taken[unit] = int.from_bytes(packed[at : at + width], "little")
            at += width
    return taken


def _packed(taken: list[int]) -> bytes:
    used = [unit for unit, bits in enumerate(taken) if bits]
    if not used:
        return b""
    first, last = used[0], used[-1] + 1
    width = (max(taken).bit_length() + 7) // 8
    body = b"".join([bits.to_bytes(width, "little") for bits in taken[first:last]])
    return _HEADER.pack(width, first, last - first) + body
