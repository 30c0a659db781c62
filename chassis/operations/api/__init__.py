"""The operations contract, answered by the chassis in every service."""

import grpc

from chassis import operated, paging
from chassis.database import Database
from chassis.operations import wire
from chassis.operations.api.parked import Parked
from chassis.operations.api.part import Context
from chassis.operations.api.pausing import Pausing
from chassis.operations.api.steps import Steps
from chassis.operations.operable import Operable
from chassis.reconciling import State
from halcyon.operations.v1 import flow_calls_pb2 as calls
from halcyon.operations.v1 import operations_service_pb2 as rpc
from halcyon.operations.v1 import stream_calls_pb2 as streams
from halcyon.operations.v1.operations_service_pb2_grpc import (
    OperationsServiceServicer,
    add_OperationsServiceServicer_to_server,
)

NAME = rpc.DESCRIPTOR.services_by_name["OperationsService"].full_name


class Operations(Parked, Steps, Pausing, OperationsServiceServicer):
    """Parked facts, flows, pauses; here the stream and the log. Each act is noted in its commit."""

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
        missing = await self._this.reconciler.missing()
        async with self._db.transaction() as tx:
            await self._this.reconciler.rebuild(tx, missing)
            await operated.note(tx, "rebuild", f"stream/{len(missing)}", request.reason)
        await self._this.reconciler.listen_anew()
        return streams.RebuildStreamResponse(republished_count=len(missing))


def answer(server: grpc.aio.Server, db: Database, this: Operable) -> None:
    """Add the servicer to a service's server."""
    add_OperationsServiceServicer_to_server(Operations(db, this), server)
