"""`halcyon token`: a development token, for grpcurl and for curiosity."""

from datetime import timedelta
from typing import Annotated

import typer

from clients.cli.place import DEFAULT, Data, issuer
from clients.network import NetworkFailed
from clients.network.tokens import Minting
from halcyon.options.v1.options_pb2 import Role

ROLES = tuple(name.removeprefix("ROLE_").lower() for name in Role.keys()[1:])


def token(
    role: Annotated[list[str], typer.Option(help=f"One or more of {', '.join(ROLES)}.")],
    data: Data = DEFAULT,
    clinic: Annotated[list[str] | None, typer.Option(help="Clinic ids; all when left out.")] = None,
    npi: Annotated[str | None, typer.Option(help="The referrer's NPI.")] = None,
    subject: Annotated[str, typer.Option(help="Whose token: a name for the logs.")] = "",
    hours: Annotated[float, typer.Option(help="How long it is good for.")] = 1,
) -> None:
    """Print a token that the network in the folder believes."""
    if unknown := sorted(set(role) - set(ROLES)):
        raise NetworkFailed(f"no such role: {', '.join(unknown)}; there are {', '.join(ROLES)}")
    minting = Minting(issuer(data), role, clinics=clinic or ("*",), npi=npi, subject=subject)
    typer.echo(minting.mint(timedelta(hours=hours)))
