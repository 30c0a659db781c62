"""Bad input gets a typed error, changes nothing, and learns nothing of the inside."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import grpc
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo
from grpc_status import rpc_status

from chassis.issuer import Issuer
from clients.network import Network
from clients.network.seed import DENVER, SEATTLE
from clients.sdk.errors import NotFound
from halcyon.intake.v1.intake_service_pb2 import GetIntakeRequest
from halcyon.referral.v1.referral_service_pb2 import CreateReferralRequest, GetReferralRequest
from tests.flows import NPI, application, submit

pytestmark = pytest.mark.xdist_group("network")

METHOD = "/halcyon.referral.v1.ReferralService/CreateReferral"
Spoil = Callable[[CreateReferralRequest], None]


async def raw(network: Network, data: bytes, token: str | None) -> grpc.aio.AioRpcError:
    """Send bytes as they are; only a refusal comes back."""
    metadata = [("authorization", f"Bearer {token}")] if token else []
    async with grpc.aio.insecure_channel(network.addresses["referral"]) as channel:
        call: Any = channel.unary_unary(METHOD)
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await call(data, metadata=metadata, timeout=20)
    return refused.value


def details(fault: grpc.aio.AioRpcError) -> tuple[str, set[str]]:
    """The reason, and the fields at fault."""
    info, bad = ErrorInfo(), BadRequest()
    status = rpc_status.from_call(fault)
    for detail in status.details if status else ():
        detail.Unpack(info)
        detail.Unpack(bad)
    return info.reason, {violation.field for violation in bad.field_violations}


async def referrals(network: Network) -> int:
    line = await asyncpg.connect(network.database_url("referral"))
    try:
        return int(await line.fetchval("SELECT count(*) FROM referral"))
    finally:
        await line.close()


def must_tell_nothing(fault: grpc.aio.AioRpcError) -> None:
    told = f"{fault.details()} {fault.trailing_metadata()}"
    for inside in ("Traceback", "SELECT", "INSERT", "asyncpg", "sqlalchemy", "/work", ".py"):
        assert inside not in told


def bad_npi(request: CreateReferralRequest) -> None:
    request.referrer.npi = "1234567890"


def born_in_the_future(request: CreateReferralRequest) -> None:
    request.patient.birth_date.year = 2100


def weightless(request: CreateReferralRequest) -> None:
    request.clinical.weight_grams = 0


def nine_hundred_kilograms(request: CreateReferralRequest) -> None:
    request.clinical.weight_grams = 900_000


def unknown_clinic(request: CreateReferralRequest) -> None:
    request.preferred_clinic_id = str(uuid4())


def unstated_section(request: CreateReferralRequest) -> None:
    request.clinical.allergies.ClearField("statement")


def no_request_id(request: CreateReferralRequest) -> None:
    request.request_id = "again"


@pytest.mark.parametrize(
    ("spoil", "field"),
    [
        (bad_npi, "referrer.npi"),
        (born_in_the_future, "patient.birth_date"),
        (weightless, "clinical.weight_grams"),
        (nine_hundred_kilograms, "clinical.weight_grams"),
        (unknown_clinic, "preferred_clinic_id"),
        (unstated_section, "clinical.allergies.statement"),
        (no_request_id, "request_id"),
    ],
)
async def test_a_wrong_field_is_named(network: Network, spoil: Spoil, field: str) -> None:
    before = await referrals(network)
    request = application(1, DENVER, uuid4())
    spoil(request)
    fault = await raw(network, request.SerializeToString(), network.token("coordinator"))
    assert fault.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert field in details(fault)[1]
    must_tell_nothing(fault)
    assert await referrals(network) == before


async def test_every_fault_is_told_at_once(network: Network) -> None:
    request = application(1, DENVER, uuid4())
    for spoil in (weightless, unstated_section, no_request_id):
        spoil(request)
    fault = await raw(network, request.SerializeToString(), network.token("coordinator"))
    assert details(fault)[1] >= {
        "clinical.weight_grams",
        "clinical.allergies.statement",
        "request_id",
    }


GOOD = application(2, DENVER, uuid4()).SerializeToString()


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(GOOD + b"\xf8\x07\x01", id="an unknown field"),
        pytest.param(b"\x08\x01" + GOOD, id="a wrong wire type"),
        pytest.param(GOOD[:-3], id="truncated"),
        pytest.param(b"\xff\xff\xff", id="noise"),
        pytest.param(b"\x0a\x04\xff\xfe\xfd\xfc", id="invalid UTF-8"),
    ],
)
async def test_bytes_that_are_no_request_are_refused(network: Network, data: bytes) -> None:
    before = await referrals(network)
    fault = await raw(network, data, network.token("coordinator"))
    assert fault.code() == grpc.StatusCode.INVALID_ARGUMENT
    must_tell_nothing(fault)
    assert await referrals(network) == before


async def test_a_megabyte_of_name_is_too_much(network: Network) -> None:
    before = await referrals(network)
    request = application(3, DENVER, uuid4())
    request.patient.family_name = "x" * (1 << 20)
    fault = await raw(network, request.SerializeToString(), network.token("coordinator"))
    assert fault.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert await referrals(network) == before


def forged(network: Network) -> str:
    key = Ed25519PrivateKey.generate()
    true = jwt.decode(network.token("coordinator"), options={"verify_signature": False})
    kid = jwt.get_unverified_header(network.token("coordinator"))["kid"]
    return jwt.encode(true, key, algorithm="EdDSA", headers={"kid": kid})


def expired(network: Network) -> str:
    issuer = Issuer(Path(network.issuer))
    return issuer.mint("test", ["coordinator"], ttl=timedelta(hours=-1))


def unsigned(network: Network) -> str:
    true = jwt.decode(network.token("coordinator"), options={"verify_signature": False})
    return jwt.encode(true, "", algorithm="none")


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        (lambda _: None, "TOKEN_MISSING"),
        (forged, "TOKEN_INVALID"),
        (unsigned, "TOKEN_INVALID"),
        (expired, "TOKEN_EXPIRED"),
    ],
)
async def test_a_token_that_does_not_hold_is_refused(
    network: Network, token: Callable[[Network], str | None], reason: str
) -> None:
    before = await referrals(network)
    fault = await raw(network, GOOD, token(network))
    assert fault.code() == grpc.StatusCode.UNAUTHENTICATED
    assert details(fault)[0] == reason
    assert await referrals(network) == before


async def test_a_role_that_may_not_call_is_refused(network: Network) -> None:
    fault = await raw(network, GOOD, network.token("nurse"))
    assert fault.code() == grpc.StatusCode.PERMISSION_DENIED
    assert details(fault)[0] == "ROLE_REQUIRED"


async def test_another_clinics_patient_does_not_exist(network: Network) -> None:
    async with network.client("referrer", npi=NPI) as doctor:
        referral_id = await submit(doctor, application(4, DENVER, uuid4()))
    network.settle()
    stranger = network.client("coordinator", "prescriber", clinics=[str(SEATTLE.clinic_id)])
    async with stranger:
        with pytest.raises(NotFound):
            await stranger.referral.GetReferral(GetReferralRequest(referral_id=referral_id))
        with pytest.raises(NotFound):
            await stranger.intake.GetIntake(GetIntakeRequest(referral_id=referral_id))
    async with network.client("referrer", npi="1543219871") as other:
        with pytest.raises(NotFound):
            await other.referral.GetReferral(GetReferralRequest(referral_id=referral_id))
