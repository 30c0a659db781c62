"""What the person on call may ask of any service: its parked facts, shown and replayed."""

from datetime import datetime
from typing import Any
from uuid import UUID

import grpc
from google.protobuf.timestamp_pb2 import Timestamp

from chassis import paging, parking, traceparent
from chassis.database import Database
from chassis.parking import Parked
from chassis.refusal import NotAllowed, NotFound, Refusal
from chassis.subscriptions import Subscriptions
from halcyon.operations.v1 import operations_service_pb2 as rpc
from halcyon.operations.v1.operations_service_pb2_grpc import (
    OperationsServiceServicer,
    add_OperationsServiceServicer_to_server,
)

NAME = rpc.DESCRIPTOR.services_by_name["OperationsService"].full_name
Context = grpc.aio.ServicerContext[Any, Any]


class Operations(OperationsServiceServicer):
    """Answered by the chassis in every service."""

    def __init__(self, db: Database, on: Subscriptions, consumer: str) -> None:
        self._db, self._on, self._consumer = db, on, consumer

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
        return rpc.ListParkedFactsResponse(facts=map(_fact, page), next_page_token=token)

    async def GetParkedFact(
        self, request: rpc.GetParkedFactRequest, context: Context
    ) -> rpc.GetParkedFactResponse:
        """One of them."""
        found = await parking.show(self._db, _event_id(request.event_id))
        return rpc.GetParkedFactResponse(fact=_fact(found))

    async def ReplayParkedFact(
        self, request: rpc.ReplayParkedFactRequest, context: Context
    ) -> rpc.ReplayParkedFactResponse:
        """Handled again on the ordinary path; a failure leaves it parked."""
        event_id = _event_id(request.event_id)
        try:
            await parking.replay(self._db, event_id, self._on, self._consumer)
        except Refusal:
            raise
        except Exception as error:
            known = {"error_class": type(error).__qualname__}
            raise NotAllowed("REPLAY_FAILED", "The fact failed again.", known) from None
        return rpc.ReplayParkedFactResponse(fact=_fact(await parking.show(self._db, event_id)))


def answer(server: grpc.aio.Server, db: Database, on: Subscriptions, consumer: str) -> None:
    """Add the servicer to a service's server."""
    add_OperationsServiceServicer_to_server(Operations(db, on, consumer), server)


def _event_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFound("PARKED_FACT_NOT_FOUND", "No fact is parked under this id.") from None


def _fact(one: Parked) -> rpc.ParkedFact:
    cause = traceparent.parse(one.headers.get("traceparent", ""))
    return rpc.ParkedFact(
        event_id=str(one.event_id),
        subject=one.subject,
        stream_sequence=one.stream_seq,
        error_class=one.error_class,
        attempts=one.attempts,
        park_time=_timestamp(one.parked_at),
        replay_time=_timestamp(one.replayed_at),
        trace_id=format(cause.trace_id, "032x") if cause else "",
    )


def _timestamp(moment: datetime | None) -> Timestamp | None:
    if moment is None:
        return None
    stamp = Timestamp()
    stamp.FromDatetime(moment)
    return stamp
