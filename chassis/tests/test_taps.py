"""However the bytes are cut, the same messages come out of them in the same order."""

import asyncio
from itertools import pairwise

from hypothesis import example, given
from hypothesis import strategies as some
from nats.protocol.parser import Parser

from chassis.taps import Taps

TAPPED, ANOTHER = 7, 42


class Client:
    """Writes down whatever the parser makes of the bytes."""

    def __init__(self):
        self.told = []

    async def _process_msg(self, sid, subject, reply, data, headers):
        self.told.append((sid, subject.decode(), reply.decode(), data, headers))

    async def _process_ping(self):
        self.told.append("ping")

    async def _process_pong(self):
        self.told.append("pong")

    async def _process_info(self, info):
        self.told.append(info)

    async def _process_err(self, error):
        self.told.append(error)

    def tap(self, subject, reply, data, headers):
        self.told.append((TAPPED, subject, reply, data, headers))


def message(sid, reply, headers, data):
    kind, sizes = "MSG", f"{len(data)}"
    if headers:
        kind, sizes = "HMSG", f"{len(headers)} {len(headers) + len(data)}"
    return f"{kind} halcyon.fact {sid} {reply}{sizes}\r\n".encode() + headers + data + b"\r\n"


messages = some.builds(
    message,
    some.sampled_from([TAPPED, ANOTHER]),
    some.sampled_from(["", "$JS.ACK.A.b.1.2.3 ", "123 "]),
    some.sampled_from([b"", b"NATS/1.0\r\n\r\n", b"NATS/1.0 100 Idle\r\nA: b\r\n\r\n"]),
    some.one_of(
        some.binary(max_size=40), some.sampled_from([b"\r\n", b"PING\r\n", b"MSG a 7 1\r\n"])
    ),
)
others = some.sampled_from(
    [b"PING\r\n", b"PONG\r\n", b"+OK\r\n", b"-ERR 'Stale Connection'\r\n", b'INFO {"a": 1}\r\n']
)


@given(
    some.lists(some.one_of(messages, messages, others), max_size=8),
    some.sets(some.integers(1, 400), max_size=12),
)
@example([message(TAPPED, "", b"NATS/1.0\r\n\r\n", b"one")], {1})
def test_any_cutting_gives_what_the_clients_own_parser_reads(messages, cuts):
    said = b"".join(messages)
    chunks = [said[begin:end] for begin, end in pairwise([0, *sorted(cuts), 10_000])]
    theirs, ours = Client(), Client()
    taps = Taps(ours, {TAPPED: ours.tap})

    async def read():
        await Parser(theirs).parse(said)
        for chunk in chunks:
            await taps.parse(chunk)

    asyncio.run(read())
    assert ours.told == theirs.told


async def test_whole_messages_for_taps_never_reach_the_slow_parser(monkeypatch):
    client = Client()
    taps = Taps(client, {TAPPED: client.tap})
    monkeypatch.setattr(client, "_process_msg", None)
    whole = message(TAPPED, "", b"", b"one")
    await taps.parse(whole + whole)
    await taps.parse(b"PING\r\n")
    await taps.parse(whole)
    assert len(client.told) == 4
