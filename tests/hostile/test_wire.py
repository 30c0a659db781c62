"""A service under fire at the level of bytes goes on serving the others."""

import asyncio
import gzip
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import grpc
import pytest

from chassis.tests.edge import Edge, running_edge
from clients.network import Network
from halcyon.referral.v1.referral_service_pb2 import ListReferralsRequest
from tests.hostile import frames
from tests.hostile.frames import frame, request, shout

pytestmark = pytest.mark.xdist_group("network")

PATH = "/halcyon.referral.v1.ReferralService/ListReferrals"
TIMES, NOISE = 2, 0.25
"""Other callers' p99 under fire stays within so many times the calm one of the same minute; what is
below the noise of two busy cores (a test beside this one, a scheduler's turn) is not looked at."""
CALM_CALLS, FIRE_CALLS, TRIES = 40, 30, 4
Attack = Callable[[str], Awaitable[Any]]
Ask = Callable[[], Awaitable[Any]]


async def junk(address: str) -> None:
    dice = random.Random(1)
    await asyncio.gather(*(shout(address, dice.randbytes(4096)) for _ in range(30)))


async def junk_after_the_preface(address: str) -> None:
    dice = random.Random(2)
    kinds = (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 77)
    for _ in range(30):
        noise = b"".join(
            frame(dice.choice(kinds), dice.randrange(256), dice.randrange(9), dice.randbytes(40))
            for _ in range(20)
        )
        await shout(address, frames.PREFACE + frame(frames.SETTINGS) + noise, 0.05)


async def endless_headers(address: str) -> None:
    """CONTINUATION without an end."""
    block = request(PATH)
    more = b"".join(
        frame(frames.CONTINUATION, 0, 1, frames.literal(f"x-{n}", "y" * 4000)) for n in range(400)
    )
    await shout(
        address,
        frames.PREFACE + frame(frames.SETTINGS) + frame(frames.HEADERS, 0, 1, block) + more,
    )


async def rapid_reset(address: str) -> bytes:
    """Ask and take back, ten thousand times."""
    block = request(PATH)
    asked = b"".join(
        frame(frames.HEADERS, 4, stream, block)
        + frame(frames.RST_STREAM, 0, stream, b"\x00\x00\x00\x08")
        for stream in range(1, 20_001, 2)
    )
    return await shout(address, frames.PREFACE + frame(frames.SETTINGS) + asked, 2)


async def pings(address: str) -> None:
    await shout(
        address, frames.PREFACE + frame(frames.SETTINGS) + frame(frames.PING, 0, 0, b"8" * 8) * 9999
    )


async def metadata_flood(address: str) -> None:
    metadata = [(f"x-{n}", "y" * 8000) for n in range(20)]
    await refused(address, b"", metadata, grpc.StatusCode.RESOURCE_EXHAUSTED)


async def oversize(address: str) -> None:
    await refused(address, bytes(3 << 20), [], grpc.StatusCode.RESOURCE_EXHAUSTED)


async def gzip_bomb(address: str) -> None:
    """Fifty megabytes of nothing in fifty kilobytes."""
    bomb = gzip.compress(bytes(50 << 20))
    body = b"\x01" + len(bomb).to_bytes(4, "big") + bomb
    pieces = [body[at : at + 16_000] for at in range(0, len(body), 16_000)]
    head = request(PATH, frames.literal("grpc-encoding", "gzip"))
    sent = frame(frames.HEADERS, 4, 1, head)
    for index, piece in enumerate(pieces):
        sent += frame(frames.DATA, index == len(pieces) - 1, 1, piece)
    await shout(address, frames.PREFACE + frame(frames.SETTINGS) + sent, 3)


async def idle_connections(address: str) -> None:
    """Four hundred that only sit there."""
    host, _, port = address.rpartition(":")
    held = []
    for _ in range(400):
        with suppress(OSError):
            held.append((await asyncio.open_connection(host, int(port)))[1])
    await asyncio.sleep(1)
    for writer in held:
        writer.close()


async def half_a_request(address: str) -> None:
    """Bodies that never end, on many streams."""
    block = request(PATH)
    asked = b"".join(
        frame(frames.HEADERS, 4, stream, block) + frame(frames.DATA, 0, stream, b"\x00\x00\x00\xff")
        for stream in range(1, 801, 2)
    )
    await shout(address, frames.PREFACE + frame(frames.SETTINGS) + asked, 1.5)


