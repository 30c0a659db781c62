"""The way to whoever takes the money: a port, its adapters, and care in asking."""

from functools import cache

from services.billing.config import BillingSettings
from services.billing.gateway.asking import collected, contested, reconciled, refunded
from services.billing.gateway.cards import kept
from services.billing.gateway.port import Forged, GatewayAway, PaymentGateway
from services.billing.gateway.returning import returned
from services.billing.gateway.simulator import Simulator

__all__ = [
    "Forged",
    "GatewayAway",
    "PaymentGateway",
    "Simulator",
    "chosen",
    "collected",
    "contested",
    "kept",
    "reconciled",
    "refunded",
    "returned",
]


@cache
def chosen() -> PaymentGateway:
    """The gateway that the settings name."""
    settings = BillingSettings()
    match settings.gateway:
        case "simulator":
            return Simulator(settings.gateway_latency)
        case "stripe":
            from services.billing.gateway.stripe import Stripe

            return Stripe(
                settings.stripe_key.get_secret_value(),
                settings.stripe_webhook_secret.get_secret_value(),
                confirm_with=settings.stripe_confirm_with,
                url=settings.stripe_url,
            )
