"""What people look up in the controlled-drug record."""

from datetime import UTC, datetime, time
from typing import TypeAlias
from uuid import UUID

import grpc

from chassis import paging
from chassis.database import Database
from halcyon.infusion.v1 import custody_counts_pb2 as counts
from halcyon.infusion.v1 import custody_service_pb2 as rpc
from services.infusion.api import custody_scope as visible
from services.infusion.api.desk import scope
from services.infusion.domain import custody
from services.infusion.packs.custody import current
from services.infusion.store import custody as store
from services.infusion.wire import custody as wire

Context: TypeAlias = "grpc.aio.ServicerContext[object, object]"


class Screens:
    """Methods that change nothing."""

    _db: Database

    async def GetContainer(
        self, request: rpc.GetContainerRequest, context: Context
    ) -> rpc.GetContainerResponse:
        async with self._db.read() as tx:
            holding = await visible.holding(tx, UUID(request.container_id))
            entries = await store.entries(tx, holding.container.container_id)
            pending = await store.pending(tx, holding.container.container_id)
        strength = holding.container.strength
        return rpc.GetContainerResponse(
            container=wire.container(holding),
            balance=wire.balance(custody.added(entries)),
            entries=[wire.entry(one, strength) for one in entries],
            pending_disposals=[wire.disposal(one, strength) for one in pending],
        )

    async def GetBalance(
        self, request: rpc.GetBalanceRequest, context: Context
    ) -> rpc.GetBalanceResponse:
        after = paging.position(request.page_token, 3)
        async with self._db.read() as tx:
            place = await visible.registration(tx, request.dea_number)
            page = store.Page(after, paging.limit(request.page_size))
            found = await store.stocked(tx, place.dea_number, page)
            each = await store.balances(tx, [one.container.container_id for one in found])
            total = await store.total(tx, place.dea_number)
        shown, token = paging.cut(found, request.page_size, _place)
        return rpc.GetBalanceResponse(
            total=wire.balance(total),
            containers=[wire.line(one, each[one.container.container_id]) for one in shown],
            next_page_token=token,
        )

    async def GetInventory(
        self, request: rpc.GetInventoryRequest, context: Context
    ) -> rpc.GetInventoryResponse:
        async with self._db.read() as tx:
            place = await visible.registration(tx, request.dea_number)
            count = await store.newest_inventory(tx, place.dea_number)
            known = await store.containers(tx, [line.container_id for line in count.lines])
        return wire.inventory(custody.report(place, count, known, current()))

    async def ListInventoryDeadlines(
        self, request: counts.ListInventoryDeadlinesRequest, context: Context
    ) -> counts.ListInventoryDeadlinesResponse:
        after, limit = paging.after(request.page_token), paging.limit(request.page_size)
        async with self._db.read() as tx:
            found = await store.stocktakings(tx, scope(request.clinic_id), after, limit)
        shown, token = paging.cut(found, request.page_size, _day)
        deadlines = map(wire.deadline, shown)
        return counts.ListInventoryDeadlinesResponse(deadlines=deadlines, next_page_token=token)

    async def ListIncidents(
        self, request: rpc.ListIncidentsRequest, context: Context
    ) -> rpc.ListIncidentsResponse:
        status, after = wire.incident_status(request), paging.after(request.page_token)
        async with self._db.read() as tx:
            place = await visible.registration(tx, request.dea_number)
            question = store.Question(
                place.dea_number, status, after, paging.limit(request.page_size)
            )
            found = await store.incidents(tx, question)
            shown, token = paging.cut(found, request.page_size, _when)
            known = await store.containers(tx, [one.container_id for one in shown])
        incidents = [wire.incident(one, known[one.container_id].strength) for one in shown]
        return rpc.ListIncidentsResponse(incidents=incidents, next_page_token=token)


def _place(holding: custody.Holding) -> tuple[str, str, str]:
    return holding.container.ndc, holding.container.lot, holding.container.label


def _day(known: custody.Stocktaking) -> tuple[object, object]:
    return datetime.combine(known.due_date, time(), UTC).isoformat(), known.stocktaking_id


def _when(incident: custody.Incident) -> tuple[object, object]:
    return incident.find_time.isoformat(), incident.incident_id
