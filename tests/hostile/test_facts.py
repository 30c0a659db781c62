"""No event makes a consumer break or act out of order: what cannot be understood is parked."""

import importlib
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count, islice
from typing import Any

import pytest
from google.protobuf.descriptor_pool import Default
from google.protobuf.json_format import Parse
from google.protobuf.message_factory import GetMessageClass

from chassis.consumer import Consumer
from chassis.database import Tx
from chassis.facts import identity
from chassis.puller import Delivery
from chassis.refusal import Reject
from chassis.subscriptions import Subscriptions
from chassis.testing import House, open_house
from halcyon.referral.events.v1.referral_events_pb2 import ReferralCancelled
from tests.hostile.besieged import ROUNDS, picture
from tests.hostile.grammar import MARK, Grammar
from tests.hostile.mutation import mutated
from tools.examples import example
from tools.factmap import SERVICES

_BATCH, _AGAIN = 50, 20
_NUMBERS = count(1)
_HEADERS = (
    "NATS/1.0\r\nNats-Msg-Id: {id}\r\nce-id: {id}\r\nce-type: {type}\r\n"
    "traceparent: {trace}\r\n\r\n"
)


@dataclass
class Broker:
    """A bus that keeps the answers."""

    answers: list[bytes] = field(default_factory=list)

    def inbox(self) -> str:
        return "_INBOX.x"

    def say(self, commands: bytes) -> None:
        self.answers += [line for line in commands.split(b"\r\n") if line[:1] in {b"+", b"-"}]


def wired(subject: str, data: bytes, event_id: str, number: int) -> Delivery:
    reply = f"$JS.ACK.HALCYON.x.1.{number}.{number}.1790000000000000000.0"
    headers = _HEADERS.format(id=event_id, type=subject, trace="00-" + MARK)
    return Delivery(subject, reply, data, headers.encode())


def attack(subject: str, rounds: int) -> list[Delivery]:
    """Golden facts spoilt, made-up facts, lies about the id, and strangers."""
    kind: Any = GetMessageClass(Default().FindMessageTypeByName(subject))
    golden = Parse(example(subject.rpartition(".")[2]), kind())
    grammar, sent = Grammar(subject), []
    dice, original = grammar.dice, golden.SerializeToString()
    for number in islice(_NUMBERS, rounds):
        match dice.randrange(4):
            case 0:
                data = mutated(original, [original], dice)
            case 1:
                data = grammar.message(kind.DESCRIPTOR).SerializePartialToString()
            case 2:
                data = dice.randbytes(dice.randint(0, 90))
            case _:
                data = _other_values(golden, grammar)
        sent.append(wired(subject, data, _own_id(kind, data, dice), number))
    return sent


def _other_values(golden: Any, grammar: Grammar) -> bytes:
    """The golden fact with one or two of its fields made up: deep inside, and still well formed."""
    changed, made = type(golden)(), grammar.message(golden.DESCRIPTOR)
    changed.CopyFrom(golden)
    for described in grammar.dice.sample(list(golden.DESCRIPTOR.fields), 2):
        if described.name != golden.DESCRIPTOR.fields[1].name:
            changed.ClearField(described.name)
            part = type(golden)()
            part.CopyFrom(made)
            for other in golden.DESCRIPTOR.fields:
                if other is not described:
                    part.ClearField(other.name)
            changed.MergeFrom(part)
    return bytes(changed.SerializePartialToString())


def _own_id(kind: Any, data: bytes, dice: random.Random) -> str:
    """The true id where there is one, so that the lie is only in the content."""
    if dice.random() < 0.9:
        try:
            return str(identity(kind.FromString(data)).event_id)
        except Exception:
            return "none"
    return dice.choice(["", "none", MARK, "../..", str(dice.random())])


async def deliver(house: House, on: Any, sent: Sequence[Delivery]) -> list[bytes]:
    broker = Broker()
    bus: Any = broker
    consumer = Consumer("hostile", on, house.db, bus, max_deliver=1)
    for start in range(0, len(sent), _BATCH):
        await consumer.deliver(sent[start : start + _BATCH])
    assert len(broker.answers) == len(sent)
    return broker.answers


async def parked_numbers(house: House, subject: str) -> set[int]:
    rows = await house.db.fetch("SELECT stream_seq FROM parked WHERE subject = $1", subject)
    return {row[0] for row in rows}


async def effects(house: House, on: Any, subject: str, sent: Sequence[Delivery]) -> list[str]:
    """Tables that change while only facts that are parked are delivered.

    One that shares its id with a fact handled meanwhile is passed over, and so left out.
    """
    parked = await parked_numbers(house, subject)
    refused = [one for one in sent if int(one.reply.split(".")[5]) in parked][:_AGAIN]
    assert refused, "an attack of which nothing is parked tests nothing"
    for _ in range(4):
        before = await picture(house, "parked")
        answers = [(await deliver(house, on, [one]))[0] for one in refused]
        after = await picture(house, "parked")
        refused = [
            one for one, answer in zip(refused, answers, strict=True) if answer.startswith(b"+TERM")
        ]
        if len(refused) == len(answers):
            break
    return [name for name in before if before[name] != after[name]]


def listening(service: str) -> Any:
    return importlib.import_module(f"services.{service}.handlers").on


@pytest.mark.parametrize(
    ("service", "subject"),
    [(service, one) for service in SERVICES for one in sorted(listening(service).subjects)],
)
async def test_every_event_is_handled_or_parked_and_a_parked_one_does_nothing(
    servers: Any, service: str, subject: str, capfd: pytest.CaptureFixture[str]
) -> None:
    on = listening(service)
    async with open_house(servers, service) as house:
        sent = attack(subject, ROUNDS)
        answers = await deliver(house, on, sent)
        assert {answer.split()[0] for answer in answers} <= {b"+ACK", b"+TERM"}
        assert await effects(house, on, subject, sent) == []
        told = "SELECT count(*) FROM parked WHERE error_class !~ '^[A-Za-z_.]{1,60}$'"
        assert await house.count(told) == 0
    assert MARK not in "".join(capfd.readouterr())


async def test_the_judge_sees_a_handler_that_acts_before_it_fails(servers: Any) -> None:
    careless = Subscriptions()
    async with open_house(servers, "referral") as house:

        @careless(ReferralCancelled)
        async def act_first(fact: ReferralCancelled, tx: Tx) -> None:
            await house.db.fetch("INSERT INTO clinic_load VALUES (gen_random_uuid(), 1, 1)")
            raise Reject("too late")

        subject = ReferralCancelled.DESCRIPTOR.full_name
        sent = attack(subject, 40)
        await deliver(house, careless, sent)
        assert await effects(house, careless, subject, sent) == ["clinic_load"]
