"""What callers may ask of intake."""

import grpc

from chassis.database import Database
from halcyon.intake.v1.intake_service_pb2_grpc import add_IntakeServiceServicer_to_server
from services.intake.api.eligibility import Eligibility
from services.intake.api.intakes import Intakes
from services.intake.api.packs import Packs
from services.intake.api.plans import Plans
from services.intake.api.scales import Scales

__all__ = ["IntakeService", "serve"]


class IntakeService(Intakes, Eligibility, Plans, Scales, Packs):
    """Answers from this database."""

    def __init__(self, db: Database) -> None:
        self._db = db


def serve(server: grpc.aio.Server, db: Database) -> None:
    """Answer on this server."""
    add_IntakeServiceServicer_to_server(IntakeService(db), server)
