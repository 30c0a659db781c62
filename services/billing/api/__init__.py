"""What callers may ask of billing."""

import grpc

from chassis.database import Database
from halcyon.billing.v1 import billing_service_pb2_grpc
from services.billing.api.invoices import Billing
from services.billing.api.webhooks import listen

__all__ = ["BESIDE", "Billing", "listen", "serve"]

BESIDE: tuple[str, ...] = ()
"""What is answered beside BillingService, each by a file of this folder."""


def serve(server: grpc.aio.Server, db: Database) -> None:
    """Answer on this server."""
    billing_service_pb2_grpc.add_BillingServiceServicer_to_server(Billing(db), server)
