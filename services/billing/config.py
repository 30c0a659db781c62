"""Billing's own settings: who takes the money."""

from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class BillingSettings(BaseSettings):
    """Each is the environment variable HALCYON_BILLING_<NAME>."""

    model_config = SettingsConfigDict(env_prefix="HALCYON_BILLING_", frozen=True, extra="ignore")

    gateway: Literal["simulator"] = "simulator"
    gateway_latency: float = Field(default=0, ge=0)
    """Seconds the simulator takes to answer."""
