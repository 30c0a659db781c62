"""A fact's id follows from what it says, for everybody and for ever."""

from uuid import UUID, uuid5

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from chassis.facts import NAMESPACE, identity
from chassis.refusal import Reject
from chassis.tests import toy


def test_the_id_is_a_uuid5_of_the_name_the_entity_and_the_revision():
    fact = toy.made(revision=7)
    about = identity(fact)
    assert about.event_id == uuid5(NAMESPACE, f"{toy.PACKAGE}.ThingMade/{fact.thing_id}/7")
    assert about.entity_id == UUID(fact.thing_id)
    assert (about.event_id.version, about.revision) == (5, 7)
    assert hash(about.event_id) == hash(UUID(str(about.event_id)))


@pytest.mark.parametrize(
    "fact",
    [
        toy.ThingMade(),
        toy.ThingMade(thing_id="x", revision=1),
        toy.made(revision=0),
        Timestamp(seconds=1),
    ],
)
def test_what_names_no_entity_or_revision_is_no_fact(fact):
    with pytest.raises(Reject):
        identity(fact)
