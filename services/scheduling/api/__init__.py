"""What callers may ask of scheduling."""

import grpc

from chassis.database import Database
from halcyon.scheduling.v1.scheduling_service_pb2_grpc import (
    add_SchedulingServiceServicer_to_server,
)
from services.scheduling.api.boards import Boards
from services.scheduling.api.clinics import Clinics
from services.scheduling.api.feeds import Feeds
from services.scheduling.api.repairs import Repairs
from services.scheduling.api.series import SeriesCalls
from services.scheduling.api.visits import Visits

__all__ = ["SchedulingService", "serve"]


def serve(server: grpc.aio.Server, db: Database) -> None:
    """Answer on this server."""
    add_SchedulingServiceServicer_to_server(SchedulingService(db), server)


class SchedulingService(Clinics, SeriesCalls, Visits, Repairs, Boards, Feeds):
    """Clinics, series, the sessions of a series, repairs, boards, feeds."""
