"""Who may call what: the contract says it, a token or a certificate proves it, silence refuses."""

from typing import Any

from google.protobuf.descriptor import MethodDescriptor

from chassis import peers
from chassis.audit import access
from chassis.calls import Answer, Call, Middleware, within
from chassis.errors import Unauthenticated
from chassis.principal import ALL, Principal, act_as, caller, roles_of
from chassis.refusal import Denied
from chassis.tokens import Tokens, seconds_left
from halcyon.options.v1.options_pb2 import requires

__all__ = ["ALL", "Principal", "act_as", "auth", "caller", "roles_admitted"]

_SCHEME = "bearer "


def auth(tokens: Tokens) -> Middleware:
    """Admit the holders of a role that the method's contract names."""

    async def admitted(call: Call, answer: Answer) -> Any:
        principal = await _who(call, tokens)
        if about := access.current():
            about.principal = principal
        _check(principal, call.method.roles)
        act_as(principal)
        if call.method.unary:
            return await answer(call)
        over = Unauthenticated("TOKEN_EXPIRED", "The token has expired.")
        return await within(seconds_left(principal), answer(call), over)

    return admitted


def roles_admitted(method: MethodDescriptor) -> frozenset[str] | None:
    """The roles in the method's contract; None when it names no requirement at all."""
    options = method.GetOptions()
    if not options.HasExtension(requires):
        return None
    return roles_of(options.Extensions[requires])


async def _who(call: Call, tokens: Tokens) -> Principal:
    """A token's holder; a service that acts for itself needs none, its certificate says it."""
    header = call.header("authorization")
    if not header and (peer := peers.service(call.context)):
        return peer
    return await tokens.principal(_token(header))


def _token(header: str) -> str:
    if not header.lower().startswith(_SCHEME):
        raise Unauthenticated("TOKEN_MISSING", "A bearer token is required.")
    return header[len(_SCHEME) :].strip()


def _check(principal: Principal, admitted: frozenset[str] | None) -> None:
    if admitted is None:
        raise Denied("METHOD_CLOSED", "This method is open to nobody.")
    if not admitted & principal.roles:
        roles = {"roles": ",".join(sorted(admitted))}
        raise Denied("ROLE_REQUIRED", "The caller lacks a role that this method admits.", roles)
