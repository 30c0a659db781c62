"""HL7 v2 in: the example means what its twin means; a broken one is told what is wrong."""

import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from google.protobuf.json_format import Parse

from halcyon.referral.v1.referral_pb2 import ReferralPriority, SexAtBirth
from halcyon.referral.v1.referral_service_pb2 import CreateReferralRequest
from standards.hl7v2 import Hl7Error, placer_identifier, referral_request
from tests.hostile.mutation import mutated

EXAMPLES = Path(__file__).parents[2] / "clients" / "examples"
EXAMPLE = (EXAMPLES / "depression-denver.hl7").read_text()
FORGETTABLE = ("Halloran", "Juniper", "19840309", "Cottonwood", "5550142", "mail.example")


def read(text: str) -> CreateReferralRequest:
    return referral_request(text.encode())


def problems(text: str) -> dict[str, str]:
    with pytest.raises(Hl7Error) as fault:
        read(text)
    told = {one.path: one.message for one in fault.value.problems}
    assert not any(word in str(told) for word in FORGETTABLE), "a problem quotes no value"
    return told


def without(segment: str, text: str = EXAMPLE) -> str:
    return "\n".join(line for line in text.splitlines() if not line.startswith(segment))


def test_the_example_means_what_its_twin_means() -> None:
    twin = (EXAMPLES / "depression-denver.json").read_text()
    meant = Parse(twin, CreateReferralRequest())
    meant.patient.address.ClearField("position")
    found = read(EXAMPLE)
    assert found.request_id
    found.request_id = meant.request_id
    assert found == meant


def test_the_reference_is_the_senders_and_names_the_call() -> None:
    assert placer_identifier(EXAMPLE.encode()) == "larkspur.example|order-2025-0412"
    assert read(EXAMPLE).request_id == read(EXAMPLE.replace("depression-denver-1", "2")).request_id
    other = EXAMPLE.replace("order-2025-0412", "order-2")
    assert read(other).request_id != read(EXAMPLE).request_id


READ: dict[str, tuple[Callable[[str], str], Callable[[CreateReferralRequest], object], object]] = {
    "stat is urgent": (
        lambda text: text.replace("|R^Routine", "|S^Stat"),
        lambda it: it.priority,
        ReferralPriority.REFERRAL_PRIORITY_URGENT,
    ),
    "pounds": (
        lambda text: text.replace("71.4|kg", "157.41|[lb_av]"),
        lambda it: it.clinical.weight_grams,
        71_400,
    ),
    "the newest weight": (
        lambda text: text + "OBX|7|NM|29463-7^Body weight^LN||70|kg^^UCUM|||||F|||20250120\n",
        lambda it: (it.clinical.weight_grams, it.clinical.weight_date.day),
        (70_000, 20),
    ),
    "no preliminary weight": (
        lambda text: text + "OBX|7|NM|29463-7^Body weight^LN||70|kg^^UCUM|||||P|||20250120\n",
        lambda it: it.clinical.weight_grams,
        71_400,
    ),
    "administrative sex is not the one at birth": (
        lambda text: without("OBX|4", text),
        lambda it: it.patient.sex_at_birth,
        SexAtBirth.SEX_AT_BIRTH_UNSPECIFIED,
    ),
    "an escaped character": (
        lambda text: text.replace("418 Cottonwood Street", "418 A\\T\\B Street"),
        lambda it: it.patient.address.line,
        "418 A&B Street",
    ),
    "a clinic": (
        lambda text: text.replace(
            "PID|", "PRD|RT||||||0d000000-0000-4000-8000-000000000003^HALCYON\nPID|"
        ),
        lambda it: it.preferred_clinic_id,
        "0d000000-0000-4000-8000-000000000003",
    ),
    "nothing known": (
        lambda text: without("AL1", text) + "\nOBX|7|CE|48765-2^Allergies^LN||nilknown||||||F\n",
        lambda it: len(it.clinical.allergies.entries),
        0,
    ),
    "framed as on a line": (
        lambda text: "\x0b" + text.replace("\n", "\r") + "\x1c\r",
        lambda it: it.referrer.npi,
        "1234567893",
    ),
}


@pytest.mark.parametrize("name", READ)
def test_what_a_message_says_is_read(name: str) -> None:
    change, look, meant = READ[name]
    assert look(read(change(EXAMPLE))) == meant


FAULTS: dict[str, tuple[Callable[[str], str], str]] = {
    "no message": (lambda _: "hello", "MSH"),
    "another message": (lambda text: text.replace("REF^I12^REF_I12", "ADT^A01"), "MSH-9"),
    "another version": (lambda text: text.replace("|2.5.1|", "|2.3|"), "MSH-12"),
    "another character set": (lambda text: text.replace("UNICODE UTF-8", "8859/15"), "MSH-18"),
    "no patient": (lambda text: without("PID", text), "MSH"),
    "no referrer": (lambda text: text.replace("PRD|RP", "PRD|PP"), "PRD-1"),
    "no NPI": (lambda text: text.replace("^NPI", "^UPIN"), "PRD-7"),
    "no reference": (lambda text: text.replace("^larkspur.example\nPRD", "\nPRD"), "RF1-6"),
    "no full birth date": (lambda text: text.replace("19840309", "1984"), "PID-7"),
    "no ICD-10": (lambda text: text.replace("severe^I10C", "severe^I9C"), "DG1-3"),
    "no weight": (lambda text: without("OBX|1", text), "OBX (29463-7)-5"),
    "no unit": (lambda text: text.replace("|kg^^UCUM", "|st^^UCUM"), "OBX[1]-5"),
    "no whole score": (lambda text: text.replace("||21|", "||21.5|"), "OBX[3]-5"),
    "a section left open": (lambda text: without("AL1", text), "OBX"),
    "told and denied": (
        lambda text: text.replace(
            "716186003^No known allergy^SCT", "91936005^x^SCT\nAL1|2|DA|716186003^No^SCT"
        ),
        "OBX",
    ),
    "too much": (lambda text: text + "NTE|1||x" + "~y" * 4000, "MSH"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_told_by_its_element(name: str) -> None:
    spoil, path = FAULTS[name]
    assert path in problems(spoil(EXAMPLE))


def test_every_fault_is_told_at_once() -> None:
    spoilt = EXAMPLE.replace("^NPI", "^UPIN").replace("19840309", "1984").replace("|kg", "|st")
    assert set(problems(spoilt)) == {"PRD-7", "PID-7", "OBX[1]-5"}


def test_no_message_is_anything_but_read_or_refused_in_bounded_time() -> None:
    dice, whole, refused, began = random.Random(7), EXAMPLE.encode(), 0, time.process_time()
    for _ in range(60):
        try:
            referral_request(mutated(whole, [whole], dice))
        except Hl7Error:
            refused += 1
    assert 20 < refused < 60
    longest = EXAMPLE + "".join(f"DG1|{n}||F41.1^x^I10C|||W\n" for n in range(4, 280))
    read(longest)
    assert time.process_time() - began < 30
