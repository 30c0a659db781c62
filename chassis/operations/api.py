"""The operations contract: parked facts, flows and their steps, pauses, the log."""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import grpc

from chassis import flows, inbox, operated, outbox, paging, parking, pauses, second_person, steps
from chassis.database import Database
from chassis.flows import Flows
from chassis.operations import wire
from chassis.pauses import Pauses
from chassis.principal import caller
from chassis.reconciling import Reconciler, State
from chassis.refusal import NotAllowed, NotFound, Refusal
from chassis.replaying import Replaying
from chassis.subscriptions import Subscriptions
from halcyon.operations.v1 import flow_calls_pb2 as calls
from halcyon.operations.v1 import operations_service_pb2 as rpc
from halcyon.operations.v1 import stream_calls_pb2 as streams
from halcyon.operations.v1.operations_service_pb2_grpc import (
    OperationsServiceServicer,
    add_OperationsServiceServicer_to_server,
)

NAME = rpc.DESCRIPTOR.services_by_name["OperationsService"].full_name
Context = grpc.aio.ServicerContext[Any, Any]


@dataclass(frozen=True, slots=True)
class Operable:
    """What of a service can be operated."""

    name: str
    on: Subscriptions
    flows: Flows
    pauses: Pauses
    reconciler: Reconciler
    parts: Callable[[Database], Awaitable[Collection[str]]] | None = None
    """Consumers of its own that can be paused beside the one that bears its name."""
    weighty: bool = False
    """Money or drugs are kept here: to skip a step takes two persons."""


