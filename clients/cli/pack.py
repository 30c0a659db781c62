"""`halcyon pack`: the protocol packs; read one, check the next version, publish it."""

from pathlib import Path
from typing import Annotated

import typer

from clients.cli.place import DEFAULT, Data, acting, run
from clients.cli.screen import show
from clients.cli.views import intakes as views
from halcyon.intake.v1 import pack_pb2 as rpc

app = typer.Typer(help="Read, check and publish protocol packs.", no_args_is_help=True)
READERS = ("medical_director",)

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The pack, YAML.")]
Clinic = Annotated[str, typer.Option(help="Only for this clinic; for every clinic if left out.")]


@app.command("list")
def list_packs(data: Data = DEFAULT) -> None:
    """List the packs that clinics may choose from."""

    async def listing() -> list[rpc.Pack]:
        found: list[rpc.Pack] = []
        request = rpc.ListPacksRequest()
        async with acting(data, *READERS) as director:
            while True:
                page = await director.intake.ListPacks(request)
                found += page.packs
                if not page.next_page_token:
                    return found
                request.page_token = page.next_page_token

    show(views.packs(run(listing())))


@app.command("show")
def show_pack(
    label: Annotated[str, typer.Argument(help="Name and version, such as halcyon-default@1.")],
    data: Data = DEFAULT,
) -> None:
    """Print a pack's text, to read or to edit into the next version."""

    async def reading() -> str:
        async with acting(data, *READERS) as director:
            request = rpc.GetPackRequest(label=label)
            return (await director.intake.GetPack(request)).pack.content

    typer.echo(run(reading()), nl=False)


@app.command()
def check(file: File, clinic: Clinic = "", data: Data = DEFAULT) -> None:
    """Judge a pack and publish nothing; each fault says its line."""
    show(f"{_publish(data, file, clinic, only=True).label} is whole")


@app.command()
def publish(file: File, clinic: Clinic = "", data: Data = DEFAULT) -> None:
    """Publish a pack as the next version of its name."""
    show(f"{_publish(data, file, clinic, only=False).label} is published")


def _publish(data: Path, file: Path, clinic: str, *, only: bool) -> rpc.Pack:
    request = rpc.PublishPackRequest(
        content=file.read_text("utf-8"), clinic_id=clinic, validate_only=only
    )

    async def publishing() -> rpc.Pack:
        async with acting(data, "medical_director") as director:
            return (await director.intake.PublishPack(request)).pack

    return run(publishing())
