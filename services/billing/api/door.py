"""The one door for HTTP: a gateway posts its webhooks here, and nothing else is answered."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus

import h11
import structlog

from chassis.papers import Papers, guard

Heed = Callable[[bytes, Mapping[str, str]], Awaitable[HTTPStatus]]

PATH = b"/webhooks"
LARGEST = 256 * 1024
PATIENCE = 10.0
"""Seconds for one whole request."""
_CHUNK = 64 * 1024

log = structlog.get_logger()


class Door:
    """Reads one request at a time from each connection and lets `heed` judge its raw body."""

    def __init__(self, heed: Heed) -> None:
        self._heed = heed

    async def open(self, listen: str, papers: Papers | None = None) -> asyncio.Server:
        """Answer at host:port; port 0 asks the system for a free one."""
        guard(listen, papers)
        host, _, port = listen.rpartition(":")
        secured = papers.answering() if papers else None
        return await asyncio.start_server(self._serve, host, int(port), ssl=secured)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = h11.Connection(h11.SERVER, max_incomplete_event_size=16 * 1024)
        try:
            async with asyncio.timeout(PATIENCE):
                status = await self._answer(line, reader)
                writer.write(_reply(line, status))
                await writer.drain()
        except (ConnectionError, TimeoutError, h11.LocalProtocolError):
            log.warning("webhook.cut_off")
        finally:
            writer.close()

    async def _answer(self, line: h11.Connection, reader: asyncio.StreamReader) -> HTTPStatus:
        try:
            request, body = await _read(line, reader)
        except h11.RemoteProtocolError:
            return HTTPStatus.BAD_REQUEST
        if request is None:
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE if body else HTTPStatus.BAD_REQUEST
        if request.target.split(b"?")[0] != PATH:
            return HTTPStatus.NOT_FOUND
        if request.method != b"POST":
            return HTTPStatus.METHOD_NOT_ALLOWED
        return await self._judged(request, body)

    async def _judged(self, request: h11.Request, body: bytes) -> HTTPStatus:
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in request.headers
        }
        try:
            return await self._heed(body, headers)
        except Exception as error:
            log.error("webhook.failed", error_class=type(error).__qualname__)
            return HTTPStatus.SERVICE_UNAVAILABLE


async def _read(
    line: h11.Connection, reader: asyncio.StreamReader
) -> tuple[h11.Request | None, bytes]:
    """The request and its raw body; no request when it is cut short or too large."""
    request, body = None, bytearray()
    while True:
        match line.next_event():
            case h11.NEED_DATA:
                line.receive_data(await reader.read(_CHUNK))
            case h11.Request() as begun:
                request = begun
            case h11.Data(data=data):
                body += data
                if len(body) > LARGEST:
                    return None, bytes(body)
            case h11.EndOfMessage():
                return request, bytes(body)
            case _:
                return None, b""


def _reply(line: h11.Connection, status: HTTPStatus) -> bytes:
    head = h11.Response(
        status_code=status, headers=[("content-length", "0"), ("connection", "close")]
    )
    return (line.send(head) or b"") + (line.send(h11.EndOfMessage()) or b"")