class Operations(OperationsServiceServicer):
    """Answered by the chassis in every service; each act is noted in the commit that does it."""

    def __init__(self, db: Database, this: Operable) -> None:
        self._db, self._this = db, this
        self._replaying = Replaying(db, this.on, this.name)

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
            raise _failed_again(error) from None
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

    async def ListFlows(
        self, request: calls.ListFlowsRequest, context: Context
    ) -> calls.ListFlowsResponse:
        """Longest in their state first."""
        wanted, after = wire.flows_wanted(request), paging.after(request.page_token)
        limit = paging.limit(request.page_size)
        found = await flows.find(self._db, self._this.flows, wanted, limit, after)
        page, token = paging.cut(
            found, request.page_size, lambda one: (one.since.isoformat(), one.flow_id)
        )
        return calls.ListFlowsResponse(flows=map(wire.flow, page), next_page_token=token)

    async def GetFlow(
        self, request: calls.GetFlowRequest, context: Context
    ) -> calls.GetFlowResponse:
        """All that this service knows of it."""
        flow_id, known = UUID(request.referral_id), self._this.flows
        standing = await flows.standings(self._db, known, flow_id)
        clinics = {str(one.clinic_id) for one in standing}
        facts = await outbox.of(self._db, await flows.entities(self._db, known, flow_id))
        owed = await steps.owed(self._db, known, flow_id)
        return calls.GetFlowResponse(
            flows=map(wire.flow, standing),
            facts=map(wire.stated, facts),
            steps=map(wire.step, owed),
            pauses=[
                wire.pause(one)
                for one in await pauses.pauses(self._db)
                if one.kind in ("fact", "consumer") or one.name in {request.referral_id, *clinics}
            ],
            hears=sorted(self._this.on.subjects),
        )

    async def ListHandledFacts(
        self, request: calls.ListHandledFactsRequest, context: Context
    ) -> calls.ListHandledFactsResponse:
        """Asked of a listener about what others stated."""
        found = await inbox.handled(self._db, [UUID(one) for one in request.event_ids])
        return calls.ListHandledFactsResponse(facts=(wire.handled(*one) for one in found.items()))

    async def RetryStep(
        self, request: calls.RetryStepRequest, context: Context
    ) -> calls.RetryStepResponse:
        """A fact that fails again stays as it was."""
        step = wire.step_name(request.step)
        try:
            async with self._db.transaction() as tx:
                await steps.retry(tx, step, request.reason, self._this.on, self._this.name)
        except Refusal:
            raise
        except Exception as error:
            raise _failed_again(error) from None
        return calls.RetryStepResponse()

    async def SkipStep(
        self, request: calls.SkipStepRequest, context: Context
    ) -> calls.SkipStepResponse:
        """What the step would have done is for people to do."""
        step, outcome = wire.step_name(request.step), calls.SKIP_OUTCOME_SKIPPED
        async with self._db.transaction() as tx:
            await steps.owes(tx, step)
            if self._this.weighty and not await second_person.agrees(tx, f"{step}", request.reason):
                outcome = calls.SKIP_OUTCOME_PROPOSED
            else:
                await steps.skip(tx, step, request.reason)
        return calls.SkipStepResponse(outcome=outcome)

    async def ListPauses(
        self, request: calls.ListPausesRequest, context: Context
    ) -> calls.ListPausesResponse:
        """Oldest first."""
        return calls.ListPausesResponse(pauses=map(wire.pause, await pauses.pauses(self._db)))

    async def Pause(self, request: calls.PauseRequest, context: Context) -> calls.PauseResponse:
        """Heeded here at once, by other processes of this service within two seconds."""
        kind, name = await self._pausable(*wire.pause_name(request.pause))
        async with self._db.transaction() as tx:
            await pauses.pause(tx, kind, name, caller().subject, request.reason)
        await self._this.pauses.heed()
        return calls.PauseResponse()

    async def Resume(self, request: calls.ResumeRequest, context: Context) -> calls.ResumeResponse:
        """What was held goes first."""
        async with self._db.transaction() as tx:
            await pauses.resume(tx, *wire.pause_name(request.pause), request.reason)
        return calls.ResumeResponse()

    async def ListOperations(
        self, request: calls.ListOperationsRequest, context: Context
    ) -> calls.ListOperationsResponse:
        """Newest first."""
        limit, after = paging.limit(request.page_size), paging.after(request.page_token)
        page, token = paging.cut(
            await operated.newest(self._db, limit, after),
            request.page_size,
            lambda one: (one.operated_at.isoformat(), one.operation_id),
        )
        done = map(wire.operation, page)
        return calls.ListOperationsResponse(operations=done, next_page_token=token)

    async def CheckStream(
        self, request: streams.CheckStreamRequest, context: Context
    ) -> streams.CheckStreamResponse:
        """Reads the headers of all our facts: not for every minute."""
        standing = await self._this.reconciler.glance()
        lost = standing.state is State.LOST
        compared = None if lost else await self._this.reconciler.compare()
        return wire.stream(standing, compared)

    async def RebuildStream(
        self, request: streams.RebuildStreamRequest, context: Context
    ) -> streams.RebuildStreamResponse:
        """Ask every service: each of them knows its own facts."""
        async with self._db.transaction() as tx:
            count = await self._this.reconciler.rebuild(tx)
            await operated.note(tx, "rebuild", f"stream/{count}", request.reason)
        await self._this.reconciler.listen_anew()
        return streams.RebuildStreamResponse(republished_count=count)

    async def _pausable(self, kind: str, name: str) -> tuple[str, str]:
        """A pause that could hold nothing here would only look like one."""
        parts = await self._this.parts(self._db) if self._this.parts else ()
        known = {"fact": self._this.on.subjects, "consumer": {self._this.name, *parts}}
        if not name or name not in known.get(kind, {name}):
            raise NotAllowed("NOTHING_TO_PAUSE", "This service hears nothing of the kind.")
        return kind, name


def answer(server: grpc.aio.Server, db: Database, this: Operable) -> None:
    """Add the servicer to a service's server."""
    add_OperationsServiceServicer_to_server(Operations(db, this), server)


def _failed_again(error: Exception) -> NotAllowed:
    known = {"error_class": type(error).__qualname__}
    return NotAllowed("REPLAY_FAILED", "The fact failed again.", known)


def _event_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFound("PARKED_FACT_NOT_FOUND", "No fact is parked under this id.") from None
