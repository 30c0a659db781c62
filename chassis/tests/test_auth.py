"""Who gets in, as whom, and who does not."""

import asyncio
import base64
import json
import stat
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from google.protobuf.descriptor_pool import Default
from grpc import StatusCode
from jwt.algorithms import ECAlgorithm

from chassis.auth import ALL, Principal, roles_admitted
from chassis.errors import Unauthenticated
from chassis.issuer import Issuer
from chassis.refusal import Busy, NotFound
from chassis.tests.echo import SERVICE, refused
from chassis.tests.edge import Edge, edge_settings, running_edge
from chassis.tokens import LEEWAY_SECONDS, Keys, Tokens


@pytest.fixture(name="edge")
async def _edge(tmp_path: Path) -> AsyncIterator[Edge]:
    async with running_edge(tmp_path) as edge:
        yield edge


CLINIC = uuid4()


def _tokens(issuer: Issuer, /, **changes: Any) -> Tokens:
    return Tokens(edge_settings(issuer, **changes))


async def _reason(tokens: Tokens, token: str) -> str:
    with pytest.raises(Unauthenticated) as caught:
        await tokens.principal(token)
    return caught.value.reason


def _segment(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


async def test_a_token_says_who_and_what_may_be_seen(tmp_path: Path) -> None:
    issuer = Issuer(tmp_path)
    token = issuer.mint("ada", ["nurse", "prescriber"], [CLINIC], npi="1234567893")
    ada = await _tokens(issuer).principal(token)
    assert (ada.subject, sorted(ada.roles), ada.npi) == (
        "ada",
        ["nurse", "prescriber"],
        "1234567893",
    )
    assert ada.sees(CLINIC)
    ada.must_serve(CLINIC)
    with pytest.raises(NotFound, match="NO_SUCH_CLINIC"):
        ada.must_serve(uuid4())
    assert (await _tokens(issuer).principal(issuer.mint("bob", []))).sees(uuid4())


def test_a_scope_without_clinics_sees_none() -> None:
    nobody = Principal("x", frozenset(), frozenset(), None, datetime.now(UTC))
    assert not nobody.sees(CLINIC)
    assert Principal("x", frozenset(), ALL, None, datetime.now(UTC)).sees(CLINIC)


@pytest.mark.parametrize(("token", "reason"), [("", "TOKEN_MISSING"), ("x.y.z", "TOKEN_INVALID")])
async def test_a_call_without_a_good_token_is_unauthenticated(
    edge: Edge, token: str, reason: str
) -> None:
    no = await refused(edge.client_of(token).say())
    assert (no.code, no.info.reason) == (StatusCode.UNAUTHENTICATED, reason)
    assert edge.echo.heard == []


async def test_another_scheme_is_no_token(edge: Edge) -> None:
    client = edge.client_of("")
    client._metadata = (("authorization", f"Basic {edge.token}"),)
    assert (await refused(client.say())).info.reason == "TOKEN_MISSING"


async def test_a_role_that_the_contract_names_is_required(edge: Edge) -> None:
    no = await refused(edge.client_of(edge.issuer.mint("eve", ["cashier"])).say())
    assert (no.code, no.info.reason) == (StatusCode.PERMISSION_DENIED, "ROLE_REQUIRED")
    assert no.info.metadata["roles"] == "nurse,prescriber"


async def test_a_method_without_a_requirement_is_closed_to_all(edge: Edge) -> None:
    no = await refused(edge.client.say(method="Closed"))
    assert (no.code, no.info.reason) == (StatusCode.PERMISSION_DENIED, "METHOD_CLOSED")
    methods = Default().FindServiceByName(SERVICE).methods_by_name
    assert roles_admitted(methods["Closed"]) is None
    assert roles_admitted(methods["Say"]) == frozenset({"nurse", "prescriber"})


async def test_auth_comes_before_the_request_is_read(edge: Edge) -> None:
    assert (await refused(edge.client_of("").say(b"\xff"))).code is StatusCode.UNAUTHENTICATED


async def test_a_stream_ends_with_its_token(edge: Edge) -> None:
    nearly_over = timedelta(seconds=1 - LEEWAY_SECONDS)
    client = edge.client_of(edge.issuer.mint("ada", ["nurse"], ttl=nearly_over))
    replies = aiter(client.repeat("forever"))
    assert (await anext(replies)).text == "ada:forever"
    no = await refused(replies)
    assert (no.code, no.info.reason) == (StatusCode.UNAUTHENTICATED, "TOKEN_EXPIRED")


async def test_expiry_holds_for_a_remembered_token_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    issuer = Issuer(tmp_path)
    tokens, token = _tokens(issuer), issuer.mint("ada", ["nurse"], ttl=timedelta(minutes=1))
    assert await tokens.principal(token) is await tokens.principal(token)
    later = time.time() + 60 + LEEWAY_SECONDS
    monkeypatch.setattr(time, "time", lambda: later + 1)
    assert await _reason(tokens, token) == "TOKEN_EXPIRED"
    monkeypatch.undo()
    assert await _reason(tokens, issuer.mint("a", [], ttl=timedelta(hours=-1))) == "TOKEN_EXPIRED"


@pytest.mark.parametrize("changes", [{"issuer": "https://else.test"}, {"audience": "else"}])
async def test_a_token_meant_for_others_is_refused(tmp_path: Path, changes: dict[str, str]) -> None:
    issuer = Issuer(tmp_path)
    assert await _reason(_tokens(issuer, **changes), issuer.mint("a", [])) == "TOKEN_INVALID"


async def test_claims_that_are_missing_or_misshapen_are_refused(tmp_path: Path) -> None:
    issuer = Issuer(tmp_path)
    tokens, kid = _tokens(issuer), issuer.jwks()["keys"][0]["kid"]
    good = jwt.decode(issuer.mint("a", []), options={"verify_signature": False})
    wrong: list[dict[str, Any]] = [
        *({name: good[name] for name in good if name != gone} for gone in ("sub", "exp", "nbf")),
        {**good, "roles": "nurse"},
        {**good, "roles": [1]},
        {**good, "clinics": ["north"]},
        {**good, "npi": 7},
        {**good, "nbf": good["nbf"] + 3600},
    ]
    for claims in wrong:
        token = jwt.encode(claims, issuer._key, algorithm="EdDSA", headers={"kid": kid})
        assert await _reason(tokens, token) == "TOKEN_INVALID"


async def test_the_algorithm_is_the_keys_never_the_tokens(tmp_path: Path) -> None:
    issuer = Issuer(tmp_path)
    key = issuer.jwks()["keys"][0]
    claims = jwt.decode(issuer.mint("a", []), options={"verify_signature": False})
    unsigned = f"{_segment({'alg': 'none', 'kid': key['kid']})}.{_segment(claims)}."
    secret = base64.urlsafe_b64decode(key["x"] + "=")
    with_public = jwt.encode(claims, secret, algorithm="HS256", headers={"kid": key["kid"]})
    without_kid = jwt.encode(claims, issuer._key, algorithm="EdDSA")
    for forged in (unsigned, with_public, without_kid, Issuer(tmp_path / "other").mint("a", [])):
        assert await _reason(_tokens(issuer), forged) == "TOKEN_INVALID"


async def test_a_new_key_is_found_and_a_flood_of_unknown_ones_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    issuer = Issuer(tmp_path)
    tokens = _tokens(issuer)
    await tokens.principal(issuer.mint("a", ["nurse"]))
    fresh = generate_private_key(SECP256R1())
    public = {**ECAlgorithm.to_jwk(fresh.public_key(), as_dict=True), "kid": "new", "alg": "ES256"}
    claims = jwt.decode(issuer.mint("b", []), options={"verify_signature": False})
    token = jwt.encode(claims, fresh, algorithm="ES256", headers={"kid": "new"})
    issuer.jwks_file.write_text(json.dumps({"keys": [public]}))
    assert await _reason(tokens, token) == "TOKEN_INVALID"
    monkeypatch.setattr(Keys, "RETRY_SECONDS", 0.0)
    assert (await tokens.principal(token)).subject == "b"


async def test_keys_are_read_from_an_address_too(tmp_path: Path) -> None:
    issuer = Issuer(tmp_path)
    document = issuer.jwks_file.read_bytes()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.0 200 OK\r\n\r\n" + document)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        tokens = Tokens(edge_settings(issuer, jwks=f"http://127.0.0.1:{port}/jwks"))
        assert (await tokens.principal(issuer.mint("a", []))).subject == "a"


async def test_keys_out_of_reach_mean_try_again(tmp_path: Path) -> None:
    issuer = Issuer(tmp_path)
    tokens, token = _tokens(issuer), issuer.mint("a", [])
    kept = issuer.jwks_file.read_bytes()
    issuer.jwks_file.unlink()
    with pytest.raises(Busy, match="KEYS_UNAVAILABLE"):
        await tokens.principal(token)
    issuer.jwks_file.write_bytes(kept)
    assert (await tokens.principal(token)).subject == "a"


def test_the_issuers_key_is_private_and_kept(tmp_path: Path) -> None:
    first, second = Issuer(tmp_path), Issuer(tmp_path)
    assert first.jwks() == second.jwks()
    assert stat.S_IMODE((tmp_path / "issuer.key").stat().st_mode) == 0o600
    assert "d" not in first.jwks()["keys"][0]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["issuer.key", "jwks.json"]


def test_an_issuer_whose_folder_may_only_be_read_still_mints(tmp_path: Path) -> None:
    written = Issuer(tmp_path).jwks_file.stat()
    again = Issuer(tmp_path).jwks_file.stat()
    assert (again.st_ino, again.st_mtime_ns) == (written.st_ino, written.st_mtime_ns)
