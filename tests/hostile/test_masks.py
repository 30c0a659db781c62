"""The minimum necessary (45 CFR 164.502(b)): no role is shown a field that is not for it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.descriptor import Descriptor, FieldDescriptor, MethodDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from chassis import interceptors
from chassis.masking import shown
from halcyon.options.v1.options_pb2 import Data, Role, data, shown_to
from tests.hostile.besieged import Besieged, besieged, every_method, methods
from tests.hostile.grammar import Grammar
from tests.hostile.test_roles import admitted

SECRETS = {"halcyon.scheduling.v1.CreateCalendarFeedResponse.token"}
"""Told once, to whoever asked for it."""
TELLING = ("referral", "infusion")
"""Services that know of patients as soon as they have heard the golden facts."""


def kept_from(field: FieldDescriptor, role: str) -> bool:
    """Read here anew, so that the edge's own reading is under test as well."""
    kinds: Any = Data.DESCRIPTOR.values_by_number
    kind = kinds[field.GetOptions().Extensions[data]].GetOptions()
    roles = {
        Role.Name(one).removeprefix("ROLE_").lower() for one in kind.Extensions[shown_to].roles
    }
    return kind.HasExtension(shown_to) and role not in roles


def told(message: Message, before: str = "") -> Iterator[tuple[str, tuple[FieldDescriptor, ...]]]:
    """The path of everything that a message tells, with the fields on the way."""
    for field, value in message.ListFields():
        path = f"{before}.{field.name}"
        yield path, (field,)
        if field.message_type is None or field.message_type.GetOptions().map_entry:
            continue
        for part in value if field.is_repeated else (value,):
            yield from ((name, (field, *way)) for name, way in told(part, path))


def whole(of: Descriptor, depth: int = 0) -> Message:
    """A message in which every field is set; the last of those that exclude each other."""
    made: Message = GetMessageClass(of)()
    for field in of.fields:
        if field.message_type is None:
            value: Any = b"x" if field.type == field.TYPE_BYTES else "x"
            value = value if field.cpp_type == field.CPPTYPE_STRING else 1
            if field.is_repeated:
                getattr(made, field.name).append(value)
            else:
                setattr(made, field.name, value)
        elif not field.message_type.GetOptions().map_entry and depth < 8:
            part = whole(field.message_type, depth + 1)
            if field.is_repeated:
                getattr(made, field.name).append(part)
            else:
                getattr(made, field.name).CopyFrom(part)
    return made


def unsaid(of: Descriptor, seen: tuple[str, ...] = ()) -> Iterator[str]:
    """Protected fields of a reply of which no contract says what they tell."""
    for field in of.fields:
        if field.GetOptions().Extensions[data] or field.full_name in SECRETS:
            continue
        if field.message_type is None:
            if field.GetOptions().debug_redact:
                yield field.full_name
        elif field.message_type.full_name not in seen:
            yield from unsaid(field.message_type, (*seen, field.message_type.full_name))


def test_every_protected_field_of_a_reply_says_what_it_tells() -> None:
    assert {one for _, method in every_method() for one in unsaid(method.output_type)} == set()


def test_a_role_loses_what_is_not_for_it_and_nothing_else() -> None:
    masked = 0
    for _, method in every_method():
        for role in sorted(admitted(method)):
            reply = whole(method.output_type)
            left = {path for path, _ in told(shown(reply, frozenset({role})))}
            due = {
                path for path, way in told(reply) if not any(kept_from(one, role) for one in way)
            }
            assert left == due, (method.full_name, role)
            masked += left != {path for path, _ in told(reply)}
    assert masked > 20


def test_who_acts_in_two_roles_is_shown_what_either_needs() -> None:
    method = next(one for one in methods("referral") if one.name == "GetPatient")
    reply = whole(method.output_type)
    assert not _has(reply, "nurse", "phone")
    assert _has(reply, "cashier", "phone")
    assert shown(reply, frozenset({"nurse", "cashier"})) is reply


def _has(reply: Message, role: str, name: str) -> bool:
    return any(path.endswith(f".{name}") for path, _ in told(shown(reply, frozenset({role}))))


async def overtold(target: Besieged, method: MethodDescriptor) -> tuple[list[str], int]:
    """What callers of one role read that is not for it, and how much they read at all."""
    grammar = Grammar(f"masks {method.full_name}", await target.ids(), wild=0)
    number = 2 if method.server_streaming else 12
    made = [grammar.message(method.input_type) for _ in range(number)]
    requests = [one.SerializePartialToString() for one in made]
    found, read = [], 0
    for role in sorted(admitted(method)):
        token = target.token(role)
        for asked in requests:
            outcome = await target.call(method, asked, token=token)
            for reply in outcome.replies:
                said = list(told(GetMessageClass(method.output_type).FromString(reply)))
                read += len(said)
                found += [
                    f"{role} {path}"
                    for path, way in said
                    if any(kept_from(one, role) for one in way)
                ]
    return found, read


def reading(service: str) -> list[MethodDescriptor]:
    return [one for one in methods(service) if one.GetOptions().idempotency_level == 1]


@pytest.mark.parametrize("service", TELLING)
async def test_no_reply_on_the_wire_tells_a_role_more_than_it_needs(
    servers: Any, service: str, tmp_path: Path
) -> None:
    async with besieged(servers, service, tmp_path) as target:
        told = [await overtold(target, method) for method in reading(service)]
    assert [one for found, _ in told for one in found] == []
    assert sum(read for _, read in told) > 100


@pytest.mark.parametrize("service", TELLING)
async def test_the_judge_sees_an_edge_that_shows_everything(
    servers: Any, service: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interceptors, "shown", lambda reply, roles: reply)
    async with besieged(servers, service, tmp_path) as target:
        told = [await overtold(target, method) for method in reading(service)]
    assert [one for found, _ in told for one in found]
