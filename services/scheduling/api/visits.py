"""What callers may do with one session of a series: keep it, miss it, call it off, move it."""

from datetime import datetime
from uuid import UUID

from chassis.auth import caller
from chassis.database import Tx
from halcyon.scheduling.v1 import scheduling_service_pb2 as rpc
from services.scheduling import domain, packs, store, wire
from services.scheduling.api.series import read_series
from services.scheduling.api.sight import Calls, Context, must_see

_DECIDES = "medical_director"


class Visits(Calls):
    """The sessions of a series, one by one."""

    async def ArriveBooking(
        self, request: rpc.ArriveBookingRequest, context: Context
    ) -> rpc.ArriveBookingResponse:
        series_id, number = wire.visit(request)
        async with self._db.transaction() as tx:
            series, visit = await store.get_visit(tx, series_id, number, must_see)
            domain.must_be_at(series, request.revision)
            domain.must_be_booked(series, visit)
            await store.arrive(tx, visit)
        return rpc.ArriveBookingResponse(series=await read_series(self._db, series_id))

    async def MissBooking(
        self, request: rpc.MissBookingRequest, context: Context
    ) -> rpc.MissBookingResponse:
        (series_id, number), request_id = wire.visit(request), UUID(request.request_id)
        async with self._db.transaction() as tx:
            series, visit = await store.get_visit(tx, series_id, number, must_see)
            if not await store.is_done(tx, series.series_id, request_id):
                domain.must_be_at(series, request.revision)
                domain.must_be_booked(series, visit)
                domain.must_be_missed(visit, packs.fees_on(tx.now.date()).late_minutes, tx.now)
                why = "no_show", request_id
                told = await store.lapse(tx, series, visit, domain.Cause.NO_SHOW, why)
                store.record(tx, *domain.lapse(series, *told, tx.now))
        return rpc.MissBookingResponse(series=await read_series(self._db, series_id))

    async def CancelBooking(
        self, request: rpc.CancelBookingRequest, context: Context
    ) -> rpc.CancelBookingResponse:
        (series_id, number), request_id = wire.visit(request), UUID(request.request_id)
        async with self._db.transaction() as tx:
            series, visit = await store.get_visit(tx, series_id, number, must_see)
            if not await store.is_done(tx, series.series_id, request_id):
                domain.must_be_at(series, request.revision)
                domain.must_be_booked(series, visit)
                domain.must_be_ahead(visit, tx.now)
                why = wire.cancel_reason(request.reason), request_id
                told = await store.lapse(tx, series, visit, domain.Cause.CANCELLED, why)
                store.record(tx, *domain.lapse(series, *told, tx.now))
        return rpc.CancelBookingResponse(series=await read_series(self._db, series_id))

    async def MoveBooking(
        self, request: rpc.MoveBookingRequest, context: Context
    ) -> rpc.MoveBookingResponse:
        (series_id, number), request_id = wire.visit(request), UUID(request.request_id)
        start = wire.moment(request.start_time)
        async with self._db.transaction() as tx:
            series, visit = await store.get_visit(tx, series_id, number, must_see)
            if not await store.is_done(tx, series.series_id, request_id):
                domain.must_be_at(series, request.revision)
                domain.must_be_booked(series, visit, paid=False)
                domain.must_be_ahead(visit, tx.now)
                await store.must_be_safe(tx, series)
                places = await _must_have_moved(tx, series, number, start)
                await store.note_past(
                    tx, visit, domain.Ending(domain.Past.MOVED, "moved", request_id)
                )
                store.record(tx, *domain.moved(series, places, "moved", tx.now))
        return rpc.MoveBookingResponse(series=await read_series(self._db, series_id))

    async def OverrideBooking(
        self, request: rpc.OverrideBookingRequest, context: Context
    ) -> rpc.OverrideBookingResponse:
        (series_id, number), by = wire.visit(request), _decider(request)
        async with self._db.transaction() as tx:
            series, visit = await store.get_visit(tx, series_id, number, must_see)
            if not await store.is_done(tx, series.series_id, by.request_id):
                domain.must_be_at(series, request.revision)
                domain.must_be_booked(series, visit, paid=False)
                domain.must_be_ahead(visit, tx.now)
                await store.must_be_safe(tx, series)
                start = wire.moment(request.start_time)
                place, override = await store.override(tx, series, visit, start, by)
                ending = domain.Ending(domain.Past.MOVED, "override", by.request_id)
                await store.note_past(tx, visit, ending)
                store.record(tx, *domain.overridden(series, place, override, tx.now))
        return rpc.OverrideBookingResponse(series=await read_series(self._db, series_id))


def _decider(request: rpc.OverrideBookingRequest) -> domain.Decider:
    """Only who holds the role gets here; it is the role in which it is decided."""
    reason = wire.override_reason(request.reason)
    return domain.Decider(caller().subject, _DECIDES, reason, UUID(request.request_id))


async def _must_have_moved(
    tx: Tx, series: domain.Series, number: int, start: datetime
) -> tuple[domain.Placement, ...]:
    found = await store.move(tx, series, number, start)
    if isinstance(found, tuple):
        return found
    kept = (*series.starts[: number - 1], start)
    rules = await store.rules_against(tx, series, kept)
    others = await store.other_times(tx, series, number, start)
    return domain.must_have_moved(found, others, rules)
