"""Counting what is there, and what becomes of a difference."""

from typing import TypeAlias
from uuid import UUID

import grpc

from chassis.auth import caller
from chassis.database import Database
from halcyon.infusion.v1 import custody_counts_pb2 as rpc
from services.infusion.api import custody_scope as visible
from services.infusion.domain import custody
from services.infusion.packs.custody import current
from services.infusion.store import custody as store
from services.infusion.wire import custody as wire

Context: TypeAlias = "grpc.aio.ServicerContext[object, object]"


class Counts:
    """Methods that compare the book with what is there."""

    _db: Database

    async def CountContainers(
        self, request: rpc.CountContainersRequest, context: Context
    ) -> rpc.CountContainersResponse:
        async with self._db.transaction() as tx:
            place = await visible.registration(tx, request.dea_number)
            tally = wire.tally(request, caller().subject, tx.now)
            known = await store.find_count(tx, tally.count.count_id)
            stock = await store.stock(tx, tally)
            finding = custody.count(place, tally, stock, current(), known)
            store.record_count(tx, finding)
            if known is None and finding.count.scope is custody.Scope.INVENTORY:
                stocks = await store.stocktaking_of(tx, place.dea_number)
                stocks = custody.taken(stocks, current(), finding.count.count_time)
                store.record_stocktaking(tx, stocks, custody.wake_time(stocks, current()))
            incidents = await store.incidents_of(tx, finding.count)
        return wire.counted(finding.count, incidents, stock)

    async def ResolveIncident(
        self, request: rpc.ResolveIncidentRequest, context: Context
    ) -> rpc.ResolveIncidentResponse:
        verdict = wire.verdict(request, caller().subject)
        async with self._db.transaction() as tx:
            incident, holding = await visible.incident(tx, UUID(request.incident_id))
            recount = await store.recount(tx, incident.container_id)
            incident, entry, events = custody.resolve(incident, verdict, holding, recount, tx.now)
            store.record_incident(tx, incident, events, entry)
        told = wire.incident(incident, holding.container.strength)
        return rpc.ResolveIncidentResponse(incident=told)
