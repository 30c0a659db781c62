"""The way to whoever takes the money: a port, its adapters, and patience."""

from functools import cache

from services.billing.config import BillingSettings
from services.billing.gateway.asking import collected, refunded
from services.billing.gateway.port import GatewayAway, PaymentGateway
from services.billing.gateway.simulator import Simulator

__all__ = ["GatewayAway", "PaymentGateway", "Simulator", "chosen", "collected", "refunded"]


@cache
def chosen() -> PaymentGateway:
    """The gateway that the settings name."""
    settings = BillingSettings()
    match settings.gateway:
        case "simulator":
            return Simulator(settings.gateway_latency)
