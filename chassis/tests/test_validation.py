"""Nothing reaches a handler that its contract does not allow."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from grpc import StatusCode

from chassis.refusal import Invalid
from chassis.tests.echo import Refused, Word, refused
from chassis.tests.edge import Edge, running_edge
from chassis.validation import read


@pytest.fixture(name="edge")
async def _edge(tmp_path: Path) -> AsyncIterator[Edge]:
    async with running_edge(tmp_path) as edge:
        yield edge


UNKNOWN_FIELD = b"\x3a\x01x"
TEXT_AS_NUMBER = b"\x08\x07"
LONG = "x" * 21


def _faults(no: Refused) -> list[str]:
    return [violation.field for violation in no.bad.field_violations]


@pytest.mark.parametrize(
    "data",
    [b"\xff\xff\xff", b"\x0a\x02\xc3\x28", b"\x0a\x7fshort", b"\x12\x02" * 300],
    ids=["noise", "not utf-8", "cut short", "nested"],
)
async def test_bytes_that_are_no_message_are_refused(edge: Edge, data: bytes) -> None:
    no = await refused(edge.client.say(data))
    assert (no.code, no.info.reason) == (StatusCode.INVALID_ARGUMENT, "MALFORMED_REQUEST")
    assert no.message == "The request cannot be decoded."
    assert edge.echo.heard == []


@pytest.mark.parametrize(
    ("data", "fields"),
    [
        (UNKNOWN_FIELD, ["7"]),
        (TEXT_AS_NUMBER, ["1"]),
        (UNKNOWN_FIELD + TEXT_AS_NUMBER, ["7", "1"]),
        (Word(text="a").SerializeToString() + b"\x12\x03" + UNKNOWN_FIELD, ["inner.7"]),
        (b"\x1a\x00\x1a\x02" + TEXT_AS_NUMBER, ["many[1].1"]),
    ],
    ids=["unknown", "wrong wire type", "both", "nested", "in a list"],
)
async def test_fields_nobody_knows_are_refused(edge: Edge, data: bytes, fields: list[str]) -> None:
    no = await refused(edge.client.say(data))
    assert (no.code, no.info.reason) == (StatusCode.INVALID_ARGUMENT, "UNKNOWN_FIELDS")
    assert sorted(_faults(no)) == sorted(fields)
    assert edge.echo.heard == []


async def test_every_broken_rule_is_told_with_its_place(edge: Edge) -> None:
    request = Word(text=LONG, inner=Word(text=LONG), many=[Word(), Word(text=LONG)])
    no = await refused(edge.client.say(request))
    assert (no.code, no.info.reason) == (StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST")
    assert _faults(no) == ["text", "inner.text", "many[1].text"]
    assert LONG not in f"{no.bad}{no.message}"
    assert edge.echo.heard == []


@pytest.mark.parametrize("wrong", [b"\xff", UNKNOWN_FIELD, Word(text=LONG)])
async def test_each_message_of_a_stream_is_read_as_strictly(edge: Edge, wrong: object) -> None:
    assert (await refused(edge.client.gather("fine", wrong))).code is StatusCode.INVALID_ARGUMENT
    replies = aiter(edge.client.chat("fine", wrong, "never"))
    assert (await anext(replies)).text == "ada:fine"
    assert (await refused(replies)).code is StatusCode.INVALID_ARGUMENT
    assert edge.echo.heard == ["fine"]


def test_an_empty_request_is_a_message() -> None:
    assert read(Word.FromString, b"") == Word()
    with pytest.raises(Invalid):
        read(Word.FromString, UNKNOWN_FIELD)
