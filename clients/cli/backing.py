"""`halcyon backup` and `halcyon restore`: everything that must outlive a disk."""

from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from clients.cli import signals
from clients.cli.place import DEFAULT, Data
from clients.cli.screen import show
from clients.network import backup as copies

Keys = Annotated[Path, typer.Option(help="A folder of its own for the keys, kept apart.")]


def backup(
    to: Annotated[Path, typer.Argument(help="An empty folder, on another disk.")],
    keys: Keys,
    follow: Annotated[
        bool, typer.Option(help="Then receive every change and every new key until Ctrl-C.")
    ] = False,
    data: Data = DEFAULT,
) -> None:
    """Copy all databases of a running network; and its keys, to a folder of their own."""
    copies.backup(data.resolve(), to.resolve(), keys.resolve())
    show(f"{to} holds a backup; {keys} holds the keys that open it: keep them apart")
    if follow:
        over = signals.first()
        show("every change is received; Ctrl-C ends it")
        with suppress(signals.Ended):
            copies.follow(data.resolve(), to.resolve(), keys.resolve(), over)


def restore(
    backup: Annotated[Path, typer.Argument(help="A folder that `halcyon backup` wrote.")],
    keys: Keys,
    data: Data = DEFAULT,
) -> None:
    """Make a folder for `halcyon up` from a backup; rebuild the stream when it is up."""
    copies.restore(backup.resolve(), keys.resolve(), data.resolve())
    show("restored; now `halcyon up`, then `halcyon stream rebuild --reason ...`")
