"""The pump: translate, load, decide, record, reply."""

from uuid import UUID

from chassis.auth import caller
from halcyon.infusion.v1 import infusion_service_pb2 as rpc
from halcyon.infusion.v1 import pump_calls_pb2 as calls
from services.infusion import domain, store, wire
from services.infusion.api.custody_drawing import drawn
from services.infusion.api.desk import Context, Desk, visible
from services.infusion.api.gating import kept
from services.infusion.api.monitor import Lot


class Pumping(Desk):
    """Start, pause, rate, resume, end."""

    async def StartInfusion(
        self, request: rpc.StartInfusionRequest, context: Context
    ) -> rpc.StartInfusionResponse:
        asked, who = wire.start(request), caller()
        lot = Lot(UUID(request.session_id), [("baseline", asked.baseline)], who)
        async with self._db.transaction() as tx:
            visit = await visible(tx, request.session_id)
            await store.claim_standing(tx, visit.course.plan_id)
            earlier, evidence = await store.earlier(tx, visit), await store.evidence(tx, visit)
            after, events = domain.start(visit, asked, earlier, evidence, tx.now)
            store.record(tx, after, events)
            await kept(tx, lot)
            await store.await_reading(tx, visit, after)
        return rpc.StartInfusionResponse(session=wire.session(after, evidence.order))

    async def PauseInfusion(
        self, request: calls.PauseInfusionRequest, context: Context
    ) -> calls.PauseInfusionResponse:
        async with self._db.transaction() as tx:
            visit = await visible(tx, request.session_id)
            visit = domain.pause(visit, wire.maybe_moment("pause_time", request), tx.now)
            store.record(tx, visit)
        return calls.PauseInfusionResponse(session=wire.session(visit, None))

    async def ResumeInfusion(
        self, request: calls.ResumeInfusionRequest, context: Context
    ) -> calls.ResumeInfusionResponse:
        async with self._db.transaction() as tx:
            visit = await visible(tx, request.session_id)
            alerts = await store.alerts(tx, visit.session.session_id)
            visit = domain.resume(visit, wire.resumed(request), alerts, tx.now)
            store.record(tx, visit)
        return calls.ResumeInfusionResponse(session=wire.session(visit, None))

    async def ChangeRate(
        self, request: calls.ChangeRateRequest, context: Context
    ) -> calls.ChangeRateResponse:
        told = wire.maybe_moment("change_time", request)
        async with self._db.transaction() as tx:
            visit = await visible(tx, request.session_id)
            visit = domain.change_rate(visit, wire.rate(request), told, tx.now)
            store.record(tx, visit)
        return calls.ChangeRateResponse(session=wire.session(visit, None))

    async def CompleteInfusion(
        self, request: rpc.CompleteInfusionRequest, context: Context
    ) -> rpc.CompleteInfusionResponse:
        async with self._db.transaction() as tx:
            visit = await visible(tx, request.session_id)
            worst, noted = await store.course(tx, visit)
            after, events = domain.complete(visit, wire.end(request), worst, noted, tx.now)
            store.record(tx, after, events)
            await store.await_reading(tx, visit, after)
            await drawn(tx, after, request.container_id)
        return rpc.CompleteInfusionResponse(session=wire.session(after, None))
