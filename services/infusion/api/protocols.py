"""What callers may ask of protocols: publish the next version, read, choose."""

from typing import TypeAlias
from uuid import UUID

import grpc

from chassis import paging
from chassis.auth import ALL, caller
from chassis.database import Database
from chassis.refusal import NotFound
from halcyon.infusion.v1 import protocol_service_pb2 as rpc
from halcyon.infusion.v1.protocol_service_pb2_grpc import (
    ProtocolServiceServicer,
    add_ProtocolServiceServicer_to_server,
)
from services.infusion import domain, store, wire

Context: TypeAlias = "grpc.aio.ServicerContext[object, object]"


def serve(server: grpc.aio.Server, db: Database) -> None:
    """Answer on this server."""
    add_ProtocolServiceServicer_to_server(ProtocolService(db), server)


class ProtocolService(ProtocolServiceServicer):
    """Answers from this database."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def PublishProtocol(
        self, request: rpc.PublishProtocolRequest, context: Context
    ) -> rpc.PublishProtocolResponse:
        _must_speak_for(UUID(request.clinic_id) if request.clinic_id else None)
        async with self._db.transaction() as tx:
            wanted = wire.publication(request, caller().subject, tx.now)
            async with tx.beyond():
                latest = await store.latest_protocol(tx, wanted.name)
                same = await store.find_protocol(tx, wanted.label)
            if domain.publish(wanted, latest, same) and not request.validate_only:
                store.keep_protocol(tx, wanted)
        return rpc.PublishProtocolResponse(protocol=wire.protocol(same or wanted))

    async def GetProtocol(
        self, request: rpc.GetProtocolRequest, context: Context
    ) -> rpc.GetProtocolResponse:
        async with self._db.read() as tx:
            found = await store.find_protocol(tx, request.label)
        if found is None or not (found.clinic_id is None or caller().sees(found.clinic_id)):
            raise NotFound("PROTOCOL_NOT_FOUND", "There is no such protocol.")
        told = wire.protocol(found)
        told.content = found.content
        return rpc.GetProtocolResponse(protocol=told)

    async def ListProtocols(
        self, request: rpc.ListProtocolsRequest, context: Context
    ) -> rpc.ListProtocolsResponse:
        clinics, after = caller().clinics, wire.protocol_place(request.page_token)
        limit = paging.limit(request.page_size)
        async with self._db.read() as tx:
            mine = None if clinics is ALL else clinics
            found = await store.listed_protocols(tx, mine, after, limit)
        page, token = paging.cut(found, request.page_size, lambda one: (one.name, one.version))
        return rpc.ListProtocolsResponse(protocols=map(wire.protocol, page), next_page_token=token)

    async def ChooseProtocol(
        self, request: rpc.ChooseProtocolRequest, context: Context
    ) -> rpc.ChooseProtocolResponse:
        clinic_id = UUID(request.clinic_id)
        _must_speak_for(clinic_id)
        async with self._db.transaction() as tx:
            found = await store.find_protocol(tx, request.label)
            today = tx.now.astimezone(await store.zone_of(tx, clinic_id)).date()
            chosen = domain.choose(found, clinic_id, today)
            await store.keep_choice(tx, clinic_id, chosen, caller().subject)
        return rpc.ChooseProtocolResponse(protocol=wire.protocol(chosen))


def _must_speak_for(clinic_id: UUID | None) -> None:
    """A protocol for every clinic is the word of somebody who serves them all."""
    if not (caller().clinics is ALL if clinic_id is None else caller().sees(clinic_id)):
        raise NotFound("CLINIC_NOT_FOUND", "No such clinic.")
