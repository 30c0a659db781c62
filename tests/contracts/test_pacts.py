"""Every partner's pact is kept: verified against what our feed really says."""

import gc
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from pact import Verifier
from pact.types import Message

from halcyon.referral.v1 import partner_pb2 as partner
from services.referral import wire
from services.referral.domain import Line, Partner, Status
from services.referral.partners import saying
from services.referral.store import Step
from services.referral.tests import examples

pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
PACTS = Path(__file__).resolve().parents[2] / "clients" / "partner" / "pact"
WHO = Partner("acme", "A" * 56, frozenset(), "json")


@pytest.fixture(autouse=True)
def swept() -> Iterator[None]:
    """pact-python leaves its server's socket to the collector: now, and not in another's test."""
    yield
    gc.collect()


def step() -> saying.Saying:
    cause = "halcyon.scheduling.events.v1.SeriesConfirmed"
    line = Line(uuid4(), 7, Status.SCHEDULED, cause, examples.LONG_AGO)
    return saying.news(WHO, Step(line, "order-1"))


def accepted() -> saying.Saying:
    blank = partner.MessageAnswered(message_source="urn:acme", message_id="1", message_position=1)
    told = wire.accepted(blank, str(uuid4()), examples.LONG_AGO)
    return saying.answer(WHO, UUID(int=1), told.SerializeToString())


def message(said: saying.Saying) -> Message:
    return Message(
        contents=said.data,
        metadata={"ce-type": said.headers["ce-type"]},
        content_type="application/json",
    )


def verified(source: Path, **said: saying.Saying) -> None:
    told = {"an accepted referral": accepted(), "a step of a referral": step()}
    told |= {name.replace("_", " "): one for name, one in said.items()}
    answers: dict[str, Any] = {name: message(one) for name, one in told.items()}
    Verifier("halcyon").message_handler(answers).add_source(source).verify()


@pytest.mark.parametrize("pact", sorted(PACTS.glob("*.json")), ids=lambda path: path.stem)
def test_a_pact_is_kept(pact: Path) -> None:
    verified(pact)


def test_there_are_pacts() -> None:
    assert sorted(PACTS.glob("*.json"))


def test_the_detector_notices_a_broken_pact() -> None:
    said = step()
    told = json.loads(said.data)
    del told["bserStatus"]
    broken = said._replace(data=json.dumps(told).encode())
    with pytest.raises(RuntimeError) as refusal:
        verified(PACTS / "partner-halcyon.json", a_step_of_a_referral=broken)
    del refusal
