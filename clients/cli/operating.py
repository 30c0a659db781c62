"""What commands of the person on call share: every service asked, lengths of time."""

from collections.abc import Awaitable, Callable, Iterable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from clients.cli.place import acting, run
from clients.network import NetworkFailed

if TYPE_CHECKING:
    from halcyon.operations.v1.operations_service_pb2_grpc import (
        OperationsServiceAsyncStub as Service,
    )

Told = TypeVar("Told")
Why = Annotated[str, typer.Option("--reason", help="Why: an incident number, no patient's name.")]
Clinic = Annotated[str | None, typer.Option("--clinic", help="A clinic's id.")]
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def of_every(
    data: Path,
    ask: "Callable[[Service], Awaitable[Iterable[Told]]]",
    services: Iterable[str] | None = None,
) -> list[tuple[str, Told]]:
    """What each service tells, or each of those named, with the service's name."""

    async def asking() -> list[tuple[str, Told]]:
        async with acting(data, "operator") as operator:
            return [
                (name, one)
                for name in services or operator.services
                for one in await ask(operator.operations(name))
            ]

    return run(asking())


def span(text: str) -> timedelta:
    """A length of time in one unit."""
    unit = _UNITS.get(text[-1:])
    if unit is None or not text[:-1].isdigit():
        raise NetworkFailed(f"{text} is no length of time: say 90s, 15m, 2h or 3d")
    return timedelta(**{unit: int(text[:-1])})
