"""What callers may ask of infusion."""

import grpc

from chassis.database import Database
from services.infusion.api import custody, protocols, sessions, summaries
from services.infusion.api.custody import CustodyService
from services.infusion.api.protocols import ProtocolService
from services.infusion.api.sessions import InfusionService
from services.infusion.api.summaries import SummaryService

__all__ = ["CustodyService", "InfusionService", "ProtocolService", "SummaryService", "serve"]


def serve(server: grpc.aio.Server, db: Database) -> None:
    """Answer on this server."""
    sessions.serve(server, db)
    custody.serve(server, db)
    summaries.serve(server, db)
    protocols.serve(server, db)
