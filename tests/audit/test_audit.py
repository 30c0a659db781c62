"""Every call of somebody known stands in the audit, and nobody can take it out unseen."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.timestamp_pb2 import Timestamp
from grpc import StatusCode

from chassis import interceptors
from chassis.audit.access import NETWORK
from chassis.audit.chain import Anchor, anchor, link, verify
from chassis.audit.grants import HEADER
from chassis.audit.sealing import seal
from clients.network.seed import DENVER
from halcyon.infusion.v1 import monitoring_calls_pb2 as infusion
from halcyon.infusion.v1.infusion_pb2 import Vitals
from halcyon.operations.v1 import audit_service_pb2 as rpc
from halcyon.referral.v1 import referral_service_pb2 as referral
from tests.flows import application
from tests.hostile.besieged import Besieged, besieged, methods
from tools.factmap import SERVICES

KEY = Ed25519PrivateKey.generate()
STRANGER = ("7a000000-0000-4000-8000-0000000000ff",)
_OPEN = "SET session_replication_role = replica"
_SHUT = "SET session_replication_role = DEFAULT"


@pytest.fixture(name="target")
async def _target(servers: Any, tmp_path: Path) -> AsyncIterator[Besieged]:
    async with besieged(servers, "referral", tmp_path) as target:
        yield target


def method(name: str) -> MethodDescriptor:
    return next(one for one in methods("referral") if one.name == name)


async def entries(target: Besieged, after: int = 0) -> list[Any]:
    rows = await target.house.db.fetch(
        "SELECT * FROM audit WHERE number > $1 ORDER BY number", after
    )
    return [dict(row) for row in rows]


def purpose(one: MethodDescriptor) -> str:
    """Read here anew, so that the edge's own reading is under test as well."""
    owner = one.containing_service.full_name
    if owner.endswith(".PartnerService") or owner.startswith("halcyon.operations."):
        return "HOPERAT"
    return "HPAYMT" if owner.startswith("halcyon.billing.") else "TREAT"


async def one_id(target: Besieged, column: str) -> UUID:
    ((found,),) = await target.house.db.fetch(f"SELECT {column} FROM referral LIMIT 1")
    return UUID(str(found))


async def get(target: Besieged, **how: Any) -> StatusCode:
    asked = referral.GetReferralRequest(referral_id=str(await one_id(target, "referral_id")))
    token = target.token("coordinator", clinics=how.pop("clinics", ("*",)))
    outcome = await target.call(
        method("GetReferral"), asked.SerializeToString(), token=token, **how
    )
    return outcome.code


async def test_a_change_is_told_of_with_what_it_made(target: Besieged) -> None:
    asked = application(7, DENVER, uuid4())
    asked.preferred_clinic_id = str(await one_id(target, "clinic_id"))
    outcome = await target.call(method("CreateReferral"), asked.SerializeToString())
    assert outcome.code is StatusCode.OK
    (told,) = await entries(target)
    made = referral.CreateReferralResponse.FromString(outcome.replies[0]).referral
    assert (told["agent"], told["action"], told["outcome"]) == ("mallory", "U", "OK")
    assert told["method"].endswith("/CreateReferral")
    assert f"referral/{made.referral_id}" in told["about"]
    assert f"patient/{made.patient.patient_id}" in told["about"]
    assert str(told["clinic_id"]) == asked.preferred_clinic_id


async def test_a_read_a_refusal_and_a_denial_are_told_of(target: Besieged) -> None:
    await get(target)
    assert await get(target, clinics=STRANGER) is StatusCode.NOT_FOUND
    await target.call(method("CreateReferral"), b"", token=target.token("nurse"))
    told = await entries(target)
    assert [(one["action"], one["outcome"]) for one in told] == [
        ("R", "OK"),
        ("R", "REFERRAL_NOT_FOUND"),
        ("U", "ROLE_REQUIRED"),
    ]
    referral_id = str(await one_id(target, "referral_id"))
    assert [referral_id in one["about"] for one in told] == [True, True, False]


async def test_a_list_tells_of_everybody_whom_it_showed(target: Besieged) -> None:
    listing = referral.ListReferralsRequest(page_size=5).SerializeToString()
    outcome = await target.call(method("ListReferrals"), listing)
    shown = referral.ListReferralsResponse.FromString(outcome.replies[0]).referrals
    assert len(shown) == 2
    (told,) = await entries(target)
    for one in shown:
        assert f"referral/{one.referral_id}" in told["about"]
        assert f"patient/{one.patient.patient_id}" in told["about"]
    assert str(told["clinic_id"]) == shown[0].clinic_id


