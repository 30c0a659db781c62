"""docs/partners.asyncapi.yaml is AsyncAPI 3, and its examples are what a partner may really say."""

import json
from functools import partial
from typing import Any

import protovalidate
import pytest
import yaml
from google.protobuf.json_format import ParseDict
from google.protobuf.message_factory import GetMessageClass
from jsonschema import Draft7Validator

from services.referral.partners import cloudevents, reading
from tests.contracts.judging import judge_of
from tools import partnerapi
from tools.examples import mapped

DESCRIBED: dict[str, Any] = yaml.safe_load(partnerapi.DOCUMENT.read_text())
MESSAGES = DESCRIBED["components"]["messages"]


judge = partial(judge_of, DESCRIBED)


def test_it_is_asyncapi_3(specification: Draft7Validator) -> None:
    specification.validate(DESCRIBED)


def test_everything_that_is_read_is_described() -> None:
    named = {one["name"] for one in MESSAGES.values()}
    assert named >= set(reading.KINDS)
    assert set(DESCRIBED["channels"]["inbound"]["messages"]) == {
        name.rpartition(".")[2] for name in reading.KINDS
    }


@pytest.mark.parametrize("name", MESSAGES)
def test_an_example_is_what_its_schema_says(name: str) -> None:
    (example,) = MESSAGES[name]["examples"]
    schema = judge(MESSAGES[name]["payload"]["$ref"])
    schema.validate(example["payload"])
    first = next(iter(example["payload"]))
    assert not schema.is_valid(example["payload"] | {first: [[]]})


@pytest.mark.parametrize("kind", partnerapi.SAID, ids=lambda kind: kind.name)
def test_an_example_of_what_is_said_is_read(kind: Any) -> None:
    payload = json.dumps(mapped(kind)).encode()
    about = {"specversion": "1.0", "id": "1", "source": "urn:test", "type": kind.full_name}
    head = {f"ce-{name}": value for name, value in about.items()}
    judge("#/components/messageTraits/cloudEvent/headers").validate(head)
    assert reading.read(cloudevents.read(head, payload))


@pytest.mark.parametrize("kind", partnerapi.HEARD, ids=lambda kind: kind.name)
def test_an_example_of_what_is_heard_is_valid(kind: Any) -> None:
    message = ParseDict(mapped(kind), GetMessageClass(kind)())
    assert not protovalidate.collect_violations(message)
