"""One service behind its real edge and on a real database, without its loops: only callers act."""

import importlib
import os
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import grpc
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.json_format import Parse
from google.protobuf.message_factory import GetMessageClass
from grpc_status import rpc_status

from chassis import operations
from chassis.audit import api as audit
from chassis.bus import Bus
from chassis.config import Settings
from chassis.embedded import Servers
from chassis.issuer import Issuer
from chassis.operations import Operable
from chassis.pauses import Pauses
from chassis.reconciling import Reconciler
from chassis.server import serve
from chassis.testing import House, open_house
from clients.network.seed import DENVER
from halcyon.options.v1.options_pb2 import Role
from tests.flows import application
from tests.hostile.grammar import Ids
from tests.hostile.inside import Inside, Outcome, refused
from tools.examples import example
from tools.factmap import SERVICES, contracts_of

ROUNDS = int(os.environ.get("HALCYON_FUZZ", "20"))
"""Inputs a method and a fact: a sample in `make test`, 10,000 in `make test-all`."""
_OWN_FAULT = "Internal error from Core"
"""Said by grpc's client, not by us, when it writes as the answer comes: then one message fewer."""
ROLES = tuple(name.removeprefix("ROLE_").lower() for name in Role.keys()[1:])
_ENDS = ("Stopped", "Released", "Cancelled", "Paused", "Failed", "Declined", "Refunded")


_WHOLE_TABLES = """
SELECT relname FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
    AND has_table_privilege(oid, 'SELECT') ORDER BY 1
"""
"""What the service may read: a table with all its parts, and not the number of its migrations."""


