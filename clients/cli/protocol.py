"""`halcyon protocol`: the infusion protocols; read one, publish the next version, choose."""

from pathlib import Path
from typing import Annotated

import typer

from clients.cli.place import DEFAULT, Data, acting, run
from clients.cli.screen import show
from clients.cli.views.tables import table
from halcyon.infusion.v1 import protocol_service_pb2 as rpc

app = typer.Typer(help="Read, publish and choose infusion protocols.", no_args_is_help=True)

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The protocol, YAML.")]
Label = Annotated[str, typer.Argument(help="Name and version, such as halcyon-default@2.")]


@app.command("list")
def list_protocols(data: Data = DEFAULT) -> None:
    """List the protocols that clinics may choose from."""

    async def listing() -> rpc.ListProtocolsResponse:
        async with acting(data, "medical_director") as director:
            return await director.protocols.ListProtocols(rpc.ListProtocolsRequest(page_size=200))

    made = table("Infusion protocols", "protocol", "in force from", "for")
    for one in run(listing()).protocols:
        made.add_row(one.label, one.effective_date, one.clinic_id or "every clinic")
    show(made)


@app.command("show")
def show_protocol(label: Label, data: Data = DEFAULT) -> None:
    """Print a protocol's text, to read or to edit into the next version."""

    async def reading() -> str:
        async with acting(data, "medical_director") as director:
            request = rpc.GetProtocolRequest(label=label)
            return (await director.protocols.GetProtocol(request)).protocol.content

    typer.echo(run(reading()), nl=False)


@app.command()
def publish(
    file: File,
    clinic: Annotated[str, typer.Option(help="Only for this clinic.")] = "",
    check: Annotated[bool, typer.Option("--check", help="Judge it only.")] = False,
    data: Data = DEFAULT,
) -> None:
    """Publish a protocol as the next version of its name; a fault says its line."""
    request = rpc.PublishProtocolRequest(
        content=file.read_text("utf-8"), clinic_id=clinic, validate_only=check
    )

    async def publishing() -> rpc.Protocol:
        async with acting(data, "medical_director") as director:
            return (await director.protocols.PublishProtocol(request)).protocol

    show(f"{run(publishing()).label} is {'whole' if check else 'published'}")


@app.command()
def choose(
    clinic_id: Annotated[str, typer.Argument(help="The clinic.")],
    label: Label,
    data: Data = DEFAULT,
) -> None:
    """Let a clinic work by a protocol from the next arrival on."""

    async def choosing() -> rpc.Protocol:
        async with acting(data, "medical_director") as director:
            request = rpc.ChooseProtocolRequest(clinic_id=clinic_id, label=label)
            return (await director.protocols.ChooseProtocol(request)).protocol

    show(f"{clinic_id} works by {run(choosing()).label}")
