"""`halcyon stream`: the outboxes and the stream compared, and a damaged stream rebuilt."""

from typing import Annotated

import typer

from clients.cli.place import DEFAULT, Data, acting, run
from clients.cli.screen import show
from clients.cli.views.tables import table
from clients.cli.views.words import plain
from halcyon.operations.v1 import stream_calls_pb2 as streams

app = typer.Typer(help="Compare the stream with the databases; rebuild it.", no_args_is_help=True)
_PATIENCE = 300.0


@app.command()
def check(data: Data = DEFAULT) -> None:
    """Compare every service's outbox with the stream, fact by fact; exit code 1 if they differ."""

    async def checking() -> list[tuple[str, streams.CheckStreamResponse]]:
        async with acting(data, "operator") as operator:
            request = streams.CheckStreamRequest()
            return [
                (name, await operator.operations(name).CheckStream(request, timeout=_PATIENCE))
                for name in operator.services
            ]

    right = ("missing", "phantom", "settled", "last")
    made = table("Stream", "service", "state", *right, right=right)
    sound = True
    for name, one in run(checking()):
        state = plain(streams.StreamState.Name(one.state), "STREAM_STATE_")
        counts = one.missing_count, one.phantom_count, one.ack_floor_sequence, one.last_sequence
        made.add_row(name, state, *map(str, counts))
        agrees = one.state == streams.STREAM_STATE_SOUND
        sound &= agrees and not one.missing_count and not one.phantom_count
    show(made)
    if not sound:
        raise typer.Exit(1)


@app.command()
def rebuild(
    reason: Annotated[str, typer.Option(help="Why; for the operations log.")], data: Data = DEFAULT
) -> None:
    """Publish again what the stream lacks, and have every service hear it."""

    async def rebuilding() -> list[tuple[str, int]]:
        async with acting(data, "operator") as operator:
            request = streams.RebuildStreamRequest(reason=reason)
            return [
                (
                    name,
                    (
                        await operator.operations(name).RebuildStream(request, timeout=_PATIENCE)
                    ).republished_count,
                )
                for name in operator.services
            ]

    for name, count in run(rebuilding()):
        show(f"{name} publishes {count} facts again")
