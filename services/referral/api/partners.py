"""Which outside systems refer by events: an operator says."""

import grpc

from chassis.database import Database
from halcyon.referral.v1 import partner_pb2 as noun
from halcyon.referral.v1 import partner_service_pb2 as rpc
from halcyon.referral.v1.partner_service_pb2_grpc import (
    PartnerServiceServicer,
    add_PartnerServiceServicer_to_server,
)
from services.referral import store, wire

Context = grpc.ServicerContext


def serve(server: grpc.aio.Server, db: Database) -> None:
    """Answer on this server."""
    add_PartnerServiceServicer_to_server(Partners(db), server)


class Partners(PartnerServiceServicer):
    """The list of partners; their keys and streams are the broker's."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def UpdatePartner(
        self, request: rpc.UpdatePartnerRequest, context: Context
    ) -> rpc.UpdatePartnerResponse:
        async with self._db.transaction() as tx:
            await store.keep_partner(tx, wire.partner(request.partner))
        return rpc.UpdatePartnerResponse(partner=request.partner)

    async def ListPartners(
        self, request: rpc.ListPartnersRequest, context: Context
    ) -> rpc.ListPartnersResponse:
        kept = await store.partners(self._db)
        partners: list[noun.Partner] = [wire.shown(one) for one in kept]
        return rpc.ListPartnersResponse(partners=partners)
