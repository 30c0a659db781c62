"""Two clinics: to a caller of one, what the other has cannot be told from what nobody has."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import pytest
from google.protobuf.descriptor import MethodDescriptor

from chassis.principal import Principal
from tests.hostile.besieged import ROLES, ROUNDS, Besieged, besieged, methods
from tests.hostile.grammar import Grammar, Ids
from tests.hostile.inside import Outcome
from tools.factmap import SERVICES

STRANGER = ("7a000000-0000-4000-8000-0000000000ff",)
PEOPLE = tuple(role for role in ROLES if role != "service")
SAID = {
    # Operators unstick flows of every clinic: they are shown ids, states and times, nobody's data.
    "halcyon.operations.v1.OperationsService.GetFlow",
    # Its answer is the time at which the grant ends, and two calls are two grants.
    "halcyon.operations.v1.AuditService.CreateEmergencyGrant",
}
"""What a caller may learn all the same (docs/security.md)."""
OTHER_NPI = "1992799999"
_UUID = re.compile(rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_HEADER = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Twins(NamedTuple):
    """One request about things that are there, and the same about things that are not."""

    true: bytes
    false: bytes


def twins(method: MethodDescriptor, ids: Ids, number: int) -> list[Twins]:
    grammar = Grammar(f"twins {method.full_name}", ids, wild=0)
    made = [grammar.message(method.input_type) for _ in range(number)]
    return [_pair(one.SerializePartialToString(), ids) for one in made]


def _pair(true: bytes, ids: Ids) -> Twins:
    """Ids have one length, so the bytes stay a message."""
    known = {str(one).encode() for some in ids.values() for one in some}
    fresh = {found: str(uuid4()).encode() for found in set(_UUID.findall(true)) if found in known}
    return Twins(true, _UUID.sub(lambda found: fresh.get(found[0], found[0]), true))


class Told(NamedTuple):
    """A request whose answer depends on whether somebody else has the thing."""

    method: str
    answers: tuple[Any, Any]


async def told_apart(target: Besieged, clinics: Any) -> AsyncIterator[Told]:
    """What the service's methods tell, one after the other, as it is found."""
    token = target.token(*PEOPLE, clinics=clinics, npi=OTHER_NPI)
    for method in methods(target.service):
        for pair in twins(method, await target.ids(), max(12, min(ROUNDS, 200))):
            about = [_seen(await _asked(target, method, each, token)) for each in pair]
            if about[0] != about[1]:
                yield Told(method.full_name, (about[0], about[1]))


async def _asked(target: Besieged, method: MethodDescriptor, data: bytes, token: str) -> Outcome:
    parts = (data, data) if method.client_streaming else (data,)
    return await target.call(method, *parts, token=token, watch=2)


def _seen(outcome: Outcome) -> tuple[Any, ...]:
    """What the caller sees, but for the ids it named itself."""
    replies = tuple(_UUID.sub(b"", reply) for reply in outcome.replies)
    return outcome.code.name, outcome.reason, _HEADER.sub("", outcome.told), replies


@pytest.mark.parametrize("service", SERVICES)
async def test_no_call_tells_what_another_clinic_has(
    servers: Any, service: str, tmp_path: Path
) -> None:
    async with besieged(servers, service, tmp_path) as target:
        assert await target.ids()
        assert [
            told async for told in told_apart(target, STRANGER) if told.method not in SAID
        ] == []


@pytest.mark.parametrize("service", SERVICES)
async def test_the_judge_sees_a_service_that_forgets_the_scope(
    servers: Any, service: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Principal, "sees", lambda self, clinic_id: True)
    async with besieged(servers, service, tmp_path) as target:
        assert await anext(told_apart(target, ("*",)), None)