async def test_what_tells_of_several_clinics_stands_in_the_networks_chain(
    target: Besieged,
) -> None:
    await target.house.db.fetch(
        "UPDATE referral SET clinic_id = $1 WHERE referral_id = $2",
        UUID(STRANGER[0]),
        await one_id(target, "referral_id"),
    )
    listing = referral.ListReferralsRequest(page_size=5).SerializeToString()
    await target.call(method("ListReferrals"), listing)
    (told,) = await entries(target)
    assert told["clinic_id"] == NETWORK


async def test_a_stream_tells_of_each_thing_it_comes_to_be_about(
    servers: Any, tmp_path: Path
) -> None:
    async with besieged(servers, "infusion", tmp_path) as target:
        ((watched, patient),) = await target.house.db.fetch(
            "SELECT session_id, patient_id FROM session JOIN course USING (course_id) LIMIT 1"
        )
        other = uuid4()
        named = {one.name: one for one in methods("infusion")}
        asked = infusion.WatchSessionRequest(session_id=str(watched)).SerializeToString()
        await target.call(named["WatchSession"], asked, watch=1)
        opened, *later = await entries(target)
        assert (opened["method"].endswith("/WatchSession"), len(later)) == (True, 1)
        assert f"patient/{patient}" in later[0]["about"]
        reading = Vitals(measure_time=Timestamp(seconds=1), oxygen_saturation=97, heart_rate=70)
        parts = [
            infusion.StreamVitalsRequest(session_id=str(one), readings=[reading], sequence=number)
            for number, one in enumerate((watched, other, watched), 1)
        ]
        data = [one.SerializeToString() for one in parts]
        await target.call(named["StreamVitals"], *data, watch=2)
        streamed = await entries(target, later[0]["number"])
        told = [one["about"] for one in streamed]
        assert [json.loads(one) for one in told] == [
            [],
            [f"session/{watched}"],
            [f"session/{other}"],
        ]


@pytest.mark.parametrize("service", SERVICES)
async def test_no_method_answers_without_an_entry(
    servers: Any, service: str, tmp_path: Path
) -> None:
    async with besieged(servers, service, tmp_path) as target:
        seen = 0
        for one in methods(service):
            await target.call(one, b"", watch=5)
            told = await entries(target, seen)
            name = f"{one.containing_service.full_name}/{one.name}"
            assert {entry["method"] for entry in told} == {name}
            assert {entry["purpose"] for entry in told} == {purpose(one)}
            assert len(told) == 1 or one.client_streaming
            seen = told[-1]["number"]


async def test_the_judge_sees_an_edge_that_tells_of_nothing(
    servers: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interceptors, "seen", lambda db, record: lambda call, answer: answer(call))
    async with besieged(servers, "referral", tmp_path) as target:
        listing = referral.ListReferralsRequest(page_size=5).SerializeToString()
        outcome = await target.call(method("ListReferrals"), listing)
        assert outcome.code is StatusCode.OK
        assert await entries(target) == []


async def test_no_data_leaves_when_the_audit_cannot_be_written(target: Besieged) -> None:
    listing = referral.ListReferralsRequest(page_size=5).SerializeToString()
    assert (await target.call(method("ListReferrals"), listing)).code is StatusCode.OK
    await target.house.as_owner("ALTER TABLE audit RENAME TO gone")
    assert (await target.call(method("ListReferrals"), listing)).code is not StatusCode.OK
    assert await get(target) is not StatusCode.OK


async def test_no_change_is_kept_when_the_audit_cannot_be_written(target: Besieged) -> None:
    asked = application(7, DENVER, uuid4())
    asked.preferred_clinic_id = str(await one_id(target, "clinic_id"))
    await target.house.as_owner("ALTER TABLE audit RENAME TO gone")
    before = await target.picture("gone")
    outcome = await target.call(method("CreateReferral"), asked.SerializeToString())
    assert outcome.code is not StatusCode.OK
    assert await target.picture("gone") == before
    await target.house.as_owner("ALTER TABLE gone RENAME TO audit")
    outcome = await target.call(method("CreateReferral"), asked.SerializeToString())
    assert outcome.code is StatusCode.OK
    assert await target.picture() != before


@pytest.mark.parametrize(
    "sql", ["UPDATE audit SET agent = 'nobody'", "DELETE FROM audit", "TRUNCATE audit"]
)
async def test_the_database_refuses_to_change_what_stands(target: Besieged, sql: str) -> None:
    await get(target)
    await seal(target.house.db)
    with pytest.raises(Exception, match="55000"):
        await target.house.as_owner(sql)
    assert len(await entries(target)) == 1


async def chained(target: Besieged, number: int = 6) -> tuple[list[Any], list[Anchor]]:
    for _ in range(number):
        await get(target)
    heads = await seal(target.house.db)
    anchors = [anchor(KEY, "referral", *place, *head) for place, head in _flat(heads)]
    return await entries(target), anchors


def _flat(heads: Any) -> list[Any]:
    return [((clinic_id,), head) for clinic_id, head in heads.items()]


