"""What was ever released is still read, and read as it was meant then."""

import shutil
from pathlib import Path

import pytest
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from chassis.facts import identity
from tools.factmap import SERVICES, facts_of
from tools.protos import PROTO, breaks, image
from tools.release import Kept, corpus, releases

FACTS = {fact.full_name: fact for service in SERVICES for fact in facts_of(service)}
every_fact = pytest.mark.parametrize(
    "kept", list(corpus()), ids=lambda kept: f"{kept.release}-{kept.name}"
)


def read(kept: Kept) -> Message:
    return GetMessageClass(FACTS[kept.name]).FromString(kept.data)


@every_fact
def test_a_released_fact_means_what_it_meant(kept: Kept) -> None:
    assert MessageToDict(read(kept)) == kept.meaning


@every_fact
def test_a_released_fact_is_still_about_its_entity(kept: Kept) -> None:
    entity = FACTS[kept.name].fields_by_number[1].json_name
    assert str(identity(read(kept)).entity_id) == kept.meaning[entity]


def test_a_change_that_breaks_a_release_is_refused(tmp_path: Path) -> None:
    proto = shutil.copytree(PROTO, tmp_path / "proto")
    assert not breaks(image(proto, tmp_path), releases()[-1])
    contract = proto / "halcyon/referral/events/v1/referral_events.proto"
    contract.write_text(contract.read_text().replace("string patient_id = 3;", "int64 who = 3;"))
    assert breaks(image(proto, tmp_path), releases()[-1])


def test_a_release_is_kept_whole() -> None:
    assert releases()
    assert all((release / "contracts.binpb").stat().st_size for release in releases())
