"""Where the network is, and who acts: the options that every command shares."""

import asyncio
import os
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from chassis.papers import Papers
from clients.network import record
from clients.network.tokens import Minting
from clients.sdk import Halcyon

Result = TypeVar("Result")
DEFAULT = Path(".halcyon")

Data = Annotated[
    Path,
    typer.Option(
        "--data", envvar="HALCYON_DATA", help="The folder of the network.", show_default=True
    ),
]


def network(data: Path) -> dict[str, Any]:
    """What runs in the folder."""
    return record.read(data.resolve())


def acting(data: Path, *roles: str, npi: str | None = None) -> Halcyon:
    """The SDK in these roles, with HALCYON_TOKEN or a token of the network's own issuer."""
    found = network(data)
    addresses = {name: one["address"] for name, one in found["services"].items()}
    given = os.environ.get("HALCYON_TOKEN")
    token = given or Minting(issuer(data), roles, npi=npi)
    return Halcyon(addresses, token, papers=papers(data))


def papers(data: Path) -> Papers | None:
    """What the command line shows of itself, where the network speaks TLS."""
    return Papers.of(network(data).get("papers"), data.resolve())


def issuer(data: Path) -> Path:
    """The folder of the development issuer; a relative one is below the network's own."""
    return data.resolve() / str(network(data)["issuer"])


def traces(data: Path) -> Path | None:
    """The folder of finished spans; a deployment has a trace store instead."""
    folder = network(data).get("traces")
    return Path(folder) if folder else None


def run(work: Coroutine[Any, Any, Result]) -> Result:
    """A command's asynchronous part."""
    return asyncio.run(work)
