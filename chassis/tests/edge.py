"""A running edge: the echo service behind the real middleware, and a client with a token."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc

from chassis.config import Settings
from chassis.issuer import Issuer
from chassis.papers import Papers
from chassis.server import serve
from chassis.tests.echo import SERVICE, Client, Echo


@dataclass
class Edge:
    """What a test of the edge holds."""

    echo: Echo
    issuer: Issuer
    channel: grpc.aio.Channel
    token: str

    @property
    def client(self) -> Client:
        return Client(self.channel, self.token)

    def client_of(self, token: str) -> Client:
        return Client(self.channel, token)


def edge_settings(issuer: Issuer, /, **changes: Any) -> Settings:
    """Settings of an edge alone."""
    given = {"database_url": "", "nats_url": "", "jwks": str(issuer.jwks_file), **changes}
    return Settings.model_validate(given)


@asynccontextmanager
async def running_edge(directory: Path, **changes: Any) -> AsyncIterator[Edge]:
    """The edge, until the block ends."""
    issuer, echo = Issuer(directory), Echo()
    server = await serve(edge_settings(issuer, **changes), echo.add_to, [SERVICE])
    async with grpc.aio.insecure_channel(server.address) as channel:
        yield Edge(echo, issuer, channel, issuer.mint("ada", ["nurse"]))
    await server.drain(0)


def worn(papers: Papers) -> dict[str, Any]:
    """The settings of a service that shows these papers."""
    return {
        "tls_certificate": papers.certificate,
        "tls_key": papers.key,
        "tls_authority": papers.authority,
    }
