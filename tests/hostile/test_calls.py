"""No bytes make a service break, act or tell: mutated and made-up requests to every method."""

import asyncio
import random
from collections.abc import Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from google.protobuf.descriptor import MethodDescriptor
from grpc import StatusCode

from tests.hostile.besieged import ROUNDS, Besieged, besieged, methods
from tests.hostile.grammar import Grammar
from tests.hostile.inside import Outcome
from tests.hostile.mutation import mutated
from tools.factmap import SERVICES

BROKEN = {StatusCode.UNKNOWN, StatusCode.INTERNAL, StatusCode.DATA_LOSS, StatusCode.UNIMPLEMENTED}
IN_FLIGHT, STREAMS_IN_FLIGHT = 16, 48
REPLAYED, LEAST = 200, 20
WIRED = 200
"""So many inputs of an attack come through the socket; the rest enters behind it, at the edge."""
SHARED = "halcyon.operations."
"""What every service answers in the same words and with the same code: its inputs are dealt out."""


@dataclass
class Judgement:
    """What an attack on one method showed."""

    broken: list[str] = field(default_factory=list)
    leaks: list[str] = field(default_factory=list)
    refused: list[bytes] = field(default_factory=list)
    answered: int = 0

    def note(self, method: MethodDescriptor, data: bytes, outcome: Outcome) -> None:
        if outcome.code in BROKEN:
            self.broken.append(f"{method.full_name} {outcome.code.name} {data.hex()[:400]}")
        if outcome.leaks:
            self.leaks.append(f"{method.full_name} {outcome.leaks} {outcome.told[:200]}")
        if outcome.code is StatusCode.OK:
            self.answered += 1
        else:
            self.refused.append(data)


def attack(method: MethodDescriptor, grammar: Grammar, rounds: int) -> list[bytes]:
    """Half made by the grammar, half of those spoilt."""
    made = [
        grammar.message(method.input_type).SerializePartialToString() for _ in range(rounds // 2)
    ]
    return made + [mutated(grammar.dice.choice(made), made, grammar.dice) for _ in made]


def rounds_of(method: MethodDescriptor) -> int:
    """How many inputs one service gets; all five together give a shared method the whole of it."""
    shared = method.full_name.startswith(SHARED)
    return max(min(ROUNDS, LEAST), -(-ROUNDS // len(SERVICES))) if shared else ROUNDS


async def send(target: Besieged, method: MethodDescriptor, inputs: Sequence[bytes]) -> Judgement:
    judgement, token = Judgement(), target.token()
    slots = asyncio.Semaphore(STREAMS_IN_FLIGHT if method.server_streaming else IN_FLIGHT)

    async def one(number: int, data: bytes) -> None:
        async with slots:
            if number >= WIRED and not (method.client_streaming or method.server_streaming):
                judgement.note(method, data, await target.enter(method, data, token))
                return
            parts = (data, data) if method.client_streaming else (data,)
            judgement.note(method, data, await target.call(method, *parts, token=token))

    await asyncio.gather(*(one(number, data) for number, data in enumerate(inputs)))
    return judgement


async def effects(target: Besieged, method: MethodDescriptor, refused: list[bytes]) -> list[str]:
    """Tables that change while only calls that are refused are made."""
    for _ in range(4):
        before = await target.picture()
        again = await send(target, method, refused)
        after = await target.picture()
        if not again.answered:
            return [name for name in before if before[name] != after[name]]
        refused = again.refused
    return []


@pytest.mark.parametrize("service", SERVICES)
async def test_no_request_breaks_a_service_or_acts_when_refused(
    servers: Any, service: str, tmp_path: Any
) -> None:
    async with besieged(servers, service, tmp_path) as target:
        for method in methods(service):
            grammar = Grammar(f"{service} {method.full_name}", await target.ids())
            judgement = await send(target, method, attack(method, grammar, rounds_of(method)))
            assert judgement.broken == []
            assert judgement.leaks == []
            assert judgement.refused, "an attack that is never refused tests nothing"
            assert await effects(target, method, judgement.refused[:REPLAYED]) == []


@asynccontextmanager
async def careless(servers: Any, directory: Any, fault: Any, monkeypatch: Any) -> Any:
    """A service whose validation is gone, and whose method does what it is told to."""
    from services.referral.api.referrals import Referrals

    monkeypatch.setattr(Referrals, "CancelReferral", fault)
    async with besieged(servers, "referral", directory) as target:
        method = next(one for one in methods("referral") if one.name == "CancelReferral")
        grammar = Grammar("careless", wild=0.01)
        yield target, method, attack(method, grammar, 60)


async def test_the_judge_sees_a_method_that_breaks(
    servers: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def breaks(self: Any, request: Any, context: Any) -> None:
        raise KeyError(request.referral_id)

    async with careless(servers, tmp_path, breaks, monkeypatch) as (target, method, inputs):
        assert (await send(target, method, inputs)).broken
        monkeypatch.setattr("tests.hostile.test_calls.WIRED", 0)
        assert (await send(target, method, inputs)).broken


async def test_behind_the_socket_a_caller_learns_what_it_learns_before_it(
    servers: Any, tmp_path: Any
) -> None:
    async with besieged(servers, "referral", tmp_path) as target:
        method = next(one for one in methods("referral") if one.name == "GetReferral")
        grammar, token = Grammar("twice", await target.ids()), target.token()
        codes = set()
        for data in attack(method, grammar, 80):
            before = await target.call(method, data, token=token)
            behind = await target.enter(method, data, token)
            assert (behind.code, behind.reason) == (before.code, before.reason)
            codes.add(before.code)
        assert len(codes) > 2


async def test_the_judge_sees_a_refusal_that_acts_and_tells(
    servers: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from chassis.refusal import NotAllowed

    async def acts(self: Any, request: Any, context: Any) -> None:
        await self._db.fetch(
            "INSERT INTO inbox VALUES (gen_random_uuid(), 'x', 1, now())",
        )
        raise NotAllowed("NO", f"SELECT {request.reason}")

    async with careless(servers, tmp_path, acts, monkeypatch) as (target, method, inputs):
        judgement = await send(target, method, inputs)
        assert judgement.leaks
        assert await effects(target, method, judgement.refused) == ["inbox"]


def test_mutations_are_repeatable_and_differ() -> None:
    data = bytes(range(64))
    first, second = (
        [mutated(data, [data], random.Random(seed)) for seed in range(50)] for _ in range(2)
    )
    assert first == second
    assert len({*first} - {data}) > 40
