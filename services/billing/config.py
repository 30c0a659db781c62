"""Billing's own settings: who takes the money, and where news of it comes in."""

from typing import Literal

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class BillingSettings(BaseSettings):
    """Each is the environment variable HALCYON_BILLING_<NAME>."""

    model_config = SettingsConfigDict(env_prefix="HALCYON_BILLING_", frozen=True, extra="ignore")

    gateway: Literal["simulator", "stripe"] = "simulator"
    gateway_latency: float = Field(default=0, ge=0)
    """Seconds the simulator takes to answer."""
    stripe_key: SecretStr = SecretStr("")
    stripe_webhook_secret: SecretStr = SecretStr("")
    stripe_confirm_with: str = ""
    """A payment method to confirm with at once, for Stripe's test mode; else the payer confirms."""
    stripe_url: str = "https://api.stripe.com"
    webhook_listen: str = ""
    """Where the gateway's webhooks are heard, host and port; nowhere when empty."""

    @model_validator(mode="after")
    def _complete(self) -> "BillingSettings":
        """Without the webhook secret every forgery would have to be believed or refused."""
        keys = (self.stripe_key, self.stripe_webhook_secret)
        if self.gateway == "stripe" and not all(key.get_secret_value() for key in keys):
            raise ValueError("stripe needs STRIPE_KEY and STRIPE_WEBHOOK_SECRET")
        return self
