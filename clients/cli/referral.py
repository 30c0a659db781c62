"""`halcyon referral`: submit one, watch it live, show it."""

from pathlib import Path
from typing import Annotated

import typer
from rich.live import Live

from clients import journey
from clients.cli.place import DEFAULT, Data, acting, run, traces
from clients.cli.screen import console, show
from clients.cli.views import tables
from clients.tracing import current_trace_id, tracing
from halcyon.referral.v1.referral_pb2 import Referral, ReferralChange

app = typer.Typer(help="Refer a patient, and follow what becomes of it.", no_args_is_help=True)
READERS = ("coordinator", "operator")

Id = Annotated[str, typer.Argument(help="The referral's id.")]


@app.command()
def submit(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="FHIR R4 or JSON.")],
    data: Data = DEFAULT,
) -> None:
    """Send a referral from a FHIR R4 Bundle or from our own JSON; the same file refers once."""
    request = journey.read_referral(file.read_bytes())

    async def submitting() -> tuple[Referral, str]:
        with tracing(traces(data)) as tracer, tracer.start_as_current_span("submit a referral"):
            async with acting(data, "referrer", npi=request.referrer.npi) as referrer:
                return await journey.refer(referrer, request), current_trace_id()

    referral, trace_id = run(submitting())
    show(tables.referral(referral))
    show(f"trace {trace_id}\nfollow it: halcyon referral watch {referral.referral_id}")


@app.command("show")
def show_one(referral_id: Id, data: Data = DEFAULT) -> None:
    """Show one referral, without the patient's identifiers."""

    async def reading() -> Referral:
        async with acting(data, *READERS) as reader:
            return await journey.referral_of(reader, referral_id)

    show(tables.referral(run(reading())))


@app.command()
def watch(referral_id: Id, data: Data = DEFAULT) -> None:
    """Follow a referral as it happens, until it ends or Ctrl-C."""
    seen: list[ReferralChange] = []

    async def watching() -> None:
        async with acting(data, *READERS) as reader:
            with Live(console=console, auto_refresh=False) as live:
                async for change in reader.watch(referral_id):
                    seen.append(change)
                    live.update(tables.timeline(seen), refresh=True)

    try:
        run(watching())
    except KeyboardInterrupt:
        raise typer.Exit(0) from None
