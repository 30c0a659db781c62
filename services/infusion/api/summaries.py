"""The summary of a session, as a document."""

import asyncio
from typing import TypeAlias

import grpc

from chassis.database import Database
from halcyon.infusion.v1 import summary_service_pb2 as rpc
from halcyon.infusion.v1.summary_service_pb2_grpc import (
    SummaryServiceServicer,
    add_SummaryServiceServicer_to_server,
)
from services.infusion import documents, store, wire
from services.infusion.api.desk import visible
from services.infusion.store import custody as ledger
from services.infusion.wire import custody as ledger_wire

Context: TypeAlias = "grpc.aio.ServicerContext[object, object]"

_WRITERS = {
    rpc.SUMMARY_FORMAT_PDF: ("application/pdf", documents.summary_pdf),
    rpc.SUMMARY_FORMAT_FHIR: ("application/fhir+json", documents.summary_fhir),
}


def serve(server: grpc.aio.Server, db: Database) -> None:
    """Answer on this server."""
    add_SummaryServiceServicer_to_server(SummaryService(db), server)


class SummaryService(SummaryServiceServicer):
    """Answers from this database."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def GetSessionSummary(
        self, request: rpc.GetSessionSummaryRequest, context: Context
    ) -> rpc.GetSessionSummaryResponse:
        async with self._db.read() as tx:
            visit = await visible(tx, request.session_id)
            record = wire.record(visit, await store.whole(tx, visit), tx.now)
            entries = await ledger.of_session(tx, visit.session.session_id)
            told = [ledger_wire.entry(entry, strength) for entry, strength in entries]
            summary = documents.summary(request, record, told, tx.now)
        media_type, write = _WRITERS[request.format]
        document = await asyncio.to_thread(write, summary)
        return rpc.GetSessionSummaryResponse(media_type=media_type, document=document)