async def slow_readers(address: str) -> None:
    """A window of nothing: four hundred replies that nobody takes."""
    closed = frame(frames.SETTINGS, payload=b"\x00\x04\x00\x00\x00\x00")
    health = "/grpc.health.v1.Health/Check"
    asked = b"".join(
        frame(frames.HEADERS, 4, stream, request(health))
        + frame(frames.DATA, 1, stream, b"\x00\x00\x00\x00\x00")
        for stream in range(1, 801, 2)
    )
    await shout(address, frames.PREFACE + closed + asked, 1.5)


ATTACKS: tuple[Attack, ...] = (
    junk,
    junk_after_the_preface,
    endless_headers,
    rapid_reset,
    pings,
    metadata_flood,
    oversize,
    gzip_bomb,
    idle_connections,
    half_a_request,
    slow_readers,
)


async def refused(address: str, data: bytes, metadata: Any, code: grpc.StatusCode) -> None:
    async with grpc.aio.insecure_channel(address) as channel:
        ask: Any = channel.unary_unary(PATH)
        with pytest.raises(grpc.aio.AioRpcError) as fault:
            await ask(data, metadata=metadata, timeout=10)
    assert fault.value.code() is code


def p99(waits: Sequence[float]) -> float:
    return sorted(waits)[min(len(waits) - 1, len(waits) * 99 // 100)]


async def timed(ask: Ask) -> float:
    began = time.perf_counter()
    await ask()
    return time.perf_counter() - began


async def under_fire(ask: Ask, attack: Ask, calls: int) -> list[float]:
    """How long each call of an honest caller lasts, one after the other, while attacks go on."""
    waits: list[float] = []

    async def fire() -> None:
        await attack()
        while len(waits) < calls:
            await attack()

    firing = asyncio.create_task(fire())
    while not firing.done():
        waits.append(await timed(ask))
    await firing
    return waits


async def slowed(ask: Ask, attack: Ask, calls: int = FIRE_CALLS) -> list[tuple[float, float]]:
    """Calm and disturbed p99 of each try, empty as soon as one is within bounds.

    Noise comes and goes, and harm comes with every attack: who is harmed is so each time.
    """
    found = []
    for _ in range(TRIES):
        calm = p99([await timed(ask) for _ in range(CALM_CALLS)])
        fire = p99(await under_fire(ask, attack, calls))
        if fire <= max(TIMES * calm, NOISE):
            return []
        found.append((calm, fire))
    return found


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
async def test_the_others_are_served_under_fire(network: Network, attack: Attack) -> None:
    """No honest call fails, and their p99 stays within twice the calm one."""
    pid, address = network.pid("referral"), network.addresses["referral"]
    async with network.client("coordinator") as honest:
        ask = partial(honest.referral.ListReferrals, ListReferralsRequest(page_size=1))
        assert await slowed(ask, partial(attack, address)) == []
    assert network.pid("referral") == pid


async def test_our_frames_are_understood(network: Network) -> None:
    """Else the attacks above would be noise: a whole request by hand gets its status."""
    empty = frame(frames.DATA, 1, 1, b"\x00\x00\x00\x00\x00")
    sent = frames.PREFACE + frame(frames.SETTINGS) + frame(frames.HEADERS, 4, 1, request(PATH))
    heard = await shout(network.addresses["referral"], sent + empty)
    assert b"grpc-status" in heard
    assert b"TOKEN_MISSING" in heard or b"bearer" in heard


async def test_who_asks_and_takes_back_is_refused_by_the_transport(network: Network) -> None:
    """Else each of the ten thousand would stand in our loop before the others' calls."""
    heard = await rapid_reset(network.addresses["referral"])
    assert heard.count(frames.start(4, frames.RST_STREAM)) > 5_000


@pytest.fixture(name="edge")
async def _edge(tmp_path: Path) -> AsyncIterator[Edge]:
    async with running_edge(tmp_path) as edge:
        yield edge


async def test_the_judge_sees_a_service_that_serves_the_others_late(edge: Edge) -> None:
    """An attack that holds the loop for a moment is harm, each time; one that does not is none."""

    async def hog() -> None:
        time.sleep(1.5 * NOISE)  # noqa: ASYNC251

    async def idle() -> None:
        await asyncio.sleep(0.05)

    edge.echo.acts |= {"hog": hog, "idle": idle}
    ask, attack = (partial(edge.client.say, word) for word in ("other", "hog"))
    assert len(await slowed(ask, attack, calls=3)) == TRIES
    assert await slowed(ask, partial(edge.client.say, "idle")) == []
