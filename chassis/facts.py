"""What makes a fact itself: who it is about, which revision, and the id that follows from both."""

from typing import NamedTuple, cast
from uuid import NAMESPACE_DNS, UUID

from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message

from chassis.ids import named, uuid_of
from chassis.refusal import Reject

NAMESPACE = named(NAMESPACE_DNS, "facts.halcyon.clinic")

_names: dict[Descriptor, tuple[str, str, str]] = {}


class Identity(NamedTuple):
    """The same entity at the same revision states the same fact, whoever repeats it."""

    event_id: UUID
    entity_id: UUID
    revision: int


def identity(fact: Message) -> Identity:
    """Read fields 1 and 2; a fact without them can never be handled."""
    subject, id_field, revision_field = _names.get(
        kind := cast("Descriptor", fact.DESCRIPTOR)
    ) or _learn(kind)
    entity, revision = getattr(fact, id_field), getattr(fact, revision_field)
    if revision < 1:
        raise Reject("revision")
    try:
        entity_id = uuid_of(entity)
    except ValueError:
        raise Reject("entity id") from None
    return Identity(named(NAMESPACE, f"{subject}/{entity}/{revision}"), entity_id, revision)


def _learn(descriptor: Descriptor) -> tuple[str, str, str]:
    numbered = descriptor.fields_by_number
    if 1 not in numbered or 2 not in numbered:
        raise Reject("not a fact")
    names = (descriptor.full_name, numbered[1].name, numbered[2].name)
    return _names.setdefault(descriptor, names)
