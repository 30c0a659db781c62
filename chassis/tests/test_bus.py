"""What was said is on its way before anything that comes after it."""

import asyncio

import pytest

from chassis.absence import BusAway
from chassis.bus import Bus, message
from chassis.testing import eventually


@pytest.fixture
async def told(bus):
    """What came to a subject, in order."""
    came = []
    await bus.tap("halcyon.said", lambda _subject, _reply, data, _headers: came.append(data))
    await bus.flush()
    return came


@pytest.fixture
async def speaker(nats):
    line = Bus(nats.url, "speaker", credentials=nats.credentials)
    await line.connect()
    yield line
    await line.close()


def said(told, *words):
    return eventually(lambda: asyncio.sleep(0, told == list(words)))


async def test_what_was_said_just_before_the_end_arrives(speaker, told):
    speaker.say(message("halcyon.said", b"one"))
    speaker.say(message("halcyon.said", b"two"))
    await speaker.close()
    await said(told, b"one", b"two")


async def test_the_server_has_read_what_was_said_before_a_flush(speaker, bus, told):
    speaker.say(message("halcyon.said", b"one"))
    await speaker.flush()
    await bus.flush()
    assert told == [b"one"]


async def test_nothing_can_be_said_to_a_broker_that_is_away(speaker, nats):
    nats.kill()
    await eventually(lambda: asyncio.sleep(0, not speaker.alive))
    with pytest.raises(BusAway):
        speaker.say(message("halcyon.said", b"one"))
    nats.start()
    await eventually(lambda: asyncio.sleep(0, speaker.alive))
