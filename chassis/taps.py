"""Messages for whoever taps a subject, cut out of the bytes where they lie."""

import re
from collections.abc import Callable, Mapping

from nats.protocol.parser import AWAITING_MSG_PAYLOAD, CRLF_SIZE, Parser

Tap = Callable[[str, str, bytes, bytes | None], None]
"""Subject, reply, payload and raw headers of one message; it must not raise."""

_LINE = re.compile(rb"(H)?MSG (\S+) (\d+) (?:(\S+) )??(?(1)(\d+) )(\d+)\r\n")


class Taps(Parser):
    """Whatever is not a whole message for a tap is left to nats-py's own, slower parser."""

    def __init__(self, client: object, taps: Mapping[int, Tap]) -> None:
        super().__init__(client)
        self._taps = taps

    async def parse(self, data: bytes = b"") -> None:
        """Any cutting of the bytes gives the same messages."""
        if self.state == AWAITING_MSG_PAYLOAD:
            missing = self.needed + CRLF_SIZE - len(self.buf)
            await super().parse(data[:missing])
            data = data[missing:]
        if not self.buf:
            data = data[self._hand_over(data) :]
        if data:
            await super().parse(data)

    def _hand_over(self, data: bytes) -> int:
        """The messages for taps that `data` begins with; where the rest begins."""
        at = 0
        while line := _LINE.match(data, at):
            headed, subject, sid, reply, header_size, size = line.groups()
            tap, begin = self._taps.get(int(sid)), line.end()
            end = begin + int(size)
            if tap is None or end + CRLF_SIZE > len(data):
                break
            body = begin + int(header_size) if headed else begin
            headers = data[begin:body] if headed else None
            tap(subject.decode(), reply.decode() if reply else "", data[body:end], headers)
            at = end + CRLF_SIZE
        return at
