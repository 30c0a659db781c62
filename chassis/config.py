"""Everything a process reads from its environment, once, at start."""

from pathlib import Path
from typing import Self

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from chassis.issuer import DEFAULT_AUDIENCE, DEFAULT_ISSUER
from chassis.papers import Papers


class Settings(BaseSettings):
    """One service's settings; each is the environment variable HALCYON_<NAME>."""

    model_config = SettingsConfigDict(env_prefix="HALCYON_", frozen=True, extra="ignore")

    database_url: str = Field(repr=False)
    database_authority: Path | None = None
    """Whose signature the database's certificate bears; with it nothing is said in the clear."""
    service_url: str | None = Field(default=None, repr=False)
    """For migrations: how the service will connect; its role is given what it needs, no more."""
    nats_url: str = Field(repr=False)
    """One server, or the servers of a cluster with commas between them."""
    nats_credentials: Path | None = None
    """The .creds file of our user; a broker without accounts asks for none."""
    jwks: str
    """A path to a JWKS file, or an http(s) URL."""
    issuer: str = DEFAULT_ISSUER
    audience: str = DEFAULT_AUDIENCE

    listen: str = "127.0.0.1:0"
    tls_certificate: Path | None = None
    """Who we are to callers and to the broker, in PEM; with it nothing is said in the clear."""
    tls_key: Path | None = None
    tls_authority: Path | None = None
    """Whose signature we believe, of callers and of the broker."""
    ready_file: Path | None = None
    """Where to say, once started, who listens where: {"service", "pid", "address"}."""
    drain_seconds: float = Field(default=10, ge=0)

    otlp_endpoint: str | None = None
    trace_file: Path | None = None
    metrics_listen: str | None = None
    """Where Prometheus may scrape, as host:port; nothing is measured when nobody reads."""
    count_seconds: float = Field(default=60, gt=0)
    """How often flows are counted by state, where somebody reads measurements."""
    trace_ratio: float = Field(default=0.1, ge=0, le=1)
    log_level: str = "INFO"

    max_calls: int = Field(default=256, ge=1)
    """How many unary calls may be in hand."""
    max_streams: int = Field(default=1000, ge=1)
    """How many streams may be open."""
    stream_replicas: int = Field(default=1, ge=1, le=5)
    """On how many servers of the cluster the facts are kept: three in production."""
    bind_only: bool = False
    """Whether a deploy step makes the stream and the consumers (chassis/streams.py)."""
    batch: int = Field(default=256, ge=1)
    max_deliver: int = Field(default=5, ge=1)
    lease_seconds: float = Field(default=10, gt=0)
    """How long a process may hold facts it has yet to publish."""
    errand_lease_seconds: float = Field(default=60, gt=0)
    """How long a process may be about a remote call."""
    ack_wait_seconds: float = Field(default=30, gt=0)
    """How long a process may be about a fact; then the broker gives it to another."""
    vault_keys: Path | None = None
    """The keyring that seals identifiers: {"masters": {"1": base64}, "index": base64}."""
    audit_anchors: Path | None = None
    """Where signed heads of the audit are appended: on another disk than the database's."""
    audit_key: Path | None = None
    """The Ed25519 key that signs them, in PEM."""
    failpoint: str | None = None

    @property
    def papers(self) -> Papers | None:
        """What we show of ourselves; None where all is said in the clear, on one machine."""
        if self.tls_certificate and self.tls_key and self.tls_authority:
            return Papers(self.tls_certificate, self.tls_key, self.tls_authority)
        return None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        given = {self.tls_certificate, self.tls_key, self.tls_authority}
        if None in given and given != {None}:
            raise ValueError("TLS needs a certificate, its key and an authority.")
        return self
