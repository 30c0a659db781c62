"""`halcyon infusion summary`: what people take with them from a session."""

from pathlib import Path
from typing import Annotated

import typer

from clients import summary as document
from clients.cli.place import DEFAULT, Data, acting, run
from clients.cli.screen import show


def summary(
    session_id: Annotated[str, typer.Argument(help="The session.")],
    fhir: Annotated[bool, typer.Option(help="A FHIR R4 Bundle instead of a page.")] = False,
    out: Annotated[Path | None, typer.Option(help="The file to write.")] = None,
    data: Data = DEFAULT,
) -> None:
    """Write the summary of a session, with the patient's name from the registry."""
    form, suffix = (document.FHIR, "json") if fhir else (document.PDF, "pdf")
    file = out or Path(f"session-{session_id}.{suffix}")

    async def writing() -> bytes:
        async with acting(data, "nurse", "coordinator") as reader:
            return await document.written(reader, session_id, form)

    file.write_bytes(run(writing()))
    show(f"wrote {file}")
