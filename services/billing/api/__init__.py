"""What callers may ask of billing."""

import grpc

from chassis.database import Database
from halcyon.billing.v1 import (
    billing_service_pb2_grpc,
    estimate_service_pb2_grpc,
    ledger_service_pb2_grpc,
    payment_service_pb2_grpc,
    refund_service_pb2_grpc,
    superbill_service_pb2_grpc,
)
from services.billing.api.desk import RefundDesk
from services.billing.api.estimates import Estimates
from services.billing.api.invoices import Billing
from services.billing.api.ledger import Ledger
from services.billing.api.payments import Payments
from services.billing.api.superbills import Superbills
from services.billing.api.webhooks import listen

__all__ = [
    "BESIDE",
    "Billing",
    "Estimates",
    "Ledger",
    "Payments",
    "RefundDesk",
    "Superbills",
    "listen",
    "serve",
]

BESIDE = ("Estimate", "Ledger", "Payment", "Refund", "Superbill")
"""What is answered beside BillingService, each by a file of this folder."""


def serve(server: grpc.aio.Server, db: Database) -> None:
    """Answer on this server."""
    billing_service_pb2_grpc.add_BillingServiceServicer_to_server(Billing(db), server)
    estimate_service_pb2_grpc.add_EstimateServiceServicer_to_server(Estimates(db), server)
    ledger_service_pb2_grpc.add_LedgerServiceServicer_to_server(Ledger(db), server)
    payment_service_pb2_grpc.add_PaymentServiceServicer_to_server(Payments(db), server)
    refund_service_pb2_grpc.add_RefundServiceServicer_to_server(RefundDesk(db), server)
    superbill_service_pb2_grpc.add_SuperbillServiceServicer_to_server(Superbills(db), server)
