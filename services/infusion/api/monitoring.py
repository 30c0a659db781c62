"""Readings, alerts and notes: translate, load, decide, record, reply."""

from collections.abc import AsyncIterator
from uuid import UUID

from chassis.auth import caller
from halcyon.infusion.v1 import infusion_service_pb2 as rpc
from halcyon.infusion.v1 import monitoring_calls_pb2 as calls
from services.infusion import domain, store, wire
from services.infusion.api.desk import Context, Desk, visible
from services.infusion.api.gateway_stream import answers
from services.infusion.api.monitor import Lot
from services.infusion.api.watching import news


class Monitoring(Desk):
    """What is measured, what it raises, what is noted, and who watches."""

    async def RecordVitals(
        self, request: rpc.RecordVitalsRequest, context: Context
    ) -> rpc.RecordVitalsResponse:
        lot = Lot(UUID(request.session_id), wire.readings(request.readings), caller())
        return rpc.RecordVitalsResponse(recorded_count=await self._monitor.do(lot))

    async def StreamVitals(
        self, request_iterator: AsyncIterator[calls.StreamVitalsRequest], context: Context
    ) -> AsyncIterator[calls.StreamVitalsResponse]:
        async for answer in answers(self._monitor, request_iterator, caller()):
            yield answer

    async def AcknowledgeAlert(
        self, request: calls.AcknowledgeAlertRequest, context: Context
    ) -> calls.AcknowledgeAlertResponse:
        who = caller()
        async with self._db.transaction() as tx:
            visit = await visible(tx, request.session_id)
            known = await store.find_alert(tx, visit.session.session_id, UUID(request.alert_id))
            seen = domain.acknowledge(known, who.subject, "prescriber" in who.roles, tx.now)
            store.keep_alert(tx, seen)
        return calls.AcknowledgeAlertResponse(alert=wire.alert(seen))

    async def RecordObservation(
        self, request: calls.RecordObservationRequest, context: Context
    ) -> calls.RecordObservationResponse:
        told_time = wire.maybe_moment("observation.occur_time", request.observation)
        async with self._db.transaction() as tx:
            visit = await visible(tx, request.session_id)
            told = wire.observation(request, caller().subject, tx.now)
            known = await store.find_observation(tx, told.observation_id)
            noted, alert = domain.observe(visit, told, known, told_time, tx.now)
            store.keep_observation(tx, noted)
            if alert:
                await store.keep_event_alert(tx, alert)
        return calls.RecordObservationResponse(observation=wire.observed(noted))

    async def WatchSession(
        self, request: calls.WatchSessionRequest, context: Context
    ) -> AsyncIterator[calls.WatchSessionResponse]:
        with self._bells.bell() as bell:
            async for told in news(self._db, bell, request.session_id):
                yield told