def what(entries: list[Any], anchors: list[Anchor]) -> list[str]:
    return [one.what for one in verify(entries, anchors, KEY.public_key())]


async def test_an_untouched_chain_has_no_findings(target: Besieged) -> None:
    kept, anchors = await chained(target)
    assert [one["seq"] for one in kept] == [1, 2, 3, 4, 5, 6]
    await get(target)
    assert await seal(target.house.db)
    assert what(await entries(target), anchors) == []


@pytest.mark.parametrize(
    "tamper",
    [
        "UPDATE audit SET agent = 'nobody' WHERE seq = 3",
        "UPDATE audit SET about = '[]' WHERE seq = 1",
        "DELETE FROM audit WHERE seq = 1",
        "DELETE FROM audit WHERE seq = 4",
        "DELETE FROM audit WHERE seq > 4",
        "DELETE FROM audit",
        "UPDATE audit SET seq = CASE seq WHEN 2 THEN 90 ELSE 2 END WHERE seq IN (2, 90);"
        "UPDATE audit SET seq = 2 WHERE seq = 3; UPDATE audit SET seq = 3 WHERE seq = 90",
    ],
)
async def test_tampering_below_the_triggers_is_found(target: Besieged, tamper: str) -> None:
    _, anchors = await chained(target)
    await target.house.as_owner(f"{_OPEN}; {tamper}; {_SHUT}")
    assert what(await entries(target), anchors)


async def test_each_clinic_has_a_chain_of_its_own(target: Besieged) -> None:
    _, anchors = await chained(target, 2)
    listing = referral.ListReferralsRequest(page_size=5, clinic_id=STRANGER[0])
    for _ in range(3):
        await target.call(method("ListReferrals"), listing.SerializeToString())
    heads = await seal(target.house.db)
    assert {clinic_id: head[0] for clinic_id, head in heads.items()} == {UUID(STRANGER[0]): 3}
    anchors += [anchor(KEY, "referral", *place, *head) for place, head in _flat(heads)]
    assert what(await entries(target), anchors) == []
    kept = [one for one in await entries(target) if str(one["clinic_id"]) != STRANGER[0]]
    assert what(kept, anchors) == ["the chain was cut behind an anchor"]


async def test_a_chain_written_anew_is_found_by_its_anchor_alone(target: Besieged) -> None:
    kept, anchors = await chained(target)
    before = bytes(32)
    for seq, one in enumerate(kept, 1):
        one["agent"] = "nobody"
        before = one["hash"] = link(before, seq, one)
    assert what(kept, []) == []
    assert what(kept, anchors) == ["the chain was written anew since an anchor"]


async def test_an_anchor_that_we_did_not_sign_is_found(target: Besieged) -> None:
    kept, anchors = await chained(target)
    forged = anchor(Ed25519PrivateKey.generate(), "referral", anchors[0].clinic_id, 6, bytes(32))
    assert "an anchor is not signed by us" in what(kept, [forged])


async def test_the_glass_breaks_for_a_while_for_one_and_loudly(
    target: Besieged, capfd: pytest.CaptureFixture[str]
) -> None:
    clinic = str(await one_id(target, "clinic_id"))
    token = target.token("prescriber", clinics=STRANGER)
    asked = referral.GetReferralRequest(referral_id=str(await one_id(target, "referral_id")))

    async def look(grant: str, by: str = token) -> tuple[StatusCode, str]:
        headers = ((HEADER, grant),) if grant else ()
        data = asked.SerializeToString()
        found = await target.call(method("GetReferral"), data, token=by, headers=headers)
        return found.code, found.reason

    assert await look("") == (StatusCode.NOT_FOUND, "REFERRAL_NOT_FOUND")
    opening = rpc.CreateEmergencyGrantRequest(
        request_id=str(uuid4()),
        clinic_id=clinic,
        reason=rpc.EMERGENCY_REASON_PATIENT_IN_DANGER,
        minutes=30,
    )
    opened = await target.call(
        method("CreateEmergencyGrant"), opening.SerializeToString(), token=token
    )
    grant = rpc.CreateEmergencyGrantResponse.FromString(opened.replies[0]).grant_id
    assert "emergency.granted" in "".join(capfd.readouterr())
    assert await look(grant) == (StatusCode.OK, "")
    other = target.issuer.mint("eve", ["prescriber"], STRANGER)
    refused = (StatusCode.PERMISSION_DENIED, "NO_EMERGENCY_GRANT")
    assert await look(grant, other) == refused
    target.house.db.travel(timedelta(minutes=31))
    assert await look(grant) == refused
    told = [(one["purpose"].split()[0], one["outcome"]) for one in await entries(target)]
    assert ("BTG", "OK") in told
    assert told[-1][1] == "NO_EMERGENCY_GRANT"
