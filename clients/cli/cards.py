"""`halcyon billing card keep | list | charge | remove`: a card on file, and what it pays."""

from collections.abc import Sequence
from typing import Annotated

import typer

from clients import accounts, collecting
from clients.cli.billing import DESK, Referral
from clients.cli.packages import billing
from clients.cli.place import DEFAULT, Data, acting, run
from clients.cli.screen import show
from clients.cli.views import collecting as views
from halcyon.billing.v1.payment_pb2 import Card, Payment

app = typer.Typer(help="Cards on file: keep, list, charge, remove.", no_args_is_help=True)
billing.add_typer(app, name="card")
__all__ = ["billing"]


@app.command()
def keep(
    referral_id: Referral,
    token: Annotated[str, typer.Argument(help="What the gateway's page made of the card.")],
    consent: Annotated[str, typer.Option(help="The words agreed to, name and version.")],
    data: Data = DEFAULT,
) -> None:
    """Keep a card at the gateway, as the patient agreed; its number never comes here."""

    async def keeping() -> Card:
        async with acting(data, *DESK) as clerk:
            invoice = await accounts.invoice_of(clerk, referral_id)
            return await collecting.keep_card(clerk, invoice, token, consent)

    show(views.cards([run(keeping())]))


@app.command("list")
def list_(referral_id: Referral, data: Data = DEFAULT) -> None:
    """Show the cards of a referral's patient at its clinic."""

    async def reading() -> Sequence[Card]:
        async with acting(data, *DESK) as clerk:
            return await collecting.cards_of(clerk, await accounts.invoice_of(clerk, referral_id))

    show(views.cards(run(reading())))


@app.command()
def charge(
    referral_id: Referral,
    data: Data = DEFAULT,
    yes: Annotated[bool, typer.Option("--yes", help="Do it.")] = False,
) -> None:
    """Take what is due for a referral's series, fees with it, from the card on file."""
    if not yes:
        raise typer.BadParameter("a card is charged only with --yes")

    async def charging() -> Payment:
        async with acting(data, "cashier") as clerk:
            invoice = await accounts.invoice_of(clerk, referral_id)
            return await collecting.charge_balance(clerk, invoice)

    show(views.payments([run(charging())]))


@app.command()
def remove(
    card_id: Annotated[str, typer.Argument(help="The card's id, as `list` says it.")],
    data: Data = DEFAULT,
) -> None:
    """Take nothing from a card any more, and let the gateway forget it."""

    async def removing() -> Card:
        async with acting(data, *DESK) as clerk:
            return await collecting.remove_card(clerk, card_id)

    show(views.cards([run(removing())]))
