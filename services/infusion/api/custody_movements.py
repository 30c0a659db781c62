"""What comes, is given, goes elsewhere and is taken back."""

from typing import TypeAlias
from uuid import UUID

import grpc

from chassis import sight
from chassis.auth import caller
from chassis.database import Database
from halcyon.infusion.v1 import custody_movements_pb2 as rpc
from services.infusion.api import custody_scope as visible
from services.infusion.domain import custody
from services.infusion.packs.custody import current
from services.infusion.store import custody as store
from services.infusion.wire import custody as wire

Context: TypeAlias = "grpc.aio.ServicerContext[object, object]"


class Movements:
    """Methods that move something in the ledger."""

    _db: Database

    async def CreateRegistration(
        self, request: rpc.CreateRegistrationRequest, context: Context
    ) -> rpc.CreateRegistrationResponse:
        asked = wire.place(request)
        caller().must_serve(asked.clinic_id)
        async with self._db.transaction() as tx:
            async with tx.beyond():
                known = await store.find_registration(tx, asked.dea_number)
            made = custody.register(known, asked, tx.now)
            store.record_registration(tx, made)
            if known is None:
                stocks = custody.first(made, tx.now)
                store.record_stocktaking(tx, stocks, custody.wake_time(stocks, current()))
        return rpc.CreateRegistrationResponse(registration=wire.registration(made))

    async def ReceiveContainers(
        self, request: rpc.ReceiveContainersRequest, context: Context
    ) -> rpc.ReceiveContainersResponse:
        async with self._db.transaction() as tx:
            place = await visible.registration(tx, request.dea_number)
            delivery = wire.delivery(request, caller().subject, tx.now)
            ids = delivery.ids(place.dea_number)
            known = await store.received_by(tx, ids, delivery.act.cause_id)
            store.record_received(tx, custody.receive(place, delivery, known, current()))
            held = await store.holdings(tx, ids)
        told = [wire.container(held[container_id]) for container_id in ids]
        return rpc.ReceiveContainersResponse(containers=told)

    async def AdministerDrug(
        self, request: rpc.AdministerDrugRequest, context: Context
    ) -> rpc.AdministerDrugResponse:
        async with self._db.transaction() as tx:
            need = await visible.need(tx, UUID(request.session_id))
            holding = await visible.holding(tx, UUID(request.container_id))
            place = await store.registration(tx, holding.container.dea_number)
            use = wire.use(request, place, caller().subject, tx.now)
            known = await store.entry_of(tx, holding.container.container_id, use.act.cause_id)
            entry = custody.administer(holding, need, use, known)
            store.record_entry(tx, entry)
        told = wire.entry(entry, holding.container.strength)
        return rpc.AdministerDrugResponse(entry=told)

    async def TransferContainer(
        self, request: rpc.TransferContainerRequest, context: Context
    ) -> rpc.TransferContainerResponse:
        with sight.everything():
            shipment, holding = await self._ship(request)
        return rpc.TransferContainerResponse(
            entry=wire.entry(shipment.left, holding.container.strength),
            arrived=wire.container(shipment.there) if shipment.there else None,
        )

    async def _ship(
        self, request: rpc.TransferContainerRequest
    ) -> tuple[custody.Shipment, custody.Holding]:
        """Into the ledger of whichever clinic receives it."""
        async with self._db.transaction() as tx:
            act = wire.sending(request, caller().subject, tx.now)
            holding, there = await visible.ends(tx, UUID(request.container_id), act.counterparty)
            known = await store.entry_of(tx, holding.container.container_id, act.cause_id)
            shipment = custody.transfer(holding, there, act, known)
            store.record_shipment(tx, shipment)
        return shipment, holding

    async def ReverseEntry(
        self, request: rpc.ReverseEntryRequest, context: Context
    ) -> rpc.ReverseEntryResponse:
        async with self._db.transaction() as tx:
            holding = await visible.holding(tx, UUID(request.container_id))
            original = await store.original(tx, holding.container, UUID(request.entry_id))
            act = wire.reversal(request, caller().subject, tx.now)
            known = await store.entry_of(tx, holding.container.container_id, act.cause_id)
            entry = custody.reverse(holding, original, act, known)
            store.record_entry(tx, entry)
        return rpc.ReverseEntryResponse(entry=wire.entry(entry, holding.container.strength))
