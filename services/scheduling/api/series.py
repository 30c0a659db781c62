"""What callers may ask about series."""

from datetime import datetime
from uuid import UUID

from chassis import paging
from chassis.database import Database, Tx
from halcyon.scheduling.v1 import scheduling_pb2 as nouns
from halcyon.scheduling.v1 import scheduling_service_pb2 as rpc
from services.scheduling import domain, store, wire
from services.scheduling.api.sight import (
    Calls,
    Context,
    must_see,
    must_see_clinic,
    own_clinics,
    sees_all,
)

_DAY_PAGE = 200


class SeriesCalls(Calls):
    """Series, and a clinic's day."""

    async def GetSeries(
        self, request: rpc.GetSeriesRequest, context: Context
    ) -> rpc.GetSeriesResponse:
        async with self._db.read() as tx:
            if request.series_id:
                found = await store.read_series(tx, UUID(request.series_id))
            else:
                found = await store.read_series_of(tx, UUID(request.referral_id))
        must_see(found[0])
        return rpc.GetSeriesResponse(series=wire.series_reply(*found))

    async def ListDay(self, request: rpc.ListDayRequest, context: Context) -> rpc.ListDayResponse:
        clinic_id, day = UUID(request.clinic_id), wire.day_of(request.day)
        must_see_clinic(clinic_id)
        size = request.page_size or _DAY_PAGE
        after = wire.day_key(paging.position(request.page_token, 3))
        async with self._db.read() as tx:
            clinic = await store.get_clinic(tx, clinic_id)
            found = await store.list_day(tx, clinic, day, paging.limit(size), after)
        page, token = paging.cut(found, size, lambda one: one.key)
        bookings = [wire.booking_reply(one) for one in page]
        return rpc.ListDayResponse(bookings=bookings, next_page_token=token)

    async def HoldSeries(
        self, request: rpc.HoldSeriesRequest, context: Context
    ) -> rpc.HoldSeriesResponse:
        series_id, start = UUID(request.series_id), wire.start_wanted(request)
        async with self._db.transaction() as tx:
            await store.open_desks(tx, await store.clinics_of(tx, [series_id]), careful=True)
            series = must_see(await store.get(tx, series_id))
            cancelled = await store.is_cancelled(tx, series.plan.referral_id)
            if domain.wants_times(series, cancelled=cancelled):
                await store.must_be_safe(tx, series)
                found = await store.claim_places(tx, series, start)
                await _must_be_found(tx, series, found, start)
                store.record(tx, *domain.hold_or_wait(series, found, tx.now))
        return rpc.HoldSeriesResponse(series=await read_series(self._db, series_id))

    async def BeginMaintenance(
        self, request: rpc.BeginMaintenanceRequest, context: Context
    ) -> rpc.BeginMaintenanceResponse:
        series_id = UUID(request.series_id)
        async with self._db.transaction() as tx:
            await store.open_desks(tx, await store.clinics_of(tx, [series_id]), careful=True)
            series = must_see(await store.get(tx, series_id))
            running = await store.running(tx, series.plan.plan_id)
            every = domain.must_be_maintained(series, running, request.every_days)
            following, is_new = await store.open_round(tx, series, every)
            cancelled = await store.is_cancelled(tx, series.plan.referral_id)
            if is_new and domain.wants_times(following, cancelled=cancelled):
                await store.must_be_safe(tx, following)
                found = await store.claim_places(tx, following)
                store.record(tx, *domain.hold_or_wait(following, found, tx.now))
        return rpc.BeginMaintenanceResponse(series=await read_series(self._db, following.series_id))

    async def UpdatePreferences(
        self, request: rpc.UpdatePreferencesRequest, context: Context
    ) -> rpc.UpdatePreferencesResponse:
        referral_id, liked = UUID(request.referral_id), wire.preferences(request.preferences)
        async with self._db.transaction() as tx:
            known = await store.series_of_referrals(tx, [referral_id])
            for _, clinic_id in known:
                must_see_clinic(clinic_id)
            where = None if known or sees_all() else own_clinics()
            await store.keep_preferences(tx, referral_id, liked, where)
        return rpc.UpdatePreferencesResponse(preferences=wire.preferences_reply(liked))


async def read_series(db: Database, series_id: UUID) -> nouns.Series:
    """A series as it is now."""
    async with db.read() as tx:
        return wire.series_reply(*await store.read_series(tx, series_id))


async def _must_be_found(
    tx: Tx, series: domain.Series, found: domain.Places | domain.Bound, start: datetime | None
) -> None:
    if isinstance(found, domain.Places):
        return
    if start:
        rules = await store.rules_against(tx, series, [start])
        domain.must_be_then(found, await store.other_starts(tx, series, start), rules)
    domain.must_be_free(await store.why_none(tx, series) or found)
