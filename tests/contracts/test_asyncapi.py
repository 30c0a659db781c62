"""docs/asyncapi.yaml is AsyncAPI 3, tells the truth, and its examples are what it describes."""

import json
from copy import deepcopy
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
import yaml
from google.protobuf.json_format import Parse
from google.protobuf.message_factory import GetMessageClass
from jsonschema import Draft7Validator, ValidationError

from chassis.heard import heard
from chassis.outbox import entry
from chassis.publisher import headers
from chassis.puller import Delivery
from tests.contracts.judging import judge_of
from tools.asyncapi import DOCUMENT
from tools.factmap import routes

DESCRIBED: dict[str, Any] = yaml.load(DOCUMENT.read_text(), Loader=yaml.CSafeLoader)
MESSAGES = DESCRIBED["components"]["messages"]


judge = partial(judge_of, DESCRIBED)


def test_it_is_asyncapi_3(specification: Draft7Validator) -> None:
    specification.validate(DESCRIBED)


def test_the_specification_is_not_content_with_anything(specification: Draft7Validator) -> None:
    broken = deepcopy(DESCRIBED)
    broken["operations"]["intake.open_intake.ReferralRouted"]["action"] = "shout"
    with pytest.raises(ValidationError):
        specification.validate(broken)


def test_every_fact_and_every_listener_is_described() -> None:
    assert [channel["address"] for channel in DESCRIBED["channels"].values()] == [
        route.fact.full_name for route in routes()
    ]
    told = {name for name, one in DESCRIBED["operations"].items() if one["action"] == "receive"}
    assert told == {f"{who}.{does}.{one.fact.name}" for one in routes() for who, does in one.heard}


@pytest.mark.parametrize("name", MESSAGES)
def test_an_example_is_what_its_schema_says(name: str) -> None:
    message = MESSAGES[name]
    (example,) = message["examples"]
    judge(message["payload"]["$ref"]).validate(example["payload"])
    wrong = example["payload"] | {"revision": "not a number"}
    assert not judge(message["payload"]["$ref"]).is_valid(wrong)


def test_the_headers_of_a_fact_are_those_described() -> None:
    fact = next(routes()).fact
    (example,) = MESSAGES[fact.name]["examples"]
    stated = entry(
        Parse(json.dumps(example["payload"]), GetMessageClass(fact)()), datetime.now(UTC)
    )
    place = "$JS.ACK.HALCYON.billing.1.1.1.0.0"
    sent = heard(Delivery(stated.subject, place, stated.data, headers(stated, "billing"))).headers
    trait = "#/components/messageTraits/cloudEvent/headers"
    judge(trait).validate(sent)
    assert not judge(trait).is_valid(sent | {"ce-specversion": "0.3"})
