"""What commands about money share: a clinic by its name, an amount as it is printed."""

import re
from typing import Annotated

import typer

from clients.cli.schedule import clinic_called
from clients.network import NetworkFailed
from clients.sdk import Halcyon
from halcyon.billing.v1.billing_pb2 import Money
from halcyon.scheduling.v1.scheduling_pb2 import Clinic

Named = Annotated[
    str, typer.Argument(metavar="CLINIC", help="The clinic's id, or a part of its name.")
]
Amount = Annotated[str, typer.Argument(metavar="AMOUNT", help="With cents, such as 120.50.")]
_PRINTED = re.compile(r"\d{1,12}\.\d{2}")


async def clinic(clerk: Halcyon, wanted: str) -> Clinic:
    """The clinic that is meant."""
    if found := await clinic_called(clerk, wanted):
        return found
    raise NetworkFailed(f"no clinic is called {wanted}")


def minor_units(words: str) -> int:
    """An amount as people write it; without its cents it could be either."""
    if not _PRINTED.fullmatch(words):
        raise typer.BadParameter(f"{words} is no amount with its cents, such as 120.50")
    return int(words.replace(".", ""))


def amount(words: str, like: Money) -> Money:
    """An amount in the currency of another one."""
    return Money(currency_code=like.currency_code, minor_units=minor_units(words))
