"""Scheduling's own settings: where CP-SAT is, if it is anywhere."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class SchedulingSettings(BaseSettings):
    """Each is the environment variable HALCYON_CPSAT_<NAME>."""

    model_config = SettingsConfigDict(env_prefix="HALCYON_CPSAT_", frozen=True, extra="ignore")

    python: str = ""
    """An interpreter that has ortools, such as the one that `make cpsat` makes; none when empty."""
    seconds: float = Field(default=20, gt=0, le=300)
    """How long CP-SAT may think about one request."""
