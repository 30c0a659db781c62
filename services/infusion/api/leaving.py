"""Recovery and the way home: translate, load, decide, record, reply."""

from uuid import UUID

from chassis.auth import caller
from halcyon.infusion.v1 import leaving_calls_pb2 as calls
from services.infusion import domain, store, wire
from services.infusion.api.desk import Context, Desk, visible
from services.infusion.api.gating import kept
from services.infusion.api.monitor import Lot


class Leaving(Desk):
    """Rest, home, or another place of care."""

    async def BeginRecovery(
        self, request: calls.BeginRecoveryRequest, context: Context
    ) -> calls.BeginRecoveryResponse:
        async with self._db.transaction() as tx:
            visit = await visible(tx, request.session_id)
            after = domain.recover(visit, wire.maybe_moment("recover_time", request), tx.now)
            store.record(tx, after)
            await store.await_reading(tx, visit, after)
        return calls.BeginRecoveryResponse(session=wire.session(after, None))

    async def DischargeSession(
        self, request: calls.DischargeSessionRequest, context: Context
    ) -> calls.DischargeSessionResponse:
        told, who = wire.assessment(request), caller()
        lot = Lot(UUID(request.session_id), [("reading", told[0].reading)], who)
        async with self._db.transaction() as tx:
            visit = await visible(tx, request.session_id)
            if visit.session.status in domain.PRESENT:
                await kept(tx, lot)
            stay = await store.stay(tx, visit)
            after, events = domain.discharge(visit, told, stay, tx.now)
            store.record(tx, after, events)
            if events:
                store.keep_discharge(tx, after, wire.assessment_text(request), who.subject)
                await store.await_reading(tx, visit, after)
        return calls.DischargeSessionResponse(session=wire.session(after, None))

    async def TransferSession(
        self, request: calls.TransferSessionRequest, context: Context
    ) -> calls.TransferSessionResponse:
        told = wire.maybe_moment("transfer_time", request)
        async with self._db.transaction() as tx:
            visit = await visible(tx, request.session_id)
            after, events = domain.transfer(visit, request.reason, told, tx.now)
            store.record(tx, after, events)
            await store.await_reading(tx, visit, after)
        return calls.TransferSessionResponse(session=wire.session(after, None))
