"""What callers may ask of infusion."""

import grpc

from chassis.database import Database
from services.infusion.api import custody, sessions
from services.infusion.api.custody import CustodyService
from services.infusion.api.sessions import InfusionService

__all__ = ["CustodyService", "InfusionService", "serve"]


def serve(server: grpc.aio.Server, db: Database) -> None:
    """Answer on this server."""
    sessions.serve(server, db)
    custody.serve(server, db)
