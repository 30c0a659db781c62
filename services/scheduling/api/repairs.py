"""What staff ask when a day breaks: close, look, accept, reopen, transfer."""

from uuid import UUID

from chassis import paging
from chassis.database import Tx
from halcyon.scheduling.v1 import scheduling_service_pb2 as rpc
from services.scheduling import domain, gateway, store, wire
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
        return rpc.CloseResourceResponse(repair=wire.repair_reply(repair))

    async def GetRepair(
        self, request: rpc.GetRepairRequest, context: Context
    ) -> rpc.GetRepairResponse:
        async with self._db.read() as tx:
            repair = await store.get_repair(tx, UUID(request.closure_id))
        must_see_clinic(repair.clinic_id)
        return rpc.GetRepairResponse(repair=wire.repair_reply(repair))

    async def ListRepairs(
        self, request: rpc.ListRepairsRequest, context: Context
    ) -> rpc.ListRepairsResponse:
        clinic_id, after = UUID(request.clinic_id), paging.position(request.page_token, 1)
        must_see_clinic(clinic_id)
        async with self._db.read() as tx:
            found = await store.open_repairs(
                tx, clinic_id, paging.limit(request.page_size), wire.id_key(after)
            )
        page, token = paging.cut(found, request.page_size, lambda one: (one.repair_id,))
        repairs = [wire.repair_reply(one) for one in page]
        return rpc.ListRepairsResponse(repairs=repairs, next_page_token=token)

    async def AcceptRepair(
        self, request: rpc.AcceptRepairRequest, context: Context
    ) -> rpc.AcceptRepairResponse:
        async with self._db.transaction() as tx:
            named = wire.series_named(request)
            repair = await store.accept(tx, UUID(request.closure_id), named)
            must_see_clinic(repair.clinic_id)
            repair = await store.renew(tx, repair)
        return rpc.AcceptRepairResponse(repair=wire.repair_reply(repair))

    async def ReopenResource(
        self, request: rpc.ReopenResourceRequest, context: Context
    ) -> rpc.ReopenResourceResponse:
        async with self._db.transaction() as tx:
            repair = await store.reopen(tx, UUID(request.closure_id))
            must_see_clinic(repair.clinic_id)
        return rpc.ReopenResourceResponse(repair=wire.repair_reply(repair))

    async def SubmitRepair(
        self, request: rpc.SubmitRepairRequest, context: Context
    ) -> rpc.SubmitRepairResponse:
        clinic_id, wanted = UUID(request.clinic_id), wire.steps_wanted(request)
        must_see_clinic(clinic_id)
        async with self._db.transaction() as tx:
            repair = await store.submit(
                tx, UUID(request.request_id), clinic_id, domain.Origin.SUBMITTED, wanted
            )
            must_see_clinic(repair.clinic_id)
        return rpc.SubmitRepairResponse(repair=wire.repair_reply(repair))

    async def OptimiseDays(
        self, request: rpc.OptimiseDaysRequest, context: Context
    ) -> rpc.OptimiseDaysResponse:
        clinic_id, first = UUID(request.clinic_id), wire.day_of(request.first_day, "first_day")
        must_see_clinic(clinic_id)
        async with self._db.read() as tx:
            await store.get_clinic(tx, clinic_id)
            days = await store.days_to_better(
                tx, clinic_id, first, request.days, request.most_moves
            )
        wanted = domain.carried_out(days, await gateway.improved(days))
        async with self._db.transaction() as tx:
            repair = await store.submit(
                tx, UUID(request.request_id), clinic_id, domain.Origin.OPTIMISED, wanted
            )
            must_see_clinic(repair.clinic_id)
            now, then = await store.open_minutes(tx, days, repair)
        return rpc.OptimiseDaysResponse(
            repair=wire.repair_reply(repair), open_minutes_now=now, open_minutes_then=then
        )

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
                await store.get_clinic(tx, there)
                await store.must_be_safe(tx, series)
                await store.carry_preferences(tx, series, there)
                await _send(tx, series, there)
        return rpc.TransferSeriesResponse(series=await read_series(self._db, series_id))


async def _send(tx: Tx, series: domain.Series, there: UUID) -> None:
    """Times go with their series; a series that waits is held where there are times for it."""
    cancelled = await store.is_cancelled(tx, series.plan.referral_id)
    if domain.wants_times(series, cancelled=cancelled):
        sent = domain.sent_to(series, there)
        found = domain.must_be_free(await store.claim_places(tx, sent))
        store.record(tx, *domain.hold_or_wait(sent, found, tx.now))
        return
    for visit in await store.arrived(tx, series):
        domain.must_be_ahead(visit, tx.now)
    places = domain.must_have_moved(await store.transfer(tx, series, there), ())
    store.record(tx, *domain.transferred(series, there, places, tx.now))
