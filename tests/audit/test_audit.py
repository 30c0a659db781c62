"""Every call of somebody known stands in the audit, and nobody can take it out unseen."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from google.protobuf.descriptor import MethodDescriptor
from grpc import StatusCode

from chassis.audit.chain import Anchor, anchor, link, verify
from chassis.audit.grants import HEADER
from chassis.audit.sealing import seal
from clients.network.seed import DENVER
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
            assert len(told) == 1 or one.client_streaming
            seen = told[-1]["number"]


async def test_no_data_leaves_when_the_audit_cannot_be_written(target: Besieged) -> None:
    listing = referral.ListReferralsRequest(page_size=5).SerializeToString()
    assert (await target.call(method("ListReferrals"), listing)).code is StatusCode.OK
    await target.house.as_owner("ALTER TABLE audit RENAME TO gone")
    assert (await target.call(method("ListReferrals"), listing)).code is not StatusCode.OK
    assert await get(target) is not StatusCode.OK


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
