"""What every contract of the platform keeps to, read from the descriptors."""

from collections.abc import Iterator

import pytest
from google.protobuf.descriptor import Descriptor, FieldDescriptor, MethodDescriptor
from google.protobuf.json_format import Parse
from google.protobuf.message_factory import GetMessageClass

from halcyon.options.v1 import options_pb2
from tools.examples import EXAMPLES, example
from tools.factmap import SERVICES, contracts_of, facts_of

IDENTIFYING = {
    "given_name",
    "family_name",
    "birth_date",
    "phone",
    "email",
    "address",
    "note",
    "escort_name",
    "rationale",
}


def methods() -> Iterator[MethodDescriptor]:
    for name in (*SERVICES, "operations"):
        for contract in contracts_of(name, "v1"):
            for service in contract.DESCRIPTOR.services_by_name.values():
                yield from service.methods


def messages() -> Iterator[Descriptor]:
    for name in SERVICES:
        for contract in contracts_of(name, "v1"):
            yield from contract.DESCRIPTOR.message_types_by_name.values()


def facts() -> Iterator[Descriptor]:
    for name in SERVICES:
        yield from facts_of(name)


@pytest.mark.parametrize("method", list(methods()), ids=lambda method: method.full_name)
def test_every_method_says_who_may_call(method: MethodDescriptor) -> None:
    roles = method.GetOptions().Extensions[options_pb2.requires].roles
    assert roles
    assert options_pb2.ROLE_UNSPECIFIED not in roles


@pytest.mark.parametrize("method", list(methods()), ids=lambda method: method.full_name)
def test_every_method_says_whether_it_may_be_repeated(method: MethodDescriptor) -> None:
    assert method.GetOptions().idempotency_level != 0


@pytest.mark.parametrize("method", list(methods()), ids=lambda method: method.full_name)
def test_every_method_has_messages_of_its_own(method: MethodDescriptor) -> None:
    assert method.input_type.name == f"{method.name}Request"
    assert method.output_type.name == f"{method.name}Response"


@pytest.mark.parametrize("fact", list(facts()), ids=lambda fact: fact.name)
def test_a_fact_starts_with_its_entity_and_revision_and_ends_with_a_time(fact: Descriptor) -> None:
    first, second, *_, last = fact.fields
    assert (first.number, first.name[-3:], first.type) == (1, "_id", FieldDescriptor.TYPE_STRING)
    assert (second.number, second.name, second.type) == (2, "revision", FieldDescriptor.TYPE_INT64)
    assert last.name.endswith("_time")


@pytest.mark.parametrize("name", SERVICES)
def test_facts_import_only_what_google_gives(name: str) -> None:
    contracts = contracts_of(name, "events.v1")
    imported = [file.name for one in contracts for file in one.DESCRIPTOR.dependencies]
    assert all(file.startswith("google/protobuf/") for file in imported)


@pytest.mark.parametrize("fact", list(facts()), ids=lambda fact: fact.name)
def test_a_fact_names_nobody(fact: Descriptor) -> None:
    assert not IDENTIFYING & set(fact.fields_by_name)


@pytest.mark.parametrize("message", list(messages()), ids=lambda message: message.full_name)
def test_identifying_fields_are_marked(message: Descriptor) -> None:
    for field in message.fields:
        if field.name in IDENTIFYING:
            assert field.GetOptions().debug_redact, field.full_name


def test_there_is_one_golden_example_of_every_fact() -> None:
    assert {path.stem for path in EXAMPLES} == {fact.name for fact in facts()}


@pytest.mark.parametrize("fact", list(facts()), ids=lambda fact: fact.name)
def test_a_golden_example_is_read_and_sets_every_field(fact: Descriptor) -> None:
    message = Parse(example(fact.name), GetMessageClass(fact)())
    assert type(message).FromString(message.SerializeToString()) == message
    unset = {field.name for field in fact.fields} - {
        field.name for field, _ in message.ListFields()
    }
    assert not unset
