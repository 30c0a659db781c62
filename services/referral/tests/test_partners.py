"""What a partner says by events: every format and mode, each answered once, nothing vanishes."""

import base64
import json
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from google.protobuf.json_format import MessageToJson
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chassis.refusal import Invalid
from chassis.testing import House
from halcyon.referral.events.v1 import referral_events_pb2 as facts
from halcyon.referral.v1 import partner_pb2 as partner
from halcyon.referral.v1 import referral_service_pb2 as rpc
from halcyon.referral.v1.partner_pb2 import NamedPatient
from services.referral import store
from services.referral.api.referrals import Referrals
from services.referral.domain import Partner, Status, codes
from services.referral.partners import cloudevents, fhir, saying
from services.referral.partners.handling import Message, give_up, receive
from services.referral.tests import examples
from standards.tests.test_fhir import EXAMPLES, bundle

SUBMIT = rpc.CreateReferralRequest.DESCRIPTOR.full_name
CANCEL = rpc.CancelReferralRequest.DESCRIPTOR.full_name
TELL = partner.SupplementReferralRequest.DESCRIPTOR.full_name
WHEN = partner.StateAvailabilityRequest.DESCRIPTOR.full_name
ACME = Partner("acme", "A" + "B" * 55, frozenset({examples.CHICAGO}), "json")
OTHER = Partner("other", "A" + "C" * 55, frozenset({examples.CHICAGO}), "fhir")
OTHER_NAMED = replace(OTHER, fields=frozenset({"family_name"}))


def headers(kind: str, written: str = "application/json", **more: str) -> dict[str, str]:
    given = {"specversion": "1.0", "id": uuid4().hex, "source": "urn:acme", "type": kind}
    told = {f"ce-{name}": value for name, value in (given | more).items()}
    return told | {"ce-datacontenttype": written}


class Desk:
    """A partner that sends, and the answers it gets."""

    def __init__(self, house: House) -> None:
        self.house, self.position = house, 0

    async def open(self) -> "Desk":
        await self.house.given(examples.clinic(examples.CHICAGO), examples.clinic(examples.DENVER))
        async with self.house.db.transaction() as tx:
            await store.keep_partner(tx, ACME)
            await store.keep_partner(tx, OTHER)
        return self

    async def send(
        self, head: dict[str, str], data: bytes | str, who: Partner = ACME
    ) -> partner.MessageAnswered:
        payload = data.encode() if isinstance(data, str) else data
        self.position += 1
        await receive(self.house.db, who, Message(self.position, head, payload))
        return await self.answer(who)

    async def answer(self, who: Partner = ACME) -> partner.MessageAnswered:
        untold = await store.untold(self.house.db, who.name)
        answers = [partner.MessageAnswered.FromString(data) for _, data in untold.answers]
        return answers[-1]

    async def answers(self, who: Partner = ACME) -> int:
        return len((await store.untold(self.house.db, who.name)).answers)

    async def submit(self, who: Partner = ACME, **changes: Any) -> str:
        told = await self.send(headers(SUBMIT, subject="order-1"), asked(**changes), who)
        assert told.outcome == partner.MESSAGE_OUTCOME_ACCEPTED, told
        return told.referral_id


def asked(**changes: Any) -> str:
    return MessageToJson(examples.asked(**changes))


def service_request(document: dict[str, Any]) -> dict[str, Any]:
    resources = [entry["resource"] for entry in document["entry"]]
    return next(one for one in resources if one["resourceType"] == "ServiceRequest")


def anywhere(name: str) -> dict[str, Any]:
    """An example bundle that asks for no clinic in particular."""
    document = bundle(name)
    service_request(document).pop("performer", None)
    return document


@pytest.fixture
async def desk(house: House) -> Desk:
    return await Desk(house).open()


def reasons(told: partner.MessageAnswered) -> set[str]:
    assert told.outcome == partner.MESSAGE_OUTCOME_REJECTED
    return {one.reason for one in told.reasons}


