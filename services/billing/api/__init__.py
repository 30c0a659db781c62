"""What callers may ask of billing."""

import grpc

from chassis.database import Database
from halcyon.billing.v1 import (
    billing_service_pb2_grpc,
    ledger_service_pb2_grpc,
    refund_service_pb2_grpc,
    superbill_service_pb2_grpc,
)
from services.billing.api.desk import RefundDesk
from services.billing.api.invoices import Billing
from services.billing.api.ledger import Ledger
from services.billing.api.superbills import Superbills
from services.billing.api.webhooks import listen

__all__ = ["BESIDE", "Billing", "Ledger", "RefundDesk", "Superbills", "listen", "serve"]

BESIDE: tuple[str, ...] = (
    "halcyon.billing.v1.LedgerService",
    "halcyon.billing.v1.RefundService",
    "halcyon.billing.v1.SuperbillService",
)
"""What is answered beside BillingService, each by a file of this folder."""


def serve(server: grpc.aio.Server, db: Database) -> None:
    """Answer on this server."""
    billing_service_pb2_grpc.add_BillingServiceServicer_to_server(Billing(db), server)
    ledger_service_pb2_grpc.add_LedgerServiceServicer_to_server(Ledger(db), server)
    refund_service_pb2_grpc.add_RefundServiceServicer_to_server(RefundDesk(db), server)
    superbill_service_pb2_grpc.add_SuperbillServiceServicer_to_server(Superbills(db), server)
