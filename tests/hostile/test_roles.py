"""Every role at every method: the contract says who is admitted, and nobody else is."""

from pathlib import Path
from typing import Any

import pytest
from google.protobuf.descriptor import MethodDescriptor
from grpc import StatusCode

from chassis import auth
from halcyon.options.v1.options_pb2 import Role, requires
from tests.hostile.besieged import ROLES, Besieged, besieged, methods
from tools.factmap import SERVICES

CLINICS = ((), ("7a000000-0000-4000-8000-000000000000",), ("*",))


def admitted(method: MethodDescriptor) -> set[str]:
    """Read here anew, so that the edge's own reading is under test as well."""
    roles = method.GetOptions().Extensions[requires].roles
    return {Role.Name(role).removeprefix("ROLE_").lower() for role in roles}


async def wrongs(target: Besieged, method: MethodDescriptor) -> list[str]:
    """Each role and clinic scope that is let in or kept out against the contract."""
    found = []
    for role in (*ROLES, "administrator", "unspecified", "*"):
        for clinics in CLINICS:
            token = target.token(role, clinics=clinics)
            outcome = await target.call(method, b"", token=token, watch=5)
            kept_out = (outcome.code, outcome.reason) == (
                StatusCode.PERMISSION_DENIED,
                "ROLE_REQUIRED",
            )
            if kept_out == (role in admitted(method)):
                found.append(f"{role} {clinics} {method.full_name} {outcome.code.name}")
    return found


@pytest.mark.parametrize("service", SERVICES)
async def test_the_contract_and_nothing_else_decides_who_may_call(
    servers: Any, service: str, tmp_path: Path
) -> None:
    async with besieged(servers, service, tmp_path) as target:
        tried = 0
        for method in methods(service):
            assert await wrongs(target, method) == []
            nobody = await target.call(method, b"", token="none", watch=5)
            assert nobody.code is StatusCode.UNAUTHENTICATED
            tried += 1
        assert tried > 3


async def test_the_matrix_sees_an_edge_that_admits_everybody(
    servers: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auth, "_check", lambda principal, admitted: None)
    async with besieged(servers, "referral", tmp_path) as target:
        for method in methods("referral"):
            assert await wrongs(target, method)
