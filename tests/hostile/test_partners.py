"""No message of a partner breaks us, acts when it is rejected, or stays without its one answer."""

import json
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.json_format import MessageToJson
from google.protobuf.message import Message as Proto

from chassis.testing import House, open_house
from halcyon.referral.v1 import partner_pb2 as noun
from services.referral import store
from services.referral.domain import Partner
from services.referral.partners import handling
from services.referral.partners.handling import Message, receive
from services.referral.partners.reading import FHIR, HL7V2, JSON, KINDS, PROTOBUF
from services.referral.tests import examples
from tests.hostile.besieged import ROUNDS, picture
from tests.hostile.grammar import MARK, Grammar, Ids
from tests.hostile.mutation import mutated
from tools.examples import golden

WHO = Partner("mallory", "A" + "M" * 55, frozenset({examples.CHICAGO}), "json")
SUBMIT = next(iter(KINDS))
DOCUMENTS = Path(__file__).parents[2] / "clients" / "examples"
BOOKS = ("partner_answer", "partner_message")
"""What a rejection is written into."""
AGAIN = 20
HL7_EVERY = 20
"""Its parser is slow; `standards/tests/test_hl7v2.py` mutates more of it."""
_NUMBERS = count(1)


def said(kind: str, form: str, data: bytes, dice: random.Random) -> Message:
    """Mostly a whole CloudEvent; sometimes one that lacks or twists an attribute."""
    number = next(_NUMBERS)
    head = {"specversion": "1.0", "id": str(number), "source": "urn:m", "type": kind}
    told = {f"ce-{name}": value for name, value in head.items()} | {"ce-datacontenttype": form}
    if dice.random() < 0.1:
        told[dice.choice([*told, "Content-Type", "ce-subject"])] = dice.choice(
            ["", MARK, MARK * 90, "%ff", "1.0", "application/cloudevents+json", "\x00"]
        )
    return Message(number, told, data)


def attack(kind: str, ids: Ids, rounds: int) -> Iterator[Message]:
    """In every form that is read: made up, golden and spoilt, or twisted deep inside."""
    described: Any = KINDS[kind].DESCRIPTOR
    grammar, whole = Grammar(kind, ids), golden(described)
    dice, forms = grammar.dice, list(_written(whole))
    if kind == SUBMIT:
        forms += [(FHIR, (DOCUMENTS / "ptsd-phoenix.fhir.json").read_bytes())]
    for number in range(rounds):
        if kind == SUBMIT and number % HL7_EVERY == 1:
            whole_message = (DOCUMENTS / "depression-denver.hl7").read_bytes()
            yield said(kind, HL7V2, mutated(whole_message, [whole_message], dice), dice)
        elif dice.random() < 0.5:
            made = grammar.message(described)
            form, data = dice.choice(list(_written(made)))
            yield said(kind, form, data, dice)
        else:
            form, data = dice.choice(forms)
            twisted = _twisted(data, dice) if form in (JSON, FHIR) else b""
            yield said(kind, form, twisted or mutated(data, [data], dice), dice)


def _written(message: Proto) -> Iterator[tuple[str, bytes]]:
    yield PROTOBUF[0], message.SerializePartialToString()
    try:
        yield JSON, MessageToJson(message).encode()
    except Exception:
        return  # a text that is no UTF-8, a date beyond the calendar: JSON cannot say it


def _twisted(data: bytes, dice: random.Random) -> bytes:
    """One value of a JSON document is another: well formed, and wrong deep inside."""
    if dice.random() < 0.4:
        return b""
    document = json.loads(data)
    places: list[tuple[Any, Any]] = []

    def walk(node: Any) -> None:
        for key, value in node.items() if isinstance(node, dict) else enumerate(node):
            places.append((node, key))
            if isinstance(value, dict | list):
                walk(value)

    walk(document)
    node, key = dice.choice(places)
    node[key] = dice.choice([None, MARK, -1, 1e99, [], {}, [[[]]], "\u0000", True, {"x": MARK}])
    return json.dumps(document).encode()


def said_once(messages: Iterable[Message]) -> list[Message]:
    """What is said again word for word, under the same id, has the answer that it had."""
    return list({(*sorted(one.headers.items()), one.payload): one for one in messages}.values())


async def answers(house: House) -> dict[int, noun.MessageAnswered]:
    rows = await house.db.fetch("SELECT answer FROM partner_answer")
    told = [noun.MessageAnswered.FromString(bytes(row[0])) for row in rows]
    return {one.message_position: one for one in told}


async def send(house: House, messages: Sequence[Message]) -> list[Message]:
    """Those that were rejected."""
    for message in messages:
        await receive(house.db, WHO, message)
    told = await answers(house)
    rejected = noun.MESSAGE_OUTCOME_REJECTED
    return [one for one in messages if told[one.position].outcome == rejected]


async def effects(house: House, refused: Sequence[Message]) -> list[str]:
    """Tables that change while only messages that are rejected come again, under new ids."""
    before = await picture(house, *BOOKS)
    again = [
        Message(next(_NUMBERS), {**one.headers, "ce-id": f"again-{one.position}"}, one.payload)
        for one in refused
    ]
    await send(house, again)
    after = await picture(house, *BOOKS)
    return [name for name in before if before[name] != after[name]]


async def furnished(house: House) -> Ids:
    """A partner with two referrals of its own, and one that is not its own."""
    await house.given(examples.clinic(examples.CHICAGO), examples.clinic(examples.DENVER))
    async with house.db.transaction() as tx:
        await store.keep_partner(tx, WHO)
    dice, made = random.Random(1), []
    dice.random = lambda: 1.0  # type: ignore[method-assign]
    for number in range(2):
        asked = examples.asked(patient=examples.somebody_else(number))
        made.append(said(SUBMIT, PROTOBUF[0], asked.SerializeToString(), dice))
    assert await send(house, made) == []
    rows = await house.db.fetch("SELECT referral_id FROM referral")
    return {"referral_id": [row[0] for row in rows]}


@pytest.mark.parametrize("kind", KINDS, ids=lambda name: name.rpartition(".")[2])
async def test_every_message_is_answered_once_and_a_rejected_one_does_nothing(
    servers: Any, kind: str, capfd: pytest.CaptureFixture[str]
) -> None:
    async with open_house(servers, "referral") as house:
        messages = said_once(attack(kind, await furnished(house), ROUNDS))
        refused = await send(house, messages)
        told = await answers(house)
        assert {one.position for one in messages} <= set(told), "nothing vanishes"
        assert refused, "an attack of which nothing is rejected tests nothing"
        for one in refused:
            answer = told[one.position]
            assert answer.reasons
            assert not answer.referral_id
            assert all(reason.reason != "INTERNAL" for reason in answer.reasons)
            assert MARK not in str(answer.reasons)
        assert await effects(house, refused[:AGAIN]) == []
    assert MARK not in "".join(capfd.readouterr())


async def test_the_judge_sees_a_rejection_that_acts(
    servers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    reject: Callable[..., Any] = handling._reject

    async def act_first(tx: Any, *about: Any) -> None:
        await tx.driver.execute("INSERT INTO clinic_load VALUES (gen_random_uuid(), 1, 1)")
        await reject(tx, *about)

    async with open_house(servers, "referral") as house:
        messages = list(attack(SUBMIT, await furnished(house), 20))
        refused = await send(house, messages)
        monkeypatch.setattr(handling, "_reject", act_first)
        assert await effects(house, refused[:3]) == ["clinic_load"]
