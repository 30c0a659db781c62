"""HTTP/2 as bytes, spoken badly on purpose."""

import asyncio
import struct
from contextlib import suppress

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PING, WINDOW_UPDATE, CONTINUATION = 0, 1, 3, 4, 6, 8, 9
_INDEXED_POST, _INDEXED_HTTP = b"\x83", b"\x86"


def frame(kind: int, flags: int = 0, stream: int = 0, payload: bytes = b"") -> bytes:
    return start(len(payload), kind) + struct.pack(">BI", flags, stream) + payload


def start(length: int, kind: int) -> bytes:
    """How every frame of this kind and length begins."""
    return struct.pack(">I", length)[1:] + bytes([kind])


def literal(name: str, value: str) -> bytes:
    """One header, neither indexed nor compressed."""
    return b"\x00" + _counted(name.encode()) + _counted(value.encode())


def _counted(text: bytes) -> bytes:
    if len(text) < 127:
        return bytes([len(text)]) + text
    rest, size = b"\x7f", len(text) - 127
    while size > 127:
        rest, size = rest + bytes([size & 127 | 128]), size >> 7
    return rest + bytes([size]) + text


def request(path: str, *more: bytes) -> bytes:
    headers = [_INDEXED_POST, _INDEXED_HTTP, literal(":path", path), literal(":authority", "x")]
    headers += [literal("te", "trailers"), literal("content-type", "application/grpc"), *more]
    return b"".join(headers)


async def shout(address: str, data: bytes, listen: float = 0.5) -> bytes:
    """Send it all, hear what comes, hang up; a server may hang up first."""
    host, _, port = address.rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    heard = b""
    with suppress(OSError, TimeoutError):
        writer.write(data)
        async with asyncio.timeout(listen):
            await writer.drain()
            while part := await reader.read(65536):
                heard += part
    writer.close()
    return heard
