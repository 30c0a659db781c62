"""Nobody waits at rest; what comes in a crowd comes together, and a full crowd at once."""

import asyncio

import pytest

from chassis.gathering import Gathering


@pytest.fixture
async def given(monkeypatch):
    """What was given, and a clock that stands still until `pass_on` moves it to the next timer."""
    loop, timers, now = asyncio.get_running_loop(), [], [1000.0]

    class Timer:
        def __init__(self, seconds, call):
            self.at, self.call = now[0] + seconds, call
            timers.append(self)

        def cancel(self):
            timers.remove(self) if self in timers else None

    monkeypatch.setattr(loop, "time", lambda: now[0])
    monkeypatch.setattr(loop, "call_later", Timer)

    class Given(list):
        def pass_on(self):
            now[0] = timers[0].at
            timers[0].call()

        def rest(self):
            now[0] += 5

    return Given()


async def test_the_first_after_a_rest_is_given_at_once(given):
    gathering = Gathering(given.append, 10)
    gathering.add(1)
    given.rest()
    gathering.add(2)
    assert given == [[1], [2]]


async def test_those_that_follow_are_given_together(given):
    gathering = Gathering(given.append, 10)
    for number in range(4):
        gathering.add(number)
    assert (given, len(gathering)) == ([[0]], 3)
    given.pass_on()
    assert (given, len(gathering)) == ([[0], [1, 2, 3]], 0)


async def test_a_full_crowd_waits_no_longer_and_leaves_no_timer(given):
    gathering = Gathering(given.append, 3)
    for number in range(7):
        gathering.add(number)
    assert given == [[0], [1, 2, 3], [4, 5, 6]]
    given.rest()
    gathering.add(7)
    assert given[-1] == [7]
