"""Parked facts: listed, shown, replayed."""

from datetime import datetime
from uuid import UUID

from chassis import operated, paging, parking
from chassis.operations import wire
from chassis.operations.api.part import Context, Part, failed_again
from chassis.refusal import NotFound, Refusal
from halcyon.operations.v1 import flow_calls_pb2 as calls
from halcyon.operations.v1 import operations_service_pb2 as rpc


class Parked(Part):
    """What could not be handled."""

    async def ListParkedFacts(
        self, request: rpc.ListParkedFactsRequest, context: Context
    ) -> rpc.ListParkedFactsResponse:
        """Oldest first."""
        after = paging.position(request.page_token, 2)
        key = (datetime.fromisoformat(after[0]), UUID(after[1])) if after else None
        found = await parking.parked(self._db, paging.limit(request.page_size), key)
        page, token = paging.cut(
            found, request.page_size, lambda one: (one.parked_at.isoformat(), one.event_id)
        )
        return rpc.ListParkedFactsResponse(facts=map(wire.parked, page), next_page_token=token)

    async def GetParkedFact(
        self, request: rpc.GetParkedFactRequest, context: Context
    ) -> rpc.GetParkedFactResponse:
        """One of them."""
        found = await parking.show(self._db, _event_id(request.event_id))
        return rpc.GetParkedFactResponse(fact=wire.parked(found))

    async def ReplayParkedFact(
        self, request: rpc.ReplayParkedFactRequest, context: Context
    ) -> rpc.ReplayParkedFactResponse:
        """Handled again on the ordinary path; a failure leaves it parked."""
        event_id = _event_id(request.event_id)
        try:
            async with self._db.transaction() as tx:
                await operated.note(tx, "replay", str(event_id), request.reason)
                await parking.replay(tx, event_id, self._this.on, self._this.name)
        except Refusal:
            raise
        except Exception as error:
            raise failed_again(error) from None
        return rpc.ReplayParkedFactResponse(
            fact=wire.parked(await parking.show(self._db, event_id))
        )

    async def ReplayParkedFacts(
        self, request: calls.ReplayParkedFactsRequest, context: Context
    ) -> calls.ReplayParkedFactsResponse:
        """One page of them."""
        wanted, after = wire.parked_wanted(request.filter), wire.replay_from(request)
        if request.mode == calls.REPLAY_MODE_DRY_RUN:
            return wire.replayed(await self._replaying.would(wanted, after))
        how = request.per_second, request.reason
        return wire.replayed(await self._replaying.replay(wanted, after, *how))


def _event_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFound("PARKED_FACT_NOT_FOUND", "No fact is parked under this id.") from None
