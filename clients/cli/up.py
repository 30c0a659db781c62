"""`halcyon up`, `down`, `status`: a network in a folder, for as long as the command runs."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from chassis.watchdog import alive
from clients.cli import signals
from clients.cli.place import DEFAULT, Data
from clients.cli.screen import console, show
from clients.cli.views import tables
from clients.network import Network, NetworkFailed, NotRunning, Options, record
from clients.network.process import PATIENCE, ROOT

_POLL = 0.1


def up(
    data: Data = DEFAULT,
    trace_ratio: Annotated[float, typer.Option(help="Share of traces to keep.")] = 1.0,
    detach: Annotated[bool, typer.Option(help="Return once it is up; end it with down.")] = False,
    tls: Annotated[
        bool, typer.Option(help="Calls and facts over TLS, by an own authority.")
    ] = False,
) -> None:
    """Start PostgreSQL, NATS and every service, and keep them running until Ctrl-C."""
    if detach:
        show(tables.network(_detached(data.resolve(), trace_ratio, tls=tls)))
        return
    with console.status("starting") as status:
        say = status.update
        options = Options(trace_ratio=trace_ratio, tls=tls, heal_servers=True, say=say)
        _run(Network(data, options), status.stop)
    show("everything has ended; the data stays in", str(data.resolve()))


def down(data: Data = DEFAULT) -> None:
    """End the network that runs in the folder; its data stays."""
    if (pid := record.read(data.resolve()).get("pid")) is None:
        raise NetworkFailed("this network is a deployment: end it where it was started")
    os.kill(pid, signal.SIGTERM)
    until = time.monotonic() + PATIENCE
    while alive(pid):
        if time.monotonic() > until:
            raise NetworkFailed(f"the supervisor {pid} does not end")
        time.sleep(_POLL)
    show("everything has ended")


def status(data: Data = DEFAULT) -> None:
    """What runs where."""
    show(tables.network(record.read(data.resolve())))


def _run(network: Network, started: Callable[[], None]) -> None:
    """Until the first signal; one that comes while things still start is an early end."""
    over = signals.first()
    try:
        network.start()
        started()
        show(tables.network(record.read(network.directory)))
        show("[dim]Ctrl-C ends it; the data stays. Logs are in[/]", str(network.directory / "logs"))
        over.wait()
    except signals.Ended:
        started()
    finally:
        signals.ignore()
        network.stop()


def _detached(data: Path, trace_ratio: float, *, tls: bool) -> dict[str, object]:
    """A supervisor of its own session, which outlives this terminal."""
    logs = data / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    paths = {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "gen")])}
    command = [sys.executable, "-m", "clients.cli", "up", "--data", str(data)]
    with (logs / "up.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--trace-ratio", str(trace_ratio), *(["--tls"] if tls else [])],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**os.environ, **paths},
            start_new_session=True,
        )
    while process.poll() is None:
        try:
            found = record.read(data)
        except NotRunning:
            found = {}
        if found.get("pid") == process.pid:
            return found
        time.sleep(_POLL)
    raise NetworkFailed((logs / "up.log").read_text().strip())
