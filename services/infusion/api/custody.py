"""The controlled-drug record: one gRPC service, its methods by what they are about."""

import grpc

from chassis.database import Database
from halcyon.infusion.v1.custody_service_pb2_grpc import (
    CustodyServiceServicer,
    add_CustodyServiceServicer_to_server,
)
from services.infusion.api.custody_counts import Counts
from services.infusion.api.custody_disposals import Disposals
from services.infusion.api.custody_movements import Movements
from services.infusion.api.custody_screens import Screens


def serve(server: grpc.aio.Server, db: Database) -> None:
    """Answer on this server."""
    add_CustodyServiceServicer_to_server(CustodyService(db), server)


class CustodyService(Movements, Disposals, Counts, Screens, CustodyServiceServicer):
    """Answers from this database."""

    def __init__(self, db: Database) -> None:
        self._db = db
