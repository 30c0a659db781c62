"""What staff ask when a day breaks: close, look, accept, reopen, transfer."""

from uuid import UUID

from halcyon.scheduling.v1 import scheduling_service_pb2 as rpc
from services.scheduling import domain, store, wire
from services.scheduling.api.series import read_series
from services.scheduling.api.sight import Calls, Context, must_see, must_see_clinic


class Repairs(Calls):
    """Closures, repairs and transfers."""

    async def CloseResource(
        self, request: rpc.CloseResourceRequest, context: Context
    ) -> rpc.CloseResourceResponse:
        closure = wire.closure(request)
        must_see_clinic(closure.clinic_id)
        async with self._db.transaction() as tx:
            clinic = await store.get_clinic(tx, closure.clinic_id)
            domain.must_have(clinic, closure.resource_id)
            repair = await store.close(tx, closure)
        return rpc.CloseResourceResponse(repair=wire.repair_reply(*repair))

    async def GetRepair(
        self, request: rpc.GetRepairRequest, context: Context
    ) -> rpc.GetRepairResponse:
        async with self._db.read() as tx:
            repair = await store.get_repair(tx, UUID(request.closure_id))
        must_see_clinic(repair[0].clinic_id)
        return rpc.GetRepairResponse(repair=wire.repair_reply(*repair))

    async def AcceptRepair(
        self, request: rpc.AcceptRepairRequest, context: Context
    ) -> rpc.AcceptRepairResponse:
        async with self._db.transaction() as tx:
            repair = await store.accept(tx, UUID(request.closure_id), wire.series_named(request))
            must_see_clinic(repair[0].clinic_id)
        return rpc.AcceptRepairResponse(repair=wire.repair_reply(*repair))

    async def ReopenResource(
        self, request: rpc.ReopenResourceRequest, context: Context
    ) -> rpc.ReopenResourceResponse:
        async with self._db.transaction() as tx:
            closure = await store.reopen(tx, UUID(request.closure_id))
            must_see_clinic(closure.clinic_id)
            repair = await store.get_repair(tx, closure.closure_id)
        return rpc.ReopenResourceResponse(repair=wire.repair_reply(*repair))

    async def TransferSeries(
        self, request: rpc.TransferSeriesRequest, context: Context
    ) -> rpc.TransferSeriesResponse:
        series_id, there = UUID(request.series_id), UUID(request.clinic_id)
        must_see_clinic(there)
        async with self._db.transaction() as tx:
            here = await store.clinics_of(tx, [series_id])
            await store.open_desks(tx, [*here, there], careful=True)
            series = must_see(await store.get(tx, series_id))
            if series.plan.clinic_id != there:
                domain.must_be_at(series, request.revision)
                domain.must_have_times(series)
                await store.must_be_safe(tx, series)
                found = await store.transfer(tx, series, there)
                places = domain.must_have_moved(found, ())
                store.record(tx, *domain.transferred(series, there, places, tx.now))
        return rpc.TransferSeriesResponse(series=await read_series(self._db, series_id))