async def count(house: House) -> int:
    return await house.count("SELECT count(*) FROM referral")


async def test_a_referral_in_json_is_accepted_and_stated(desk: Desk, house: House) -> None:
    head = headers(SUBMIT, subject="order-1")
    told = await desk.send(head, asked())
    assert told.outcome == partner.MESSAGE_OUTCOME_ACCEPTED
    assert (told.message_id, told.message_source) == (head["ce-id"], "urn:acme")
    received, routed = await house.stated()
    assert received.referral_id == routed.referral_id == told.referral_id
    assert routed.clinic_id == str(examples.CHICAGO)


async def test_every_format_and_mode_is_read(desk: Desk, house: House) -> None:
    one = examples.asked(patient=examples.somebody_else(1))
    two = MessageToJson(examples.asked(patient=examples.somebody_else(2)))
    three = examples.asked(patient=examples.somebody_else(3))
    four = json.dumps(anywhere("depression-denver"))
    five = MessageToJson(examples.asked(patient=examples.somebody_else(5)))
    about = {"specversion": "1.0", "source": "urn:acme", "type": SUBMIT}
    structured = {"content-type": "application/cloudevents+json; charset=utf-8"}
    packed = base64.b64encode(three.SerializeToString()).decode()
    binary = {"data_base64": packed, "datacontenttype": "application/protobuf"}
    said: list[tuple[dict[str, str], bytes | str]] = [
        (headers(SUBMIT, "application/protobuf"), one.SerializeToString()),
        (headers(SUBMIT), two),
        (structured, json.dumps({**about, "id": "3", **binary})),
        (headers(SUBMIT, "application/fhir+json"), four),
        (structured, json.dumps({**about, "id": "5", "data": json.loads(five)})),
    ]
    for head, data in said:
        told = await desk.send(head, data)
        assert told.outcome == partner.MESSAGE_OUTCOME_ACCEPTED, told
    assert await count(house) == 5


async def test_a_repeat_is_nothing_new_and_a_changed_body_is_refused(
    desk: Desk, house: House
) -> None:
    head, body = headers(SUBMIT), asked()
    first = await desk.send(head, body)
    assert await desk.send(head, body) == first
    assert await desk.answers() == 1
    other = await desk.send(head, asked(patient=examples.somebody_else(2)))
    assert reasons(other) == {"MESSAGE_ID_REUSED"}
    assert other.message_id == head["ce-id"]
    assert await count(house) == 1


async def test_the_same_id_of_another_source_or_partner_is_another_message(
    desk: Desk, house: House
) -> None:
    head = headers(SUBMIT)
    await desk.send(head, asked())
    again = await desk.send({**head, "ce-source": "urn:else"}, asked(patient=examples.jane()))
    assert reasons(again) == {"DUPLICATE_REFERRAL"}
    other = await desk.send(head, asked(patient=examples.somebody_else(9)), OTHER)
    assert other.outcome == partner.MESSAGE_OUTCOME_ACCEPTED
    assert await count(house) == 2


async def test_the_request_ids_of_two_partners_do_not_meet(desk: Desk, house: House) -> None:
    request = examples.asked()
    mine = await desk.send(headers(SUBMIT), MessageToJson(request))
    theirs = await desk.send(headers(SUBMIT), MessageToJson(request), OTHER)
    assert reasons(theirs) == {"DUPLICATE_REFERRAL"}
    assert mine.referral_id not in str(theirs)


async def test_a_partner_refers_to_its_clinics_only(desk: Desk, house: House) -> None:
    told = await desk.send(headers(SUBMIT), asked(preferred_clinic_id=str(examples.DENVER)))
    assert reasons(told) == {"CLINIC_NOT_FOUND"}
    assert await count(house) == 0


async def test_what_is_wrong_is_told_field_by_field_and_nothing_is_quoted(
    desk: Desk, house: House
) -> None:
    bad = examples.asked()
    bad.referrer.npi = "1234567890"
    bad.clinical.weight_date.year = 2999
    told = await desk.send(headers(SUBMIT), MessageToJson(bad))
    assert {one.field for one in told.reasons} == {"referrer.npi", "clinical.weight_date"}
    assert not any(word in str(told) for word in examples.FORGETTABLE)
    assert await count(house) == 0