@dataclass(frozen=True)
class Besieged:
    """What an attacker can reach, and what a judge can see."""

    service: str
    house: House
    channel: grpc.aio.Channel
    issuer: Issuer
    inside: Inside

    def token(self, *roles: str, clinics: tuple[str, ...] = ("*",), npi: str = "1234567893") -> str:
        return self.issuer.mint("mallory", roles or ROLES, clinics, npi)

    async def call(
        self,
        method: MethodDescriptor,
        *data: bytes,
        token: str | None = None,
        watch: float = 0.2,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> Outcome:
        """Send bytes as they are to any kind of method."""
        metadata = (("authorization", f"Bearer {token or self.token()}"), *headers)
        path = f"/{method.containing_service.full_name}/{method.name}"
        kinds: Any = self.channel
        sent: Any = iter(data) if method.client_streaming else data[0]
        kind = "stream" if method.client_streaming else "unary"
        kind += "_stream" if method.server_streaming else "_unary"
        ask = getattr(kinds, kind)(path)
        try:
            if method.server_streaming:
                stream = ask(sent, metadata=metadata, timeout=watch)
                return Outcome(grpc.StatusCode.OK, replies=tuple([part async for part in stream]))
            reply = await ask(sent, metadata=metadata, timeout=10)
            return Outcome(grpc.StatusCode.OK, replies=(reply,))
        except grpc.aio.AioRpcError as fault:
            if method.client_streaming and fault.details() == _OWN_FAULT:
                return await self.call(method, data[0], token=token, watch=watch, headers=headers)
            return _refused(fault, method)

    async def enter(self, method: MethodDescriptor, data: bytes, token: str) -> Outcome:
        """The same bytes to the same edge, behind the socket: what the socket does is no secret."""
        return await self.inside.enter(method, data, token)

    async def ids(self) -> Ids:
        """Every UUID that the service keeps, but those that callers made up."""
        columns = await self.house.db.fetch(
            "SELECT table_name, column_name FROM information_schema.columns "
            "WHERE table_schema = 'public' AND data_type = 'uuid' "
            "AND column_name NOT IN ('request_id', 'event_id') ORDER BY 1, 2"
        )
        found: defaultdict[str, dict[UUID, None]] = defaultdict(dict)
        for table, column in columns:
            rows = await self.house.db.fetch(
                f'SELECT DISTINCT "{column}" FROM "{table}" WHERE "{column}" IS NOT NULL LIMIT 20'
            )
            found[column].update({UUID(str(row[0])): None for row in rows})
        return {name: list(some) for name, some in found.items()}

    async def picture(self, *besides: str) -> dict[str, tuple[int, int]]:
        """What the service's database holds."""
        return await picture(self.house, *besides)


@asynccontextmanager
async def besieged(servers: Servers, service: str, directory: Path) -> AsyncIterator[Besieged]:
    """The service, having heard every golden fact it listens to."""
    api = importlib.import_module(f"services.{service}.api")
    handlers = importlib.import_module(f"services.{service}.handlers")
    issuer = Issuer(directory)
    settings = Settings.model_validate(
        {"database_url": "", "nats_url": "", "jwks": str(issuer.jwks_file)}
    )
    async with open_house(servers, service) as house:
        await _furnish(house, handlers.on.subjects)
        if service == "referral":
            await _refer(house, api)
        bus = Bus(servers.nats.url, "besieged", credentials=servers.nats.credentials)
        await bus.connect()
        answers = partial(_answer, api.serve, house, _operable(service, house, bus))
        server = await serve(settings, answers, [], house.db)
        async with grpc.aio.insecure_channel(server.address) as channel:
            inside = Inside(settings, answers, house.db)
            yield Besieged(service, house, channel, issuer, inside)
        await server.drain(0)
        await bus.close()


async def picture(house: House, *besides: str) -> dict[str, tuple[int, int]]:
    """Every table's rows as a count and a sum of hashes: equal pictures, equal databases.

    The audit tells of refusals on purpose.
    """
    names = await house.db.fetch(_WHOLE_TABLES)
    rows = await house.db.fetch(
        " UNION ALL ".join(
            f"SELECT '{name}', count(*), coalesce(sum(hashtextextended(t::text, 7)), 0) "
            f'FROM "{name}" AS t'
            for (name,) in names
            if name not in ("audit", *besides)
        )
    )
    return {row[0]: (row[1], int(row[2])) for row in rows}


def methods(service: str) -> Iterator[MethodDescriptor]:
    """Everything the service answers, from the descriptors."""
    for name in (service, "operations"):
        for contract in contracts_of(name, "v1"):
            for described in contract.DESCRIPTOR.services_by_name.values():
                yield from described.methods


def every_method() -> list[tuple[str, MethodDescriptor]]:
    return [(service, method) for service in SERVICES for method in methods(service)]


def _operable(service: str, house: House, bus: Bus) -> Operable:
    on = importlib.import_module(f"services.{service}.handlers").on
    flows = importlib.import_module(f"services.{service}.store.belonging").FLOWS
    pauses = Pauses(house.db, service, flows)
    return Operable(service, on, flows, pauses, Reconciler(house.db, bus, service, None))


def _answer(serve_api: Any, house: House, this: Operable, server: grpc.aio.Server) -> None:
    serve_api(server, house.db)
    operations.answer(server, house.db, this)
    audit.answer(server, house.db)


async def _furnish(house: House, subjects: frozenset[str]) -> None:
    """Facts that begin something; what refers to nothing we know is passed over."""
    from google.protobuf.descriptor_pool import Default

    living = [name for name in subjects if not name.endswith(_ENDS)]
    for subject in sorted(living, key=lambda name: ("Updated" not in name, "Routed" not in name)):
        kind = GetMessageClass(Default().FindMessageTypeByName(subject))
        try:
            await house.given(Parse(example(subject.rpartition(".")[2]), kind()))
        except Exception:
            continue


async def _refer(house: House, api: Any) -> None:
    """Nothing referral hears makes a referral: two are asked for."""
    ((clinic_id,),) = await house.db.fetch("SELECT clinic_id FROM clinic LIMIT 1")
    for number in (1, 2):
        asked = application(number, DENVER)
        asked.preferred_clinic_id = str(clinic_id)
        asked.patient.phone, asked.patient.address.state = "+13035550142", "CO"
        await house.call(api.Referrals(house.db).CreateReferral, asked)


def _refused(fault: grpc.aio.AioRpcError, method: MethodDescriptor) -> Outcome:
    code = fault.code()
    if method.server_streaming and code is grpc.StatusCode.DEADLINE_EXCEEDED:
        return Outcome(grpc.StatusCode.OK)
    status = rpc_status.from_call(fault)
    return refused(code, fault.details() or "", status)