BROKEN = {
    "no id": (lambda head: head.pop("ce-id"), b"{}", "ATTRIBUTE_MISSING"),
    "no source": (lambda head: head.pop("ce-source"), b"{}", "ATTRIBUTE_MISSING"),
    "another version": (
        lambda head: head.update({"ce-specversion": "0.3"}),
        b"{}",
        "SPECVERSION_UNKNOWN",
    ),
    "another type": (lambda head: head.update({"ce-type": "x.Y"}), b"{}", "TYPE_UNKNOWN"),
    "another format": (
        lambda head: head.update({"ce-datacontenttype": "text/csv"}),
        b"{}",
        "FORMAT_UNKNOWN",
    ),
    "no JSON": (lambda head: None, b"{", "JSON_UNREADABLE"),
    "unknown field": (lambda head: None, b'{"nobody": 1}', "JSON_UNREADABLE"),
    "nothing in it": (lambda head: None, b"{}", "INVALID_REQUEST"),
    "no protobuf": (
        lambda head: head.update({"ce-datacontenttype": "application/protobuf"}),
        b"\xff",
        "MALFORMED_REQUEST",
    ),
    "no FHIR": (
        lambda head: head.update({"ce-datacontenttype": "application/fhir+json"}),
        b"{}",
        "FHIR_INVALID",
    ),
    "bad percent": (lambda head: head.update({"ce-subject": "%C0%A0"}), b"{}", "ATTRIBUTE_INVALID"),
    "batch": (
        lambda head: head.update({"content-type": "application/cloudevents-batch+json"}),
        b"[]",
        "FORMAT_UNKNOWN",
    ),
    "no object": (
        lambda head: head.update({"content-type": "application/cloudevents+json"}),
        b"[]",
        "EVENT_UNREADABLE",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
async def test_what_cannot_be_read_is_answered_too(desk: Desk, house: House, name: str) -> None:
    spoil, data, reason = BROKEN[name]
    head = headers(SUBMIT)
    spoil(head)
    told = await desk.send(head, data)
    assert reasons(told) == {reason}
    assert told.message_position == 1
    assert await count(house) == 0


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    head=st.dictionaries(
        st.sampled_from(
            ["ce-id", "ce-source", "ce-type", "ce-specversion", "Content-Type", "ce-subject"]
        ),
        st.one_of(
            st.text(max_size=20),
            st.sampled_from([SUBMIT, CANCEL, TELL, "1.0", "application/cloudevents+json"]),
        ),
    ),
    data=st.one_of(
        st.binary(max_size=200),
        st.recursive(
            st.none() | st.text(max_size=9) | st.integers(),
            lambda inner: (
                st.lists(inner)
                | st.dictionaries(
                    st.sampled_from(["id", "data", "type", "source", "specversion"]), inner
                )
            ),
        ).map(lambda it: json.dumps(it).encode()),
    ),
)
def test_no_message_is_anything_but_read_or_refused(head: dict[str, str], data: bytes) -> None:
    try:
        event = cloudevents.read(head, data)
    except Invalid:
        return
    assert event.id
    assert event.source


async def test_a_referral_is_cancelled_supplemented_and_timed_by_its_partner(
    desk: Desk, house: House
) -> None:
    referral_id = await desk.submit()
    await house.stated()
    more = partner.SupplementReferralRequest(
        referral_id=referral_id, clinical=examples.summary(phq9_score=23)
    )
    when = partner.StateAvailabilityRequest(
        referral_id=referral_id,
        earliest_date="2026-12-01",
        windows=[partner.AvailableWindow(weekday=1, start_minute=540, end_minute=720)],
    )
    off = rpc.CancelReferralRequest(
        referral_id=referral_id, reason=rpc.CANCEL_REASON_PATIENT_DECLINED
    )
    for kind, said in ((TELL, more), (WHEN, when), (CANCEL, off)):
        told = await desk.send(headers(kind), MessageToJson(said))
        assert told.referral_id == referral_id, told
    supplemented, available, cancelled = await house.stated()
    assert (supplemented.phq9_score, supplemented.revision) == (23, 3)
    assert (list(available.windows), available.earliest_date) == (["1/540-720"], "2026-12-01")
    assert isinstance(cancelled, facts.ReferralCancelled)
    late = await desk.send(headers(TELL), MessageToJson(more))
    assert reasons(late) == {"REFERRAL_CLOSED"}
    bad = partner.StateAvailabilityRequest(
        referral_id=referral_id, windows=[partner.AvailableWindow(weekday=8, end_minute=1)]
    )
    assert reasons(await desk.send(headers(WHEN), MessageToJson(bad))) == {"INVALID_REQUEST"}


async def test_what_is_told_before_a_clinic_has_it_comes_with_the_routing(
    desk: Desk, house: House
) -> None:
    for clinic_id in (examples.CHICAGO, examples.DENVER):
        await house.given(examples.clinic(clinic_id, 2, indications=["F33"]))
    cannot = examples.asked(clinical=examples.summary(indication_code="R52"))
    told = await desk.send(headers(SUBMIT), MessageToJson(cannot))
    assert [type(one).__name__ for one in await house.stated()] == ["ReferralReceived"]
    more = partner.SupplementReferralRequest(
        referral_id=told.referral_id, clinical=examples.summary(phq9_score=23, weight_grams=81_000)
    )
    await desk.send(headers(TELL), MessageToJson(more))
    request = rpc.RouteReferralRequest(
        referral_id=told.referral_id, clinic_id=str(examples.CHICAGO)
    )
    await house.call(Referrals(house.db).RouteReferral, request)
    supplemented, routed = await house.stated()
    assert supplemented.clinic_id == ""
    assert (routed.phq9_score, routed.weight_grams) == (23, 81_000)
    assert routed.indication_code == "R52"


@pytest.mark.parametrize("kind", [CANCEL, TELL, WHEN])
async def test_the_referral_of_another_does_not_exist(desk: Desk, house: House, kind: str) -> None:
    referral_id = await desk.submit()
    said = {
        CANCEL: rpc.CancelReferralRequest(
            referral_id=referral_id, reason=rpc.CANCEL_REASON_ENTERED_IN_ERROR
        ),
        TELL: partner.SupplementReferralRequest(
            referral_id=referral_id, clinical=examples.summary()
        ),
        WHEN: partner.StateAvailabilityRequest(
            referral_id=referral_id,
            windows=[partner.AvailableWindow(weekday=1, start_minute=0, end_minute=60)],
        ),
    }
    before = await house.count("SELECT sum(revision) FROM referral")
    told = await desk.send(headers(kind), MessageToJson(said[kind]), OTHER)
    assert reasons(told) == {"REFERRAL_NOT_FOUND"}
    assert await house.count("SELECT sum(revision) FROM referral") == before


async def test_a_withdrawal_in_fhir_names_the_placers_order(desk: Desk, house: House) -> None:
    document = bundle("depression-denver")
    request = next(
        e["resource"]
        for e in document["entry"]
        if e["resource"]["resourceType"] == "ServiceRequest"
    )
    request.pop("performer", None)
    form = "application/fhir+json"
    made = await desk.send(headers(SUBMIT, form), json.dumps(document))
    assert made.outcome == partner.MESSAGE_OUTCOME_ACCEPTED, made
    request["status"] = "revoked"
    theirs = await desk.send(headers(CANCEL, form), json.dumps(document), OTHER)
    assert reasons(theirs) == {"REFERRAL_NOT_FOUND"}
    gone = await desk.send(headers(CANCEL, form), json.dumps(document))
    assert gone.referral_id == made.referral_id
    assert (await house.stated())[-1].reason == "patient_declined"


async def test_a_referral_in_hl7_v2_is_answered_like_any_other(desk: Desk, house: House) -> None:
    form = "application/hl7-v2"
    document = (EXAMPLES / "depression-denver.hl7").read_text()
    made = await desk.send(headers(SUBMIT, form), document)
    assert made.outcome == partner.MESSAGE_OUTCOME_ACCEPTED, made
    (step, *_) = (await store.untold(house.db, "acme")).steps
    assert step.placer_reference == "larkspur.example|order-2025-0412"
    again = await desk.send(headers(SUBMIT, form), document)
    assert again.referral_id == made.referral_id, "the originating referral names the call"
    assert await count(house) == 1
    broken = await desk.send(headers(SUBMIT, form), document.replace("19840309", "1984"))
    assert [(one.reason, one.field) for one in broken.reasons] == [("HL7_INVALID", "PID-7")]
    other = await desk.send(headers(TELL, form), document)
    assert reasons(other) == {"FORMAT_UNKNOWN"}


async def test_our_own_fault_is_answered_in_the_end(desk: Desk, house: House) -> None:
    await give_up(house.db, ACME, Message(7, headers(SUBMIT), b"{}"))
    assert reasons(await desk.answer()) == {"INTERNAL"}


async def test_the_feed_is_the_history_in_order_without_identifiers(
    desk: Desk, house: House
) -> None:
    referral_id = await desk.submit()
    story = examples.Story(referral_id, examples.CHICAGO)
    await house.given(story.opened(), story.declined())
    untold = await store.untold(house.db, "acme")
    said = [saying.news(ACME, step) for step in untold.steps]
    told = [json.loads(one.data) for one in said]
    assert [one["number"] for one in told] == ["1", "2", "3", "4"]
    assert [one["businessStatus"] for one in told] == [
        "received",
        "received",
        "accepted",
        "declined",
    ]
    assert {one["placerReference"] for one in told} == {"order-1"}
    assert len({one.headers["ce-id"] for one in said}) == 4
    everything = b"".join(one.data + str(one.headers).encode() for one in said).decode()
    assert not any(word in everything for word in examples.FORGETTABLE)
    assert not await store.named(house.db, ACME, untold.steps), (
        "a contract names nothing unless told"
    )
    await store.told(house.db, "acme", [], untold.steps[:2])
    left = (await store.untold(house.db, "acme")).steps
    assert [one.line.number for one in left] == [3, 4]
    assert not (await store.untold(house.db, "other")).steps


NAMED = replace(ACME, fields=frozenset({"family_name", "birth_date"}))


async def told_under(house: House, who: Partner) -> list[dict[str, Any]]:
    """What the feed says of every step yet to be told, under the contract with a partner."""
    steps = (await store.untold(house.db, who.name)).steps
    people = await store.named(house.db, who, steps)
    said = [saying.news(who, step, people.get(step.line.referral_id)) for step in steps]
    return [json.loads(one.data) for one in said]


async def test_a_feed_carries_the_identifiers_that_the_contract_names_and_no_other(
    desk: Desk, house: House
) -> None:
    await desk.submit()
    told = await told_under(house, NAMED)
    for one in told:
        assert one["patient"] == {
            "familyName": "Doe",
            "birthDate": {"year": 1984, "month": 2, "day": 29},
        }
    everything = frozenset(NamedPatient.DESCRIPTOR.fields_by_name)
    whole = await told_under(house, replace(ACME, fields=everything))
    assert set(whole[0]["patient"]) == {field.json_name for field in NamedPatient.DESCRIPTOR.fields}
    assert "position" not in whole[0]["patient"]["address"]
    withdrawn = await told_under(house, ACME)
    assert all("patient" not in one for one in withdrawn)


async def test_whose_contract_names_fields_reads_them_in_fhir_too(desk: Desk, house: House) -> None:
    import fhirkit

    await desk.submit(OTHER)
    (document, *_) = await told_under(house, replace(OTHER, fields=NAMED.fields | {"phone"}))
    patient = document["entry"][2]
    assert patient["resource"] == {
        "resourceType": "Patient",
        "name": [{"family": "Doe"}],
        "telecom": [{"system": "phone", "value": "+15555550100"}],
        "birthDate": "1984-02-29",
    }
    assert service_request(document)["subject"] == {"reference": patient["fullUrl"]}
    read = fhirkit.parse(json.dumps(document))
    assert not [issue for issue in read.issues if issue.severity == "error"]


async def test_an_identifier_told_to_a_partner_is_on_record_before_it_is_told(
    desk: Desk, house: House
) -> None:
    referral_id = await desk.submit()
    before = await house.count("SELECT count(*) FROM access_log")
    steps = (await store.untold(house.db, "acme")).steps
    assert await store.named(house.db, OTHER_NAMED, steps) == {}, "not its referral"
    assert await house.count("SELECT count(*) FROM access_log") == before
    assert await store.named(house.db, NAMED, steps)
    sql = "SELECT count(*) FROM access_log WHERE subject = $1 AND referral_id = $2"
    assert await house.count(sql, "partner:acme", referral_id) == 1
    told = (
        "SELECT count(*) FROM audit WHERE method = 'PartnerFeed' AND agent = $1 AND about LIKE $2"
    )
    assert await house.count(told, "partner:acme", f"%referral/{referral_id}%") == 1


async def test_what_a_partner_changed_is_on_record_and_what_was_refused_changed_nothing(
    desk: Desk, house: House
) -> None:
    referral_id = await desk.submit()
    reasons(await desk.send(headers(SUBMIT), asked()))
    sql = "SELECT agent, action, method, about FROM audit"
    ((agent, action, method, about),) = await house.db.fetch(sql)
    assert (agent, action, method) == ("partner:acme", "U", f"PartnerMessage/{SUBMIT}")
    assert f"referral/{referral_id}" in about


async def test_what_is_untold_is_found_without_a_look_at_what_was_told(
    desk: Desk, house: House
) -> None:
    """A line is queued with the line itself: what is settled costs nothing, however much it is."""
    for number in range(3):
        await desk.submit(patient=examples.somebody_else(number))
    untold = await store.untold(house.db, "acme")
    assert await house.count("SELECT count(*) FROM partner_untold") == len(untold.steps) == 6
    await store.told(house.db, "acme", [], untold.steps)
    assert await house.count("SELECT count(*) FROM partner_untold") == 0
    assert not (await store.untold(house.db, "acme")).steps
    await house.call(Referrals(house.db).CreateReferral, examples.asked(patient=examples.jane()))
    assert await house.count("SELECT count(*) FROM partner_untold") == 0, (
        "a caller's is no partner's"
    )


async def test_one_process_at_a_time_feeds_a_partner(desk: Desk, house: House) -> None:
    one, two = uuid4(), uuid4()
    assert await store.lease(house.db, "acme", one)
    assert not await store.lease(house.db, "acme", two)
    assert await store.lease(house.db, "acme", one)
    assert await store.lease(house.db, "other", two)


@pytest.mark.parametrize("status", Status)
def test_every_status_has_its_codes(status: Status) -> None:
    told = codes(status, "halcyon.infusion.events.v1.SessionMissed")
    ended = status in (Status.COMPLETED, Status.DECLINED, Status.CANCELLED)
    assert (told.business == "appointment-noshow") != ended
    assert codes(status, "x").bser[0] in "234567"


def test_a_step_in_fhir_is_valid_fhir() -> None:
    import fhirkit

    step = partner.ReferralAdvanced(
        referral_id=str(uuid4()),
        number=4,
        placer_reference="urn:acme|7",
        task_status="rejected",
        request_status="revoked",
        business_status="declined",
        bser_status="4.0",
        detail="capacity",
        transaction="PCC-56",
        change_time=examples.moment(examples.LONG_AGO),
    )
    read = fhirkit.parse(fhir.bundle(step))
    assert not [issue for issue in read.issues if issue.severity == "error"]
